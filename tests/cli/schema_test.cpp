#include <doctest/doctest.h>
#include <castore/error.hpp>
#include <filesystem>

#include "run_cli.hpp"

using namespace castore;
using namespace castore::testing;

namespace {

/// The complaints of a schema about payloads that are `"bad"`, and about metadata that is.
void validate(const NewEventView& event) {
  const std::vector<SchemaViolation> violations{{"", "is not an object"}, {"/a", "is missing"}};
  if (event.payload == R"("bad")") throw SchemaViolationError("payload", violations);
  if (event.metadata == R"("bad")") throw SchemaViolationError("metadata", violations);
}

/// An application whose events of POKEMONS have a schema.
class Application : public Cli {
 public:
  Application() {
    registry.add(EventStoreDescription{"POKEMONS", {"LEVELED"}, {}, validate});
    registry.add(EventStoreDescription{"TRAINERS", {}, {}});
  }
};

const std::string violations = R"("violations":[{"pointer":"","message":"is not an object"},)"
                               R"({"pointer":"/a","message":"is missing"}])";

const std::string good_event =
    R"({"aggregateId":"a","version":1,"type":"LEVELED","payload":{},"metadata":{}})";

std::string bad_event(const std::string& member) {
  return R"({"aggregateId":"a","version":2,"type":"LEVELED",")" + member + R"(":"bad"})";
}

std::string in(const std::string& store, const std::string& event) {
  return "{\"eventStoreId\":\"" + store + "\",\"event\":" + event + "}\n";
}

std::string bad_line(const std::string& aggregate_id, Version version) {
  return stored_line(aggregate_id, version, R"("bad")");
}

}  // namespace

TEST_CASE("push-event refuses an event that its schema does") {
  const Application cli;
  for (const std::string member : {"payload", "metadata"}) {
    CAPTURE(member);
    const Finished refused = cli(
        {"push-event", "POKEMONS", "--event", bad_event(member), "--force", "--format", "json"});
    CHECK(refused.exit_code == 6);
    CHECK(refused.out.empty());
    CHECK(refused.err == R"({"error":{"code":"SchemaViolation","message":"Schema violation: )" +
                             member + " is not an object; " + member +
                             R"(/a is missing","path":")" + member + "\"," + violations + "}}\n");
  }
  CHECK_FALSE(cli.has_file());
  CHECK(cli({"push-event", "POKEMONS", "--event", good_event}).exit_code == 0);
  SUBCASE("unless it is not to be checked") {
    CHECK(
        cli({"push-event", "POKEMONS", "--event", bad_event("payload"), "--unchecked"}).exit_code ==
        0);
  }
  SUBCASE("but checks no store that has no schema") {
    CHECK(cli({"push-event", "TRAINERS", "--event", bad_event("payload"), "--allow-version-gaps"})
              .exit_code == 0);
  }
}

TEST_CASE("push-group writes nothing if a schema refuses one of its events") {
  const Application cli;
  const Finished refused = cli({"push-group", "--format", "json"},
                               in("TRAINERS", good_event) + in("POKEMONS", good_event) +
                                   in("POKEMONS", bad_event("payload")));
  CHECK(refused.exit_code == 6);
  CHECK(refused.err ==
        R"({"error":{"code":"SchemaViolation","message":"Line 3: Schema violation: payload is not )"
        R"(an object; payload/a is missing","path":"event.payload",)" +
            violations + ",\"line\":3}}\n");
  CHECK_FALSE(cli.has_file());
}

TEST_CASE("import writes nothing of a batch if a schema refuses one of its events") {
  const Application cli;
  const std::string lines = stored_line("a", 1) + stored_line("a", 2) + stored_line("a", 3) +
                            bad_line("a", 4) + stored_line("a", 5);
  const Finished refused = cli({"import", "--format", "json"}, lines);
  CHECK(refused.exit_code == 6);
  CHECK(refused.err.find(R"("path":"event.payload",)" + violations +
                         R"(,"line":4,"imported":0,"skipped":0,"committedLines":0}})") !=
        std::string::npos);
  CHECK_FALSE(cli.has_file());
  CHECK(cli({"import", "--batch", "2"}, lines).exit_code == 6);
  CHECK(cli({"import"}, stored_line("a", 1) + stored_line("a", 2)).out ==
        "imported 0, skipped 2\n");
}

TEST_CASE("replay into another file refuses what a schema does") {
  Application cli;
  const Cli plain;
  REQUIRE(plain({"import"}, stored_line("a", 1) + bad_line("a", 2)).exit_code == 0);
  const std::string into = (plain.directory() / "new.db").string();
  const auto replay = [&](const Cli& by) {
    return by({"--db", plain.file().string(), "replay", "--into", into, "--format", "json"});
  };
  const Finished refused = replay(cli);
  CHECK(refused.exit_code == 6);
  CHECK(refused.err.find(R"("path":"event.payload",)" + violations +
                         R"(,"position":2,"replayed":0,"skipped":0,"after":0}})") !=
        std::string::npos);
  CHECK(cli({"--db", into, "replay"}).out.empty());
  CHECK(replay(plain).exit_code == 0);
  SUBCASE("but prints what is stored") {
    CHECK(cli({"--db", plain.file().string(), "replay"}).exit_code == 0);
  }
}
