#include <doctest/doctest.h>
#include <castore/event_store.hpp>
#include <castore/in_memory/event_storage_adapter.hpp>

#include <memory>
#include <string>
#include <vector>

#include "support/errors.hpp"

namespace castore::testing {
namespace {

/// Two violations for whatever has the word "bad" in it.
class NoBadWords final : public JsonSchema {
 public:
  [[nodiscard]] std::vector<SchemaViolation> validate(std::string_view json) const override {
    if (json.find("bad") == std::string_view::npos) return {};
    return {{"/text", "is bad"}, {"/a~1b", "too"}};
  }
};

class CountingSchemas final : public JsonSchemaCompiler {
 public:
  [[nodiscard]] std::shared_ptr<const JsonSchema> compile(std::string_view schema) override {
    compiled.emplace_back(schema);
    return std::make_shared<NoBadWords>();
  }
  std::vector<std::string> compiled;
};

struct Noted {
  static constexpr std::string_view type = "NOTED";
  std::string text;
  struct Metadata {
    std::string by;
    static constexpr auto fields = castore::fields("by", &Metadata::by);
  };
  static constexpr auto fields = castore::fields("text", &Noted::text);
  static std::string_view payload_schema() { return "payload schema"; }
  static std::string_view metadata_schema() { return "metadata schema"; }
};

struct Erased {
  static constexpr std::string_view type = "ERASED";
};

struct Note {
  std::string aggregate_id;
  Version version = 0;
  std::string text;
  static constexpr auto fields = castore::fields("aggregate_id", &Note::aggregate_id, "version",
                                                 &Note::version, "text", &Note::text);
};

struct NoteReducer {
  Note operator()(Note note, const Event<Noted>& event) const {
    note.text = event.payload.text;
    return note;
  }
  Note operator()(Note note, const Event<Erased>&) const { return note; }
};

using Notes = EventStore<Note, Noted, Erased>;

NewEvent<Noted> noted(Version version, std::string text) {
  return {.aggregate_id = "n", .version = version, .payload = {std::move(text)}};
}

TEST_CASE("a pushed payload that does not fit its schema is refused and nothing is stored") {
  const auto schemas = std::make_shared<CountingSchemas>();
  const auto adapter = std::make_shared<InMemoryEventStorageAdapter>();
  const Notes notes("NOTES", NoteReducer{}, adapter, {.schema_compiler = schemas});
  notes.push_event(noted(1, "good"));

  const auto error = thrown<SchemaViolationError>([&] { notes.push_event(noted(2, "bad")); });
  REQUIRE(error);
  CHECK(error->path() == "payload");
  CHECK(error->violations() == std::vector<SchemaViolation>{{"/text", "is bad"}, {"/a~1b", "too"}});
  CHECK(std::string(error->what()) == "Schema violation: payload/text is bad; payload/a~1b too");
  CHECK(notes.get_existing_aggregate("n").version == 1);

  SUBCASE("alone, in a group, and for metadata") {
    CHECK(code_of([&] { return notes.group_event(noted(2, "bad")); }) == "SchemaViolation");
    auto event = noted(2, "good");
    event.metadata = Noted::Metadata{"bad"};
    const auto of_metadata = thrown<SchemaViolationError>([&] { notes.push_event(event); });
    REQUIRE(of_metadata);
    CHECK(of_metadata->path() == "metadata");
    CHECK(notes.get_existing_aggregate("n").version == 1);
  }
  SUBCASE("an event type without schema is not checked") {
    notes.push_event(NewEvent<Erased>{.aggregate_id = "n", .version = 2});
    CHECK(notes.get_existing_aggregate("n").version == 2);
  }
}

TEST_CASE("each schema is compiled once however many events are checked") {
  const auto schemas = std::make_shared<CountingSchemas>();
  const Notes notes("NOTES", NoteReducer{}, std::make_shared<InMemoryEventStorageAdapter>(),
                    {.schema_compiler = schemas});
  const std::vector<Notes> copies{notes};
  for (Version version = 1; version <= 10; ++version) {
    copies.front().push_event(noted(version, "good"));
  }
  CHECK(schemas->compiled == std::vector<std::string>{"payload schema", "metadata schema"});
}

TEST_CASE("a schema without something to check it with is refused when the store is made") {
  const auto error = thrown<InvalidSchemaError>([] { Notes("NOTES", NoteReducer{}, nullptr); });
  REQUIRE(error);
  CHECK(std::string(error->what()).find("NOTED") != std::string::npos);
  CHECK(std::string(error->what()).find("schema_compiler") != std::string::npos);
}

TEST_CASE("where it is asked for what is read is checked too") {
  const auto adapter = std::make_shared<InMemoryEventStorageAdapter>();
  adapter->push_event(
      "NOTES", {.aggregate_id = "n", .version = 1, .type = "NOTED", .payload = R"({"text":"bad"})"},
      {});
  const auto schemas = std::make_shared<CountingSchemas>();
  const Notes trusting("NOTES", NoteReducer{}, adapter, {.schema_compiler = schemas});
  const Notes checking("NOTES", NoteReducer{}, adapter,
                       {.schema_compiler = schemas, .validate_on_read = true});

  CHECK(trusting.get_events("n").size() == 1);
  CHECK(trusting.get_existing_aggregate("n").text == "bad");
  CHECK(code_of([&] { return checking.get_events("n"); }) == "MalformedEvent");
  CHECK(code_of([&] { return checking.get_aggregate("n"); }) == "MalformedEvent");
  CHECK(code_of([&] {
          const auto fold = checking.describe().make_fold();
          adapter->for_each_event("NOTES", "n", {}, [&](const EventView& event) {
            fold->apply(event);
            return true;
          });
        }) == "MalformedEvent");
}

TEST_CASE("a described store checks events that tools push") {
  const Notes notes("NOTES", NoteReducer{}, nullptr,
                    {.schema_compiler = std::make_shared<CountingSchemas>()});
  const auto validate = notes.describe().validate;
  REQUIRE(validate);
  validate({.aggregate_id = "n", .version = 1, .type = "NOTED", .payload = R"({"text":""})"});
  validate({.aggregate_id = "n", .version = 1, .type = "ERASED", .payload = "\"bad\""});
  CHECK(code_of([&] {
          validate({.aggregate_id = "n", .version = 1, .type = "NOTED", .payload = "\"bad\""});
        }) == "SchemaViolation");
  SUBCASE("also one without the payload that the schema is for") {
    const auto error = thrown<SchemaViolationError>(
        [&] { validate({.aggregate_id = "n", .version = 1, .type = "NOTED"}); });
    REQUIRE(error);
    CHECK(error->violations() == std::vector<SchemaViolation>{{"", "is absent"}});
  }
}

}  // namespace
}  // namespace castore::testing
