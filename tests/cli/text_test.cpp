#include <doctest/doctest.h>
#include <castore/json/text.hpp>
#include <memory>
#include <sstream>

#include "run_cli.hpp"

using namespace castore;
using namespace castore::testing;

namespace {

/// What moves the cursor, ends a line or turns the direction of writing around: C0, DEL, C1 and
/// others from their blocks' ends; and how text output writes them.
const std::string steering =
    "\x1b\x7f\u0080\u0085\u009b\u009f\u061c\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069";
const std::string escaped =
    R"(\u001b\u007f\u0080\u0085\u009b\u009f\u061c\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069)";
/// Their neighbours, which do not.
const std::string harmless = "~\u00a0é\u061b\u200d\u2010\u2027\u202f\u2065\u206a\U0001F427";

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string line(const std::string& text) {
  std::string quoted;
  append_json_string(quoted, text);
  return R"({"eventStoreId":)" + quoted + R"(,"event":{"aggregateId":)" + quoted +
         R"(,"version":1,"type":)" + quoted +
         R"(,"timestamp":"2022-01-01T00:00:00.000Z","payload":{)" + quoted + ":" + quoted +
         R"(},"metadata":)" + quoted + "}}\n";
}

}  // namespace

TEST_CASE("stored text cannot break a line of text or steer the terminal") {
  const Cli cli;
  const std::string name = steering + harmless;
  cli.import(line(name));
  const std::string shown = escaped + harmless;
  CHECK(cli({"list-ids", name}).out == shown + "\n");
  CHECK(contains(cli({"list-stores"}).out, shown));
  CHECK(cli({"get-events", name, name}).out == "1\t2022-01-01T00:00:00.000Z\t" + shown + "\t{\"" +
                                                   shown + "\":\"" + shown + "\"}\t\"" + shown +
                                                   "\"\n");
  const Finished aggregate = cli({"get-aggregate", name, name, "--with-events"});
  CHECK(contains(aggregate.out, "\n  \"" + shown + "\": \"" + shown + "\"\n"));
  CHECK(contains(aggregate.err, "event store " + shown + ": "));
  for (const std::string& text : {aggregate.out, aggregate.err}) {
    CHECK_FALSE(contains(text, "\u009b"));
    CHECK_FALSE(contains(text, "\u202e"));
  }
  SUBCASE("nor do errors") {
    CHECK(contains(cli({"list-ids", "no such " + name}).err, "no such " + shown));
    CHECK(contains(cli({"import", "no such " + name}).err, "no such " + shown));
  }
  SUBCASE("nor does what was pushed") {
    const std::string event = R"({"aggregateId":"a","version":1,"type":"T","payload":")" +
                              steering.substr(1) + harmless + "\"}";
    const Finished pushed = cli({"push-event", "S", "--event", event});
    CHECK(pushed.exit_code == 0);
    CHECK(contains(pushed.out, escaped.substr(6) + harmless));
    CHECK(check_json(pushed.out).empty());
    CHECK(contains(cli({"push-group"}, line(name)).err, shown));
  }
  SUBCASE("but the JSON formats print what is stored") {
    CHECK(contains(cli({"list-ids", name, "--format", "jsonl"}).out, "\u009b"));
    CHECK(cli({"replay"}).out == "{\"position\":1," + line(name).substr(1));
  }
}

TEST_CASE("the output of a command steers no terminal") {
  Cli cli;
  cli.registry.add(
      CommandDescription{.command_id = "STEER", .run = [](std::string_view, const auto&) {
                           return std::optional<std::string>("\"" + steering.substr(1) + "\"");
                         }});
  CHECK(cli({"run-command", "STEER", "{}"}).out == "\"" + escaped.substr(6) + "\"\n");
}

TEST_CASE("a text that is printed tells a line end from a backslash and an n") {
  const Cli cli;
  cli.import(line("a\nb"));
  cli.import(line("a\\nb"));
  CHECK(cli({"list-ids", "a\nb"}).out == "a\\nb\n");
  CHECK(cli({"list-ids", "a\\nb"}).out == "a\\\\nb\n");
  CHECK(contains(cli({"get-events", "a\\nb", "a\\nb"}).out, "\ta\\\\nb\t{\"a\\\\nb\":"));
  SUBCASE("but in a message a backslash stands for itself") {
    CHECK(contains(cli({"import", "C:\\nothing"}).err, "C:\\nothing"));
  }
}

TEST_CASE("the name of the program does not steer the terminal") {
  const std::string program = "tool\x1b[31m\n";
  std::istringstream in;
  for (const char* const argument : {"--help", "--nonsense"}) {
    const char* const argv[] = {program.c_str(), argument};
    std::ostringstream both;
    CHECK(cli::run(2, argv, {}, {in, both, both}) == (argument[2] == 'h' ? 0 : 2));
    CHECK_FALSE(contains(both.str(), "\x1b"));
    CHECK(contains(both.str(), "tool\\u001b[31m\\n"));
  }
}

TEST_CASE("bytes that are no UTF-8 do not reach the terminal") {
  const Cli cli;
  const Finished missing = cli({"import",
                                "no\x9b"
                                "file\xc2"});
  CHECK(missing.err ==
        "castore-cli: No such file or folder: no\uFFFD"
        "file\uFFFD\n");
}
