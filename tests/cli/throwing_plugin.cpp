/// \file
/// A plugin every function of which throws where it is told to, by the environment: WHERE names
/// the place. It throws what is no std::exception, or, with MUTE, one whose `what()` is null,
/// or, with FOREIGN or SCHEMA, an error of castore's.

#include <castore/castore.hpp>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace throwing {

struct Rejected {};

struct Mute : std::exception {
  [[nodiscard]] const char* what() const noexcept override { return nullptr; }
};

/// An error of castore's kind, and mute all the same.
struct MuteError : castore::Error {
  MuteError() : Error(castore::ErrorCode::malformed_event, "") {}
  [[nodiscard]] const char* what() const noexcept override { return nullptr; }
};

void may_throw(std::string_view place) {
  const char* const where = std::getenv("WHERE");
  if (where == nullptr || where != place) return;
  if (std::getenv("MUTE_ERROR") != nullptr) throw MuteError();
  if (std::getenv("MUTE") != nullptr) throw Mute();
  if (std::getenv("FOREIGN") != nullptr) throw castore::AggregateNotFoundError("RATES", "eur");
  if (std::getenv("SCHEMA") != nullptr) throw castore::InvalidSchemaError("of the plugin's");
  throw Rejected();
}

struct Up {
  static constexpr std::string_view type = "UP";
  struct Metadata {
    friend void to_json(nlohmann::json& json, const Metadata&) {
      may_throw("metadata.to_json");
      json = nlohmann::json::object();
    }
    friend void from_json(const nlohmann::json&, Metadata&) { may_throw("metadata.from_json"); }
  };
  static std::string_view payload_schema() {
    may_throw("schema");
    return "{}";
  }
  friend void to_json(nlohmann::json& json, const Up&) {
    may_throw("payload.to_json");
    json = nlohmann::json::object();
  }
  friend void from_json(const nlohmann::json&, Up&) { may_throw("payload.from_json"); }
};

struct Aggregate {
  std::string aggregate_id;
  castore::Version version = 0;
  friend void to_json(nlohmann::json& json, const Aggregate&) {
    may_throw("aggregate.to_json");
    json = nlohmann::json::object();
  }
};

struct Reducer {
  Aggregate operator()(Aggregate aggregate, const castore::Event<Up>&) const {
    may_throw("reducer");
    return aggregate;
  }
};

struct Input {
  std::string id;
  friend void from_json(const nlohmann::json& json, Input& input) {
    may_throw("input.from_json");
    json.at("id").get_to(input.id);
  }
  friend void to_json(nlohmann::json&, const Input&) {}
};

struct Output {
  friend void to_json(nlohmann::json& json, const Output&) {
    may_throw("output.to_json");
    json = nlohmann::json::object();
  }
  friend void from_json(const nlohmann::json&, Output&) {}
};

struct Schema final : castore::JsonSchema {
  [[nodiscard]] std::vector<castore::SchemaViolation> validate(std::string_view) const override {
    may_throw("validate");
    return {};
  }
};

struct Schemas final : castore::JsonSchemaCompiler {
  [[nodiscard]] std::shared_ptr<const castore::JsonSchema> compile(std::string_view) override {
    may_throw("compile");
    return std::make_shared<Schema>();
  }
};

using Store = castore::EventStore<Aggregate, Up>;

extern "C" void castore_register(castore::Registry& registry) {
  may_throw("register");
  const auto schemas = std::make_shared<Schemas>();
  const Store store("S", Reducer{}, nullptr,
                    {.schema_compiler = schemas, .validate_on_read = true});
  registry.add(store);
  registry.add(
      castore::Command("UP", castore::event_stores(store),
                       [](const Input& input, const castore::EventStores<Store>& stores) {
                         std::get<0>(stores).push_event(castore::NewEvent<Up>{
                             .aggregate_id = input.id, .version = 1, .metadata = Up::Metadata{}});
                         may_throw("handler");
                         return Output{};
                       },
                       {.input_schema = "{}", .schema_compiler = schemas}));
  registry.add(castore::EventStoreDescription{
      .event_store_id = "BY_HAND",
      .event_types = {},
      .make_fold = []() -> std::unique_ptr<castore::AggregateFold> {
        may_throw("make_fold");
        return nullptr;
      },
      .validate = [](const castore::NewEventView&) { may_throw("check"); }});
}

}  // namespace throwing
