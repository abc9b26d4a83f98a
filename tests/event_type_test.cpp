#include <doctest/doctest.h>
#include <castore/event_type.hpp>
#include <new>

#include "pokemon/pokemon.hpp"
#include "support/errors.hpp"
#include "support/events.hpp"

namespace castore::testing {
namespace {

using pokemon::PokemonAppeared;
using pokemon::PokemonLeveledUp;

/// Keeps a part of itself as the JSON it was given.
struct Imported {
  static constexpr std::string_view type = "IMPORTED";
  int line = 0;
  using Metadata = RawJson;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Imported, line)

/// Written in a way of its own: a bare number, absent for zero.
struct Counted {
  static constexpr std::string_view type = "COUNTED";
  int count = 0;
};

/// Has no JSON for odd numbers.
struct Even {
  static constexpr std::string_view type = "EVEN";
  int number = 0;
};
void to_json(nlohmann::json& json, const Even& even) {
  if (even.number % 2 != 0) throw std::domain_error("odd");
  json = even.number;
}
void from_json(const nlohmann::json& json, Even& even) { even.number = json.get<int>(); }

struct Mute : std::exception {
  [[nodiscard]] const char* what() const noexcept override { return nullptr; }
};

/// Throws an exception that says nothing, or none at all.
[[noreturn]] void throw_anything(bool exception) {
  if (exception) throw Mute();
  throw 42;
}

/// Neither written nor read.
struct Moody {
  bool exception = false;
};
void to_json(nlohmann::json&, const Moody& moody) { throw_anything(moody.exception); }
void from_json(const nlohmann::json& json, Moody&) { throw_anything(json.get<bool>()); }

struct OfMoody {
  static constexpr std::string_view type = "OF_MOODY";
  Moody moody;
  static constexpr auto fields = castore::fields("moody", &OfMoody::moody);
};

/// Has no memory to be written or read.
struct Hungry {};
[[noreturn]] void to_json(nlohmann::json&, const Hungry&) { throw std::bad_alloc(); }
[[noreturn]] void from_json(const nlohmann::json&, Hungry&) { throw std::bad_alloc(); }

struct OfHungry {
  static constexpr std::string_view type = "OF_HUNGRY";
  Hungry hungry;
  static constexpr auto fields = castore::fields("hungry", &OfHungry::hungry);
};

struct WithHungry {
  static constexpr std::string_view type = "WITH_HUNGRY";
  using Metadata = Hungry;
};

struct WithMoody {
  static constexpr std::string_view type = "WITH_MOODY";
  using Metadata = Moody;
};

}  // namespace
}  // namespace castore::testing

template <>
struct castore::JsonCodec<castore::testing::Counted> {
  static std::optional<std::string> encode(const castore::testing::Counted& value) {
    return value.count == 0 ? std::nullopt : std::optional(std::to_string(value.count));
  }
  static castore::testing::Counted decode(std::optional<std::string_view> json) {
    return {json ? std::stoi(std::string(*json)) : 0};
  }
};

namespace castore::testing {
namespace {

EventView view(std::string_view type, std::optional<std::string_view> payload,
               std::optional<std::string_view> metadata = std::nullopt) {
  return {.aggregate_id = "x",
          .version = 7,
          .type = type,
          .timestamp = at("2022-01-01T00:00:00.000Z"),
          .payload = payload,
          .metadata = metadata};
}

template <class P>
std::string reason_of(const EventView& event) {
  const auto error =
      thrown<MalformedEventError>([&] { static_cast<void>(decode<P>("STORE", event)); });
  if (!error) return "none";
  CHECK(error->event_store_id() == "STORE");
  CHECK(error->aggregate_id() == "x");
  CHECK(error->version() == 7);
  CHECK(error->type() == event.type);
  return error->what();
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

TEST_CASE("a payload is written and read by its JSON functions") {
  const PokemonAppeared payload{"Pikachu", 42};
  const EncodedEvent encoded = encode(payload, {});
  CHECK(encoded.payload == R"({"name":"Pikachu","level":42})");
  CHECK_FALSE(encoded.metadata);

  const auto event = decode<PokemonAppeared>("S", view("POKEMON_APPEARED", encoded.payload));
  CHECK(event.payload == payload);
  CHECK(event.aggregate_id == "x");
  CHECK(event.version == 7);
  CHECK(event.timestamp == at("2022-01-01T00:00:00.000Z"));
  CHECK(event.type() == "POKEMON_APPEARED");
  CHECK_FALSE(event.metadata);
}

TEST_CASE("metadata is written and read beside the payload") {
  const EncodedEvent encoded =
      encode(PokemonAppeared{}, std::optional(PokemonAppeared::Metadata{"random"}));
  CHECK(encoded.metadata == R"({"trigger":"random"})");
  const auto event =
      decode<PokemonAppeared>("S", view("POKEMON_APPEARED", encoded.payload, encoded.metadata));
  REQUIRE(event.metadata);
  CHECK(event.metadata->trigger == "random");
}

TEST_CASE("an empty struct has no payload") {
  CHECK_FALSE(encode(PokemonLeveledUp{}, {}).payload);
  CHECK(decode<PokemonLeveledUp>("S", view("POKEMON_LEVELED_UP", std::nullopt)).version == 7);
  SUBCASE("and does not mind one that is stored") {
    CHECK(decode<PokemonLeveledUp>("S", view("POKEMON_LEVELED_UP", "{\"old\":1}")).version == 7);
  }
}

TEST_CASE("metadata of a payload that declares none is not read") {
  const auto event = decode<PokemonLeveledUp>("S", view("POKEMON_LEVELED_UP", "{}", "[1]"));
  CHECK_FALSE(event.metadata);
}

TEST_CASE("raw JSON passes as its text") {
  const std::string text = R"({ "b" : 1.10, "a" : 12345678901234567890 })";
  const EncodedEvent encoded = encode(Imported{3}, std::optional(RawJson{text}));
  CHECK(encoded.metadata == text);
  const auto event = decode<Imported>("S", view("IMPORTED", encoded.payload, encoded.metadata));
  CHECK(event.metadata == RawJson{text});
}

TEST_CASE("other payloads carry type and text of any event") {
  const auto event = decode<OtherPayload>("S", view("UNHEARD_OF", "[1.10]", "null"));
  CHECK(event.type() == "UNHEARD_OF");
  CHECK(event.payload == OtherPayload{"UNHEARD_OF", "[1.10]"});
  CHECK(event.metadata == RawJson{"null"});
  CHECK(encode(event.payload, event.metadata).payload == "[1.10]");
  CHECK(encode(event.payload, event.metadata).metadata == "null");

  const auto bare = decode<OtherPayload>("S", view("UNHEARD_OF", std::nullopt));
  CHECK_FALSE(bare.payload.json);
  CHECK_FALSE(bare.metadata);
  CHECK_FALSE(encode(bare.payload, bare.metadata).payload);
}

TEST_CASE("a codec of the application's own takes the place of JSON functions") {
  CHECK(encode(Counted{5}, {}).payload == "5");
  CHECK_FALSE(encode(Counted{0}, {}).payload);
  CHECK(decode<Counted>("S", view("COUNTED", "5")).payload.count == 5);
  CHECK(decode<Counted>("S", view("COUNTED", std::nullopt)).payload.count == 0);
  CHECK(contains(reason_of<Counted>(view("COUNTED", "\"five\"")), "payload cannot be read"));
}

TEST_CASE("a payload that does not fit its type is malformed") {
  CHECK(contains(reason_of<PokemonAppeared>(view("POKEMON_APPEARED", std::nullopt)),
                 "payload cannot be read"));
  CHECK(contains(reason_of<PokemonAppeared>(view("POKEMON_APPEARED", "null")),
                 "payload cannot be read"));
  CHECK(
      contains(reason_of<PokemonAppeared>(view("POKEMON_APPEARED", "{\"name\":\"x\"}")), "level"));
  CHECK(contains(reason_of<PokemonAppeared>(view("POKEMON_APPEARED", R"({"name":1,"level":1})")),
                 "payload/name cannot be read: expected a string, found 1"));
  CHECK(contains(reason_of<PokemonAppeared>(view("POKEMON_APPEARED", "{")),
                 "payload cannot be read"));
}

TEST_CASE("metadata that does not fit its type is malformed") {
  CHECK(contains(reason_of<PokemonAppeared>(
                     view("POKEMON_APPEARED", R"({"name":"","level":1})", R"({"trigger":1})")),
                 "metadata/trigger cannot be read: expected a string, found 1"));
}

TEST_CASE("an event that is decoded over another keeps nothing of it") {
  std::optional<Event<PokemonAppeared>> event;
  decode("S", view("POKEMON_APPEARED", R"({"name":"Pikachu","level":42})", R"({"trigger":"x"})"),
         event);
  decode("S", view("POKEMON_APPEARED", R"({"level":1,"name":""})", "{}"), event);
  CHECK(event->payload == PokemonAppeared{"", 1});
  CHECK(event->metadata == PokemonAppeared::Metadata{});
  decode("S", view("POKEMON_APPEARED", R"({"level":1,"name":""})"), event);
  CHECK_FALSE(event->metadata);
}

TEST_CASE("a payload that cannot be written is an invalid event") {
  CHECK(decode<Even>("S", view("EVEN", encode(Even{4}, {}).payload)).payload.number == 4);
  const auto odd = thrown<InvalidEventError>([] { static_cast<void>(encode(Even{3}, {})); });
  REQUIRE(odd);
  CHECK(odd->path() == "payload");
  CHECK(contains(odd->what(), "odd"));

  const auto not_utf8 = thrown<InvalidEventError>([] {
    static_cast<void>(encode(PokemonAppeared{"\xFF", 1}, {}));
  });
  REQUIRE(not_utf8);
  CHECK(not_utf8->path() == "payload");

  const auto metadata = thrown<InvalidEventError>([] {
    static_cast<void>(encode(PokemonAppeared{}, std::optional(PokemonAppeared::Metadata{"\xFF"})));
  });
  REQUIRE(metadata);
  CHECK(metadata->path() == "metadata");
}

TEST_CASE("whatever JSON functions throw is an error of the event") {
  const std::string unknown = "an exception of unknown type";
  for (const bool exception : {false, true}) {
    CAPTURE(exception);
    const auto payload =
        thrown<InvalidEventError>([&] { static_cast<void>(encode(OfMoody{{exception}}, {})); });
    REQUIRE(payload);
    CHECK(payload->path() == "payload");
    CHECK(payload->what() == "Invalid event: payload/moody cannot be written: " + unknown);
    const auto metadata = thrown<InvalidEventError>(
        [&] { static_cast<void>(encode(WithMoody{}, std::optional(Moody{exception}))); });
    REQUIRE(metadata);
    CHECK(metadata->path() == "metadata");

    const std::string json = exception ? "true" : "false";
    const std::string object = "{\"moody\":" + json + "}";
    CHECK(reason_of<OfMoody>(view("OF_MOODY", object))
              .ends_with("payload/moody cannot be read: " + unknown));
    CHECK(reason_of<WithMoody>(view("WITH_MOODY", std::nullopt, json))
              .ends_with("metadata cannot be read: " + unknown));
    const auto unreadable = thrown<InvalidEventError>([&] {
      check_readable<OfMoody>({.aggregate_id = "x", .version = 1, .type = "", .payload = object});
    });
    REQUIRE(unreadable);
    CHECK(unreadable->what() == "Invalid event: payload/moody cannot be read: " + unknown);
  }
}

TEST_CASE("short memory is no error of the event") {
  const std::string object = R"({"hungry":null})";
  const auto to_check = [&](std::optional<std::string_view> metadata) {
    return NewEventView{
        .aggregate_id = "x", .version = 1, .type = "", .payload = object, .metadata = metadata};
  };
  CHECK_THROWS_AS(static_cast<void>(encode(OfHungry{}, {})), std::bad_alloc);
  CHECK_THROWS_AS(static_cast<void>(encode(WithHungry{}, std::optional(Hungry{}))), std::bad_alloc);
  CHECK_THROWS_AS(static_cast<void>(decode<OfHungry>("STORE", view("OF_HUNGRY", object))),
                  std::bad_alloc);
  CHECK_THROWS_AS(
      static_cast<void>(decode<WithHungry>("STORE", view("WITH_HUNGRY", std::nullopt, "null"))),
      std::bad_alloc);
  CHECK_THROWS_AS(check_readable<OfHungry>(to_check(std::nullopt)), std::bad_alloc);
  CHECK_THROWS_AS(check_readable<WithHungry>(to_check("null")), std::bad_alloc);
}

TEST_CASE("a stored event becomes one to be pushed again with its own timestamp") {
  const auto event = decode<PokemonAppeared>(
      "S", view("POKEMON_APPEARED", R"({"name":"Pikachu","level":42})", R"({"trigger":"x"})"));
  const NewEvent<PokemonAppeared> again = to_new_event(event);
  CHECK(again.aggregate_id == event.aggregate_id);
  CHECK(again.version == event.version);
  CHECK(again.timestamp == event.timestamp);
  CHECK(again.payload == event.payload);
  CHECK(again.metadata == event.metadata);
  CHECK(again.type() == "POKEMON_APPEARED");
}

}  // namespace
}  // namespace castore::testing
