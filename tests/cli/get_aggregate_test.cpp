#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <pokemon/pokemon.hpp>
#include <stdexcept>

#include "run_cli.hpp"

using namespace castore;
using namespace castore::testing;

namespace {

void fill(const Cli& cli) {
  cli.push("POKEMONS", appeared);
  cli.push("POKEMONS", caught);
  cli.push("POKEMONS", leveled_up);
}

constexpr auto no_reducer =
    "castore-cli: note: no reducer was given for event store POKEMONS: "
    "this is the payloads merged in order\n";

std::string merged(const std::vector<std::string>& payloads) {
  const Cli cli;
  Version version = 0;
  for (const std::string& payload : payloads) cli.import(stored_line("a", ++version, payload));
  return cli({"get-aggregate", "POKEMONS", "a", "--format", "json"}).out;
}

/// JSON with few names, so that patches meet each other.
nlohmann::ordered_json any_json(int depth) {
  const auto name = [] { return std::string(1, *rc::gen::inRange('a', 'e')); };
  nlohmann::ordered_json json;
  switch (*rc::gen::inRange(depth > 0 ? 0 : 2, 6)) {
    case 0:
    case 1:
      json = nlohmann::ordered_json::object();
      for (int i = *rc::gen::inRange(0, 5); i > 0; --i) json[name()] = any_json(depth - 1);
      return json;
    case 2:
      return nullptr;
    case 3:
      return *rc::gen::inRange(-9, 10);
    case 4:
      json = nlohmann::ordered_json::array();
      for (int i = *rc::gen::inRange(0, 3); i > 0; --i) json.push_back(any_json(depth - 1));
      return json;
    default:
      return " " + name() + "{\"";
  }
}

/// Of `levels` objects in each other, around `inner`.
std::string nested_objects(int levels, const std::string& inner) {
  std::string json;
  for (int i = 0; i < levels; ++i) json += R"({"a":)";
  return json + inner + std::string(static_cast<std::size_t>(levels), '}');
}

class ThrowingFold : public AggregateFold {
 public:
  void apply(const EventView& event) override {
    if (event.aggregate_id == "odd") throw 42;
    throw std::runtime_error("no idea");
  }
  [[nodiscard]] std::optional<std::string> json() const override { return std::nullopt; }
};

class BrokenJsonFold : public AggregateFold {
 public:
  void apply(const EventView&) override {}
  [[nodiscard]] std::optional<std::string> json() const override { return R"({"a":1}})"; }
};

}  // namespace

TEST_CASE("get-aggregate shows the aggregate as the application's reducer makes it") {
  Cli cli;
  cli.registry.add(pokemon::make_pokemons());
  fill(cli);
  const Finished aggregate = cli({"get-aggregate", "POKEMONS", "pikachu", "--format", "json"});
  CHECK(aggregate.exit_code == 0);
  CHECK(aggregate.err.empty());
  CHECK(aggregate.out == R"({"aggregate":{"aggregateId":"pikachu","level":43,"name":"Pikachu",)"
                         R"("trainer_id":"ash","version":3}})"
                         "\n");
  SUBCASE("at a version") {
    const Finished before =
        cli({"get-aggregate", "POKEMONS", "pikachu", "--max-version", "2", "--format", "jsonl"});
    CHECK(before.out == R"({"aggregate":{"aggregateId":"pikachu","level":42,"name":"Pikachu",)"
                        R"("trainer_id":"ash","version":2}})"
                        "\n");
  }
  SUBCASE("at a time") {
    const Finished before = cli({"get-aggregate", "POKEMONS", "pikachu", "--at",
                                 "2022-01-02T01:00:00+01:00", "--format", "json"});
    CHECK(before.out == R"({"aggregate":{"aggregateId":"pikachu","level":42,"name":"Pikachu",)"
                        R"("trainer_id":"ash","version":2}})"
                        "\n");
  }
}

TEST_CASE("without a reducer the payloads are merged and standard error says so") {
  const Cli cli;
  fill(cli);
  const Finished text = cli({"get-aggregate", "POKEMONS", "pikachu"});
  CHECK(text.exit_code == 0);
  CHECK(text.err == no_reducer);
  CHECK(text.out ==
        "{\n"
        "  \"aggregateId\": \"pikachu\",\n"
        "  \"version\": 3,\n"
        "  \"name\": \"Pikachu\",\n"
        "  \"level\": 42,\n"
        "  \"trainer_id\": \"ash\"\n"
        "}\n");
  const Finished json = cli({"get-aggregate", "POKEMONS", "pikachu", "--format", "json"});
  CHECK(json.out == R"({"aggregate":{"aggregateId":"pikachu","version":3,"name":"Pikachu",)"
                    R"("level":42,"trainer_id":"ash"}})"
                    "\n");
  CHECK(json.err ==
        R"({"note":{"code":"NoReducer","message":"no reducer was given for event store POKEMONS: )"
        R"(this is the payloads merged in order","eventStoreId":"POKEMONS"}})"
        "\n");
}

TEST_CASE("get-aggregate prints the events too where they are asked for") {
  const Cli cli;
  fill(cli);
  const Finished json = cli({"get-aggregate", "POKEMONS", "pikachu", "--with-events",
                             "--max-version", "1", "--format", "json"});
  CHECK(json.out ==
        R"({"aggregate":{"aggregateId":"pikachu","version":1,"name":"Pikachu","level":42},)"
        R"("events":[)" +
            std::string(appeared) + "]}\n");
  const Finished text =
      cli({"get-aggregate", "POKEMONS", "pikachu", "--with-events", "--max-version", "1"});
  CHECK(text.out.ends_with(
      "}\n1\t2022-01-01T00:00:00.000Z\tPOKEMON_APPEARED\t{\"name\":\"Pikachu\",\"level\":42}\n"));
}

TEST_CASE("payloads are merged by RFC 7396") {
  const std::string head = R"({"aggregate":{"aggregateId":"a","version":)";
  CHECK(
      merged({R"({"a":{"b":1,"c":2},"d":[1]})", R"({"a":{"b":null,"e":{"f":null}},"d":[2, 3]})"}) ==
      head + "2,\"a\":{\"c\":2,\"e\":{}},\"d\":[2,3]}}\n");
  CHECK(merged({R"({"a":{"b":1}})", R"({"a":"text"})"}) == head + "2,\"a\":\"text\"}}\n");
  CHECK(merged({R"({"a":"text"})", R"({"a":{"b":1}})"}) == head + "2,\"a\":{\"b\":1}}}\n");
  CHECK(merged({R"({"a":1})", R"({"a":null})"}) == head + "2}}\n");
  CHECK(merged({R"({"a":1})", R"({"\u0061":2})"}) == head + "2,\"a\":2}}\n");
  SUBCASE("and no number is rounded") {
    CHECK(merged({R"({"a":12345678901234567890123,"b":1.10})"}) ==
          head + "1,\"a\":12345678901234567890123,\"b\":1.10}}\n");
  }
  SUBCASE("and strings may look like anything") {
    CHECK(merged({R"({"a":"}]\"{","b":["}"],"":{}})"}) ==
          head + R"(1,"a":"}]\"{","b":["}"],"":{}}})" + "\n");
  }
}

TEST_CASE("any payloads are merged as nlohmann_json merges them") {
  const Cli cli;
  int count = 0;
  const bool holds = rc::check([&] {
    const std::string id = std::to_string(++count);
    nlohmann::ordered_json expected = {{"aggregateId", id}, {"version", 0}};
    std::string lines;
    for (Version version = 1; version <= 4; ++version) {
      nlohmann::ordered_json patch = nlohmann::ordered_json::object();
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
        patch[std::string(1, *rc::gen::inRange('a', 'e'))] = any_json(4);
      }
      lines += stored_line(id, version, patch.dump(1));
      patch["version"] = version;
      expected.merge_patch(patch);
    }
    cli.import(lines);
    const std::string aggregate = expected.dump();
    RC_ASSERT(cli({"get-aggregate", "POKEMONS", id, "--format", "json"}).out ==
              "{\"aggregate\":" + aggregate + "}\n");
    RC_ASSERT(cli({"get-aggregate", "POKEMONS", id}).out == expected.dump(2) + "\n");
  });
  CHECK(holds);
}

TEST_CASE("a name that is twice in a payload counts as two patches") {
  const std::string head = R"({"aggregate":{"aggregateId":"a","version":1)";
  CHECK(merged({R"({"a":1,"b":2,"a":3})"}) == head + R"(,"a":3,"b":2}})" + "\n");
  CHECK(merged({R"({"a":1,"a":null})"}) == head + "}}\n");
  CHECK(merged({R"({"a":null,"a":1})"}) == head + R"(,"a":1}})" + "\n");
  CHECK(merged({R"({"a":{"b":1},"a":{"c":2}})"}) == head + R"(,"a":{"b":1,"c":2}}})" + "\n");
  CHECK(merged({R"({"a":{"b":1},"a":[ ],"a":{"c":2}})"}) == head + R"(,"a":{"c":2}}})" + "\n");
}

TEST_CASE("payloads are merged and printed as deep as payloads may nest") {
  const Cli cli;
  cli.import(stored_line("a", 1, nested_objects(512, "1")) +
             stored_line("a", 2, nested_objects(510, R"({"b":[2]})")));
  const std::string both = nested_objects(510, R"({"a":{"a":1},"b":[2]})");
  CHECK(cli({"get-aggregate", "POKEMONS", "a", "--format", "json"}).out ==
        R"({"aggregate":{"aggregateId":"a","version":2,)" + both.substr(1) + "}\n");
  const std::string text = cli({"get-aggregate", "POKEMONS", "a"}).out;
  CHECK(nlohmann::json::parse(text).size() == 3);
  CHECK(text.find('\n' + std::string(1022, ' ') + "\"b\": [\n") != std::string::npos);
}

TEST_CASE("many members are merged in a time that grows with their number") {
  const auto time_for = [](int members) {
    const Cli cli;
    std::string payload = "{";
    for (int i = 0; i < members; ++i) {
      payload += (i == 0 ? "\"member" : ",\"member") + std::to_string(i) + "\":{}";
    }
    cli.import(stored_line("a", 1, payload + "}"));
    const auto start = std::chrono::steady_clock::now();
    const std::string json = cli({"get-aggregate", "POKEMONS", "a", "--format", "json"}).out;
    const auto time = std::chrono::steady_clock::now() - start;
    CHECK(json.ends_with(",\"member" + std::to_string(members - 1) + "\":{}}}\n"));
    return time;
  };
  CHECK(time_for(100000) < 30 * time_for(10000));  // linear: 10 times; quadratic: 100 times
}

TEST_CASE("what is merged stays right while most of it is replaced") {
  const Cli cli;
  std::string lines;
  const std::string large(1000, 'x');
  for (Version version = 1; version <= 500; ++version) {
    const std::string number = std::to_string(version);
    lines += stored_line("a", version,
                         R"({"text":")" + large + number + R"(","lists":{"all":[ )" + number +
                             R"(, " "],"of)" + std::to_string(version % 7) + R"(":{"is":)" +
                             number + R"(}},"gone)" + number + R"(":{"a":{"b":")" + large +
                             R"("}},"gone)" + std::to_string(version - 1) + "\":null}");
  }
  cli.import(lines);
  CHECK(cli({"get-aggregate", "POKEMONS", "a", "--format", "json"}).out ==
        R"({"aggregate":{"aggregateId":"a","version":500,"text":")" + large +
            R"(500","lists":{"all":[500," "],"of1":{"is":498},"of2":{"is":499},)" +
            R"("of3":{"is":500},"of4":{"is":494},"of5":{"is":495},"of6":{"is":496},)" +
            R"("of0":{"is":497}},"gone500":{"a":{"b":")" + large + "\"}}}}\n");
}

TEST_CASE("members of payloads never stand for the aggregate's own id and version") {
  const Cli cli;
  cli.import(stored_line("a", 1, R"({"version":"1.0","name":"x","aggregateId":{"of":"b"}})") +
             stored_line("a", 2, R"({"version":"1.1","aggregateId":{"at":2},"size":1})") +
             stored_line("a", 3, R"({"a":{"version":7}})"));
  const Finished shown = cli({"get-aggregate", "POKEMONS", "a", "--format", "json"});
  CHECK(shown.out ==
        R"({"aggregate":{"aggregateId":"a","version":3,"name":"x","size":1,"a":{"version":7},)"
        R"("payloadMembers":{"version":"1.1","aggregateId":{"of":"b","at":2}}}})"
        "\n");
  CHECK(shown.err.ends_with(
      "\n"
      R"({"note":{"code":"MemberShownApart","message":"the payloads have members of names that )"
      R"(are the aggregate's own: version, aggregateId; they are shown inside payloadMembers",)"
      R"("eventStoreId":"POKEMONS","aggregateId":"a","members":"version, aggregateId"}})"
      "\n"));
  CHECK(std::count(shown.err.begin(), shown.err.end(), '\n') == 2);
  SUBCASE("nor one for what is shown apart") {
    cli.import(stored_line("b", 1, R"({"payload\u004dembers":{"version":8}})") +
               stored_line("b", 2, R"({"version":9})"));
    CHECK(cli({"get-aggregate", "POKEMONS", "b", "--format", "json"}).out ==
          R"({"aggregate":{"aggregateId":"b","version":2,)"
          R"("payloadMembers":{"payloadMembers":{"version":8},"version":9}}})"
          "\n");
  }
  SUBCASE("and nothing is said of those that are removed again") {
    cli.import(stored_line("c", 1, R"({"version":8})") +
               stored_line("c", 2, R"({"version":null})"));
    const Finished removed = cli({"get-aggregate", "POKEMONS", "c"});
    CHECK(removed.out == "{\n  \"aggregateId\": \"c\",\n  \"version\": 2\n}\n");
    CHECK(removed.err == no_reducer);
  }
}

TEST_CASE("a payload that is no object is left out of the merge with a note") {
  const Cli cli;
  cli.import(stored_line("a", 1, "[1]") + stored_line("a", 2, R"({"b":2})"));
  const Finished aggregate = cli({"get-aggregate", "POKEMONS", "a", "--format", "json"});
  CHECK(aggregate.out == R"({"aggregate":{"aggregateId":"a","version":2,"b":2}})"
                         "\n");
  CHECK(aggregate.err.ends_with(
      R"({"note":{"code":"NotMerged","message":"version 1 is left out: its payload is no object, )"
      R"(and cannot be merged","version":1}})"
      "\n"));
}

TEST_CASE("text shows any JSON indented") {
  const Cli cli;
  cli.import(stored_line("a", 1, R"({"o":{},"l":[],"n":[1,{"s":"a: {\"[,"}]})"));
  CHECK(cli({"get-aggregate", "POKEMONS", "a"}).out ==
        "{\n"
        "  \"aggregateId\": \"a\",\n"
        "  \"version\": 1,\n"
        "  \"o\": {},\n"
        "  \"l\": [],\n"
        "  \"n\": [\n"
        "    1,\n"
        "    {\n"
        "      \"s\": \"a: {\\\"[,\"\n"
        "    }\n"
        "  ]\n"
        "}\n");
}

TEST_CASE("an aggregate that is not there is not found") {
  const Cli cli;
  fill(cli);
  const Finished missing = cli({"get-aggregate", "POKEMONS", "mew", "--format", "json"});
  CHECK(missing.exit_code == 3);
  CHECK(missing.out.empty());
  CHECK(missing.err ==
        R"({"error":{"code":"AggregateNotFound","message":"Unable to find aggregate mew in event )"
        R"(store POKEMONS.","eventStoreId":"POKEMONS","aggregateId":"mew"}})"
        "\n");
  SUBCASE("at a time neither") {
    CHECK(cli({"get-aggregate", "POKEMONS", "mew", "--at", "2021-12-31", "--format", "json"}).err ==
          missing.err);
  }
}

TEST_CASE("of an aggregate that did not exist yet the error says when it began") {
  Cli cli;
  fill(cli);
  const std::vector<std::vector<std::string>> too_early = {
      {"--at", "2021-12-31T23:59:59.999999Z"}, {"--at", "2021-12-31"}, {"--max-version", "0"}};
  for (const bool with_reducer : {false, true}) {
    if (with_reducer) cli.registry.add(pokemon::make_pokemons());
    for (auto arguments : too_early) {
      CAPTURE(arguments.back());
      arguments.insert(arguments.begin(), {"get-aggregate", "POKEMONS", "pikachu"});
      CHECK(cli(arguments).err ==
            "castore-cli: Unable to find aggregate pikachu in event store POKEMONS. It did not "
            "exist yet: its first event is of 2022-01-01T00:00:00.000Z, version 1\n");
      arguments.insert(arguments.end(), {"--format", "json"});
      const Finished missing = cli(arguments);
      CHECK(missing.exit_code == 3);
      CHECK(missing.out.empty());
      CHECK(missing.err.starts_with(R"({"error":{"code":"AggregateNotFound",)"));
      CHECK(
          missing.err.ends_with(R"("eventStoreId":"POKEMONS","aggregateId":"pikachu",)"
                                R"("firstTimestamp":"2022-01-01T00:00:00.000Z","firstVersion":1}})"
                                "\n"));
    }
  }
}

TEST_CASE("get-aggregate takes a version or a time but not both") {
  const Cli cli;
  fill(cli);
  const Finished both = cli({"get-aggregate", "POKEMONS", "pikachu", "--max-version", "1", "--at",
                             "2022-01-01T00:00:00Z", "--format", "json"});
  CHECK(both.exit_code == 2);
  CHECK(both.err.starts_with(R"({"error":{"code":"Usage","message":)"));
  CHECK(cli({"get-aggregate", "POKEMONS", "pikachu", "--at", "yesterday"}).exit_code == 6);
}

TEST_CASE("an event that the reducer cannot read is the data's fault") {
  Cli cli;
  cli.push("POKEMONS", R"({"aggregateId":"a","version":1,"type":"FROM_THE_FUTURE"})");
  cli.registry.add(pokemon::make_pokemons());
  const Finished unknown = cli({"get-aggregate", "POKEMONS", "a", "--format", "json"});
  CHECK(unknown.exit_code == 1);
  CHECK(unknown.err.starts_with(R"({"error":{"code":"MalformedEvent","message":)"));
  CHECK(unknown.err.ends_with(
      R"("eventStoreId":"POKEMONS","aggregateId":"a","version":1,"type":"FROM_THE_FUTURE"}})"
      "\n"));
}

TEST_CASE("a reducer that throws is named") {
  Cli cli;
  cli.registry.add(
      EventStoreDescription{"POKEMONS", {}, [] { return std::make_unique<ThrowingFold>(); }});
  fill(cli);
  const Finished thrown = cli({"get-aggregate", "POKEMONS", "pikachu", "--format", "json"});
  CHECK(thrown.exit_code == 1);
  CHECK(thrown.err ==
        R"({"error":{"code":"Plugin","message":"The reducer of event store POKEMONS failed at )"
        R"(aggregate pikachu: no idea","eventStoreId":"POKEMONS","aggregateId":"pikachu"}})"
        "\n");
  cli.import(stored_line("odd", 1));
  CHECK(cli({"get-aggregate", "POKEMONS", "odd"}).err ==
        "castore-cli: The reducer of event store POKEMONS failed at aggregate odd: an exception of "
        "unknown type\n");
}

TEST_CASE("an aggregate of a reducer that is no JSON is not printed") {
  Cli cli;
  cli.registry.add(
      EventStoreDescription{"POKEMONS", {}, [] { return std::make_unique<BrokenJsonFold>(); }});
  fill(cli);
  for (const std::string format : {"text", "json", "jsonl"}) {
    const Finished broken = cli({"get-aggregate", "POKEMONS", "pikachu", "--format", format});
    CHECK(broken.exit_code == 1);
    CHECK(broken.out.empty());
    CHECK(broken.err.find("The reducer of event store POKEMONS made an aggregate that is not "
                          "valid JSON at byte ") != std::string::npos);
  }
}

TEST_CASE("an application that gives no reducer is at fault") {
  Cli cli;
  fill(cli);
  SUBCASE("by a function that answers none") {
    cli.registry.add(
        EventStoreDescription{"POKEMONS", {}, [] { return std::unique_ptr<AggregateFold>(); }});
  }
  SUBCASE("or by no function") { cli.registry.add(EventStoreDescription{"POKEMONS", {}, {}}); }
  const Finished none = cli({"get-aggregate", "POKEMONS", "pikachu", "--format", "json"});
  CHECK(none.exit_code == 1);
  CHECK(none.err ==
        R"({"error":{"code":"Plugin","message":"The application gives no reducer for event store )"
        R"(POKEMONS","eventStoreId":"POKEMONS","aggregateId":"pikachu"}})"
        "\n");
}
