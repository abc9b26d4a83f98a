#include <doctest/doctest.h>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "shell.hpp"

using castore::testing::Finished;
using castore::testing::Shell;

namespace {

const std::string accounts = std::string(" --plugin ") + CASTORE_ACCOUNTS_PLUGIN + " ";
const std::string tickets = std::string(" --plugin ") + CASTORE_TICKETS_PLUGIN + " ";

/// castore-cli with the plugin that throws at `place`.
/// \param how  what it throws, for its environment
std::string throwing(const std::string& place, const std::string& how = {}) {
  return "WHERE=" + place + " " + how + " $cli --format json --plugin " + CASTORE_THROWING_PLUGIN +
         " ";
}

/// Pushes version 2 of the aggregate a. \param event  its type and what follows
Finished push_second(const Shell& shell, const std::string& cli, const std::string& event_store_id,
                     const std::string& event) {
  return shell(cli + "push-event " + event_store_id +
               " --event '{\"aggregateId\":\"a\",\"version\":2,\"type\":" + event + "}'");
}

bool contains(const Finished& finished, std::string_view text) {
  return finished.err.find(text) != std::string::npos;
}

const std::string up =
    R"('{"aggregateId":"a","version":1,"type":"UP","payload":{},"metadata":{}}')";
const std::string push = "push-event S --event " + up;
const std::string run_up = R"(run-command UP '{"id":"b"}')";

/// Of an import.
const std::string line =
    R"({"eventStoreId":"BY_HAND","event":{"aggregateId":"b","version":1,"type":"UP",)"
    R"("timestamp":"2022-01-01T00:00:00Z"}})";

}  // namespace

TEST_CASE("plugins whose types have the same names do not see each other's") {
  for (const std::string& plugins : {accounts + tickets, tickets + accounts}) {
    CAPTURE(plugins);
    const Shell shell;
    const std::string cli = "$cli --format json" + plugins;
    const auto push_event = [&](const std::string& event_store_id, const std::string& event) {
      return push_second(shell, cli, event_store_id, event);
    };
    CHECK(shell(cli + R"(run-command OPEN_ACCOUNT '{"id":"a","balance":5}')").out ==
          "{\"balance\":5}\n");
    CHECK(shell(cli + R"(run-command OPEN_TICKET '{"id":"a","title":"Lost"}')").out ==
          "{\"title\":\"Lost\",\"notes\":2}\n");
    CHECK(contains(shell(cli + R"(run-command OPEN_ACCOUNT '{"id":"a","title":"Lost"}')"),
                   "/balance cannot be read: it is missing"));
    CHECK(contains(shell(cli + R"(run-command OPEN_TICKET '{"id":"a","balance":5}')"),
                   "/title cannot be read: it is missing"));
    CHECK(contains(shell(cli + R"(run-command OPEN_ACCOUNT '{"id":"","balance":5}')"),
                   "Command OPEN_ACCOUNT failed: there is no such account\""));
    CHECK(contains(shell(cli + R"(run-command OPEN_TICKET '{"id":"","title":"Lost"}')"),
                   "Command OPEN_TICKET failed: there is no such ticket\""));

    CHECK(contains(push_event("ACCOUNTS", R"("ACCOUNT_OPENED","payload":{"title":"a"})"),
                   "has no balance"));
    CHECK(contains(push_event("TICKETS", R"("TICKET_OPENED","payload":{"balance":1})"),
                   "has no title"));
    CHECK(contains(push_event("ACCOUNTS", R"("ACCOUNT_OPENED","payload":{"balance":1})"),
                   R"("path":"payload","pointer":"/notes")"));
    CHECK(contains(
        push_event("TICKETS", R"("TICKET_OPENED","payload":{"title":"","notes":[{"text":1}]})"),
        R"("path":"payload","pointer":"/notes/0/text")"));
    CHECK(contains(push_event("ACCOUNTS", R"("TICKET_CLOSED")"), "is unknown to event store"));
    CHECK(contains(push_event("TICKETS", R"("ACCOUNT_CLOSED")"), "is unknown to event store"));
    CHECK(contains(push_event("ACCOUNTS", R"("OWNER_CHANGED","payload":{"owner":{"team":""}})"),
                   R"("path":"payload","pointer":"/owner/number")"));
    CHECK(contains(push_event("TICKETS", R"("OWNER_CHANGED","payload":{"owner":{"number":1}})"),
                   R"("path":"payload","pointer":"/owner/team")"));
    CHECK(contains(
        push_event("TICKETS", R"("OWNER_CHANGED","payload":{"owner":{"team":""}},"metadata":{})"),
        R"("path":"metadata","pointer":"/team")"));
    CHECK(push_event("ACCOUNTS", R"("ACCOUNT_CLOSED")").exit_code == 0);
    CHECK(push_event("TICKETS", R"("OWNER_CHANGED","payload":{"owner":{"team":"A"}})").exit_code ==
          0);

    CHECK(shell(cli + "get-aggregate ACCOUNTS a").out ==
          R"({"aggregate":{"aggregateId":"a","balance":5,"closed":true,"version":2}})"
          "\n");
    CHECK(shell(cli + "get-aggregate TICKETS a").out ==
          R"({"aggregate":{"aggregateId":"a","closed":false,"notes":[{"text":"new"},)"
          R"({"text":"urgent"}],"title":"Lost","version":2}})"
          "\n");
    CHECK(shell("$cli get-events ACCOUNTS a --limit 1 | cut -f 3-").out ==
          R"(ACCOUNT_OPENED	{"balance":5,"notes":{"interest":{"rate":0.5}}})"
          "\n");
    CHECK(
        shell("$cli get-events TICKETS a --limit 1 | cut -f 3-").out ==
        R"(TICKET_OPENED	{"title":"Lost","notes":[{"text":"new"},{"text":"urgent"}],"level":3})"
        "\n");
  }
}

TEST_CASE("no symbol that is one for the whole process is named after a plugin's types") {
  const Shell shell;
  for (const std::string plugin : {CASTORE_ACCOUNTS_PLUGIN, CASTORE_TICKETS_PLUGIN}) {
    CAPTURE(plugin);
    const Finished symbols = shell("nm --dynamic --defined-only " + plugin);
    if (symbols.exit_code != 0) return;  // no binutils
    CHECK(symbols.out.find(" castore_register\n") != std::string::npos);
    const Finished unique =
        shell("nm --dynamic --defined-only " + plugin + " | grep -E ' u .*(6Opened|6Closed|" +
              "7Changed|4Note|5Owner|5State|4Open|6Answer|7Reducer|7Refused|6Schema)'");
    CHECK(unique.out.empty());
  }
}

TEST_CASE("whatever a plugin throws is the error Plugin that says where") {
  for (const std::string how : {"", "MUTE=1"}) {
    CAPTURE(how);
    const Shell shell;
    REQUIRE(shell(throwing("") + push).exit_code == 0);
    const auto run = [&](const std::string& place, const std::string& arguments) {
      Finished finished = shell(throwing(place, how) + arguments);
      CAPTURE(place);
      CAPTURE(arguments);
      CHECK(finished.exit_code == 1);
      CHECK(finished.out.empty());
      CHECK(finished.err.starts_with(R"({"error":{"code":"Plugin","message":")"));
      CHECK(contains(finished, ": an exception of unknown type"));
      return finished;
    };
    SUBCASE("when it is loaded") {
      for (const std::string place : {"register", "schema", "compile"}) {
        for (const std::string command :
             {"list-commands", "list-stores", "list-ids S", "get-events S a", "get-aggregate S a",
              "replay", "info", "run-command UP '{}'"}) {
          CHECK(contains(run(place, command), R"(,"plugin":")"));
        }
      }
    }
    SUBCASE("from the reducer or the aggregate") {
      const std::string fields = R"(,"eventStoreId":"S","aggregateId":"a"}})";
      for (const std::string place : {"reducer", "aggregate.to_json", "validate"}) {
        CHECK(contains(run(place, "get-aggregate S a"), fields));
      }
      REQUIRE(shell(R"($cli push-event BY_HAND --event )" + up).exit_code == 0);
      CHECK(contains(run("make_fold", "get-aggregate BY_HAND a"),
                     R"(,"eventStoreId":"BY_HAND","aggregateId":"a"}})"));
    }
    SUBCASE("from the command") {
      for (const std::string place : {"handler", "output.to_json"}) {
        CHECK(contains(run(place, "run-command UP '{\"id\":\"" + place + "\"}'"),
                       R"(,"commandId":"UP"}})"));
      }
      CHECK(contains(run("validate", run_up), R"(,"commandId":"UP"}})"));
    }
    SUBCASE("from the check of what is written") {
      REQUIRE(shell("echo '" + line + "' >line").exit_code == 0);
      const std::string fields = R"("eventStoreId":"BY_HAND","aggregateId":"b")";
      CHECK(contains(run("check", "push-event BY_HAND --event '{\"aggregateId\":\"b\"," +
                                      std::string(R"("version":1,"type":"UP"}')")),
                     fields));
      CHECK(contains(run("validate", push), R"("eventStoreId":"S","aggregateId":"a")"));
      CHECK(contains(run("check", "push-group <line"), fields));
      CHECK(contains(run("check", "import <line"), fields));
      REQUIRE(shell("$cli push-event BY_HAND --event " + up).exit_code == 0);
      CHECK(contains(run("check", "replay BY_HAND --into new.db"),
                     R"("eventStoreId":"BY_HAND","aggregateId":"a")"));
    }
  }
}

TEST_CASE("whatever the JSON functions of a plugin's event throw is an error of that event") {
  for (const std::string how : {"", "MUTE=1"}) {
    CAPTURE(how);
    const Shell shell;
    REQUIRE(shell(throwing("") + push).exit_code == 0);
    for (const std::string part : {"payload", "metadata"}) {
      CAPTURE(part);
      const std::string reads = throwing(part + ".from_json", how);
      const Finished aggregate = shell(reads + "get-aggregate S a");
      CHECK(aggregate.exit_code == 1);
      CHECK(contains(aggregate, R"({"error":{"code":"MalformedEvent")"));
      CHECK(contains(aggregate, " cannot be read: an exception of unknown type"));
      const Finished pushed = shell(reads + push);
      CHECK(pushed.exit_code == 6);
      CHECK(contains(pushed, R"({"error":{"code":"InvalidEvent")"));
      CHECK(contains(pushed, part + " cannot be read: an exception of unknown type"));
      const std::string writes = throwing(part + ".to_json", how);
      const Finished written = shell(writes + run_up);
      CHECK(written.exit_code == 6);
      CHECK(contains(written, R"({"error":{"code":"InvalidEvent")"));
      CHECK(contains(written, "an exception of unknown type\",\"path\":\"" + part));
    }
    const Finished input = shell(throwing("input.from_json", how) + run_up);
    CHECK(input.exit_code == 6);
    CHECK(contains(input, R"({"error":{"code":"InvalidInput")"));
    CHECK(contains(input, "an exception of unknown type"));
  }
}

TEST_CASE(
    "an error of castore's that a reducer meets elsewhere is not taken for one of the command") {
  const Shell shell;
  REQUIRE(shell(throwing("") + push).exit_code == 0);
  for (const std::string place : {"reducer", "aggregate.to_json"}) {
    const Finished finished = shell(throwing(place, "FOREIGN=1") + "get-aggregate S a");
    CHECK(finished.exit_code == 1);
    CHECK(finished.err.starts_with(R"({"error":{"code":"Plugin","message":")"));
    CHECK(contains(finished, R"(,"eventStoreId":"S","aggregateId":"a"}})"));
  }
}

TEST_CASE("a schema of a plugin's that cannot be used is said to be one") {
  const Shell shell;
  const Finished finished = shell(throwing("compile", "SCHEMA=1") + "list-commands");
  CHECK(finished.exit_code == 1);
  CHECK(contains(finished, R"({"error":{"code":"InvalidSchema","message":"Plugin )"));
  CHECK(contains(finished, "payload of event type UP of event store S: of the plugin's"));
  CHECK(contains(finished, R"(,"plugin":")"));
}

TEST_CASE("an error of castore's kind that says nothing is told as well") {
  const Shell shell;
  REQUIRE(shell(throwing("") + push).exit_code == 0);
  REQUIRE(shell("echo '" + line + "' >line").exit_code == 0);
  struct Call {
    std::string place;
    std::string arguments;
    std::string code;
  };
  for (const Call& call : {Call{"handler", run_up, "MalformedEvent"},
                           Call{"reducer", "get-aggregate S a", "MalformedEvent"},
                           Call{"check", "import <line", "Plugin"}}) {
    CAPTURE(call.place);
    const Finished finished = shell(throwing(call.place, "MUTE_ERROR=1") + call.arguments);
    CHECK(finished.exit_code == 1);
    CHECK(contains(finished, R"({"error":{"code":")" + call.code + '"'));
    CHECK(contains(finished, "an exception of unknown type"));
  }
}
