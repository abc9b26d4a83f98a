#include <doctest/doctest.h>

#include <castore/sqlite/database.hpp>
#include <castore/version.hpp>
#include <chrono>
#include <csignal>
#include <sstream>
#include <thread>

#include "run_cli.hpp"
#include "sqlite/sql.hpp"

using namespace castore;
using namespace castore::testing;

namespace {

/// Presses Ctrl-C a moment later. Nothing ends by it where nobody is interrupted.
class InterruptInAMoment {
 public:
  InterruptInAMoment() : previous_(std::signal(SIGINT, [](int) {})) {
    thread_ = std::thread([] {  // runs no library code
      std::this_thread::sleep_for(std::chrono::milliseconds{200});
      std::raise(SIGINT);
    });
  }
  InterruptInAMoment& operator=(InterruptInAMoment&&) = delete;
  ~InterruptInAMoment() {
    thread_.join();
    std::signal(SIGINT, previous_);
  }

 private:
  void (*previous_)(int);
  std::thread thread_;  // runs no library code
};

}  // namespace

TEST_CASE("a database in memory is refused since nobody could look at it again") {
  const Cli cli;
  for (const char* const command : {"list-stores", "import"}) {
    const auto finished = cli({command, "--db", ":memory:", "--format", "json"});
    CHECK(finished.exit_code == 2);
    CHECK(finished.err.find(R"("code":"InvalidOption")") != std::string::npos);
    CHECK(finished.out.empty());
  }
}

TEST_CASE("global options may stand before or after the command") {
  const Cli cli;
  cli.push("POKEMONS", appeared);
  const std::string expected = std::string(appeared) + "\n";
  CHECK(cli({"--format", "jsonl", "get-events", "POKEMONS", "pikachu"}).out == expected);
  CHECK(cli({"get-events", "--format", "jsonl", "POKEMONS", "pikachu"}).out == expected);
  CHECK(cli({"get-events", "POKEMONS", "pikachu", "--format=jsonl"}).out == expected);
  CHECK(cli({"--format", "text", "get-events", "POKEMONS", "pikachu", "--format=jsonl"}).out ==
        expected);
}

TEST_CASE("wrong usage is exit code 2 and nothing on standard output") {
  const Cli cli;
  cli.push("POKEMONS", appeared);
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"frobnicate"},
      {"list-ids"},
      {"list-stores", "extra"},
      {"get-events", "POKEMONS"},
      {"list-ids", "POKEMONS", "--nonsense"},
      {"list-ids", "POKEMONS", "--limit", "0"},
      {"list-ids", "POKEMONS", "--limit", "-1"},
      {"list-ids", "POKEMONS", "--limit", "1.5"},
      {"list-ids", "POKEMONS", "--limit", "ten"},
      {"list-ids", "POKEMONS", "--limit", "0x10"},
      {"list-ids", "POKEMONS", "--limit", "99999999999999999999"},
      {"list-ids", "POKEMONS", "--limit"},
      {"list-ids", "POKEMONS", "--limit="},
      {"list-ids", "POKEMONS", "--page-token", "--reverse"},
      {"get-events", "POKEMONS", "pikachu", "--limit", "0"},
      {"get-events", "POKEMONS", "pikachu", "--min-version", "one"},
      {"get-events", "POKEMONS", "pikachu", "--max-version", "-1"},
      {"import", "--batch", "0"},
      {"push-event", "POKEMONS", "--event", "--force"},
      {"list-stores", "--format", "xml"},
  };
  for (const auto& arguments : wrong) {
    std::string line;
    for (const std::string& argument : arguments) line += argument + " ";
    CAPTURE(line);
    const Finished text = cli(arguments);
    CHECK(text.exit_code == 2);
    CHECK(text.out.empty());
    CHECK(text.err.starts_with("castore-cli: "));
  }
}

TEST_CASE("wrong usage is told in JSON where JSON is asked for") {
  const Cli cli;
  const Finished unknown = cli({"get-event", "--format", "json"});
  CHECK(unknown.exit_code == 2);
  CHECK(unknown.err ==
        R"-({"error":{"code":"Usage","message":"Unknown command get-event; did you mean )-"
        R"-(get-events? (see castore-cli --help)"}})-"
        "\n");
  const Finished limit = cli({"--format=jsonl", "list-ids", "POKEMONS", "--limit", "010x"});
  CHECK(limit.exit_code == 2);
  CHECK(
      limit.err ==
      R"({"error":{"code":"InvalidOption","message":"Invalid option limit: must be an integer of )"
      R"(at least 1, not \"010x\"","option":"limit"}})"
      "\n");
}

TEST_CASE("an integer that is too large is told how large it may be") {
  const Cli cli;
  CHECK(cli({"list-ids", "POKEMONS", "--limit", "99999999999999999999"}).err ==
        "castore-cli: Invalid option limit: must be an integer from 1 to 9223372036854775807, not "
        "\"99999999999999999999\"\n");
}

TEST_CASE("wrong usage is told in the order that was typed and with the help that is of use") {
  const Cli cli;
  const auto told = [&](const std::vector<std::string>& arguments) {
    const Finished wrong = cli(arguments);
    CHECK(wrong.exit_code == 2);
    CHECK(wrong.out.empty());
    REQUIRE(wrong.err.starts_with("castore-cli: "));
    return wrong.err.substr(13, wrong.err.size() - 14);
  };
  const auto see = [](const std::string& command) {
    return " (see castore-cli " + command + " --help)";
  };
  SUBCASE("too many arguments") {
    CHECK(told({"get-events", "A", "b", "c"}) ==
          R"(get-events EVENT_STORE AGGREGATE: "c" is one too many)" + see("get-events"));
    CHECK(told({"get-events", "A", "b", "c", "-1", "--", "-d"}) ==
          R"(get-events EVENT_STORE AGGREGATE: "c" "-1" "-d" are too many)" + see("get-events"));
    CHECK(told({"import", "a", "b"}) == R"(import [FILE]: "b" is one too many)" + see("import"));
    CHECK(told({"list-stores", "list-ids"}) ==
          R"(list-stores takes no argument: "list-ids" is one too many)" + see("list-stores"));
  }
  SUBCASE("too few") {
    CHECK(told({"get-events"}) ==
          "get-events EVENT_STORE AGGREGATE: EVENT_STORE and AGGREGATE are missing" +
              see("get-events"));
    CHECK(told({"get-events", "A"}) ==
          "get-events EVENT_STORE AGGREGATE: AGGREGATE is missing" + see("get-events"));
  }
  SUBCASE("an option that there is none of") {
    const std::string fromat = "Unknown option --fromat; did you mean --format?";
    CHECK(told({"get-events", "A", "b", "--fromat", "json"}) == fromat + see("get-events"));
    CHECK(told({"get-events", "--fromat=json", "A"}) == fromat + see("get-events"));
    CHECK(told({"--fromat", "json", "list-stores"}) == fromat + see("list-stores"));
    CHECK(told({"list-ids", "--limt", "3", "--reverze", "A"}) ==
          "Unknown option --limt; did you mean --limit?" + see("list-ids"));
    CHECK(told({"get-events", "A", "-pikachu"}) ==
          "Unknown option -pikachu; an argument that begins with a dash stands after --" +
              see("get-events"));
    CHECK(told({"list-stores", "--zzz"}) == "Unknown option --zzz" + see("list-stores"));
  }
  SUBCASE("a command that there is none of") {
    CHECK(told({"lits-stores", "--limit", "3"}) ==
          "Unknown command lits-stores; did you mean list-stores? (see castore-cli --help)");
    CHECK(told({"GET_EVENTS"}) ==
          "Unknown command GET_EVENTS; did you mean get-events? (see castore-cli --help)");
    CHECK(told({"frobnicate", "list-stores"})
              .starts_with("Unknown command frobnicate; there are list-stores, list-ids, "));
    CHECK(told({}).starts_with("A command is required: list-stores, list-ids, "));
  }
  SUBCASE("an option without its value or with one too many") {
    CHECK(told({"list-ids", "A", "--limit"}) == "--limit has no value" + see("list-ids"));
    CHECK(told({"list-ids", "--limit=", "A"}) == "--limit has no value" + see("list-ids"));
    CHECK(told({"list-ids", "A", "--page-token", "--reverse"}) ==
          R"(--page-token has no value: "--reverse" is an option)" + see("list-ids"));
    CHECK(told({"list-ids", "A", "--reverse=x"}) == "--reverse takes no value" + see("list-ids"));
    CHECK(told({"list-ids", "A", "--limit", "1", "--limit", "2"}) ==
          "--limit is given more than once" + see("list-ids"));
    CHECK(told({"--plugin"}) == "--plugin has no value (see castore-cli --help)");
  }
  SUBCASE("options that do not go together") {
    CHECK(told({"get-aggregate", "A", "b", "--at", "2022-01-01T00:00:00Z", "--max-version", "2"}) ==
          "--max-version and --at exclude each other" + see("get-aggregate"));
  }
}

TEST_CASE("help prints what --help does") {
  const Cli cli;
  CHECK(cli({"help"}).out == cli({"--help"}).out);
  for (const std::string command : {"list-ids", "push-event", "info", "help"}) {
    const Finished help = cli({"help", command});
    CHECK(help.exit_code == 0);
    CHECK(help.err.empty());
    CHECK(help.out == cli({command, "--help"}).out);
    CHECK(help.out.find("Usage: castore-cli " + command) != std::string::npos);
  }
  const Finished none = cli({"help", "get-evnts"});
  CHECK(none.exit_code == 2);
  CHECK(none.out.empty());
  CHECK(none.err ==
        "castore-cli: Unknown command get-evnts; did you mean get-events? (see castore-cli "
        "--help)\n");
}

TEST_CASE("numbers are decimal") {
  const Cli cli;
  std::string lines;
  for (Version version = 1; version <= 9; ++version) lines += stored_line("a", version);
  cli.import(lines);
  const Finished ninth =
      cli({"get-events", "POKEMONS", "a", "--min-version", "09", "--format", "json"});
  CHECK(ninth.out.starts_with(R"({"events":[{"aggregateId":"a","version":9,)"));
}

TEST_CASE("an option that takes a time says so where it is given something else") {
  const Cli cli;
  cli.push("POKEMONS", appeared);
  const std::vector<std::vector<std::string>> options = {
      {"list-ids", "POKEMONS", "--after"},
      {"list-ids", "POKEMONS", "--before"},
      {"get-aggregate", "POKEMONS", "pikachu", "--at"},
      {"replay", "--from"},
      {"replay", "--to"},
  };
  for (auto arguments : options) {
    const std::string name = arguments.back().substr(2);
    CAPTURE(name);
    arguments.insert(arguments.end(), {"2022-02-29", "--format", "json"});
    const Finished bad = cli(arguments);
    CHECK(bad.exit_code == 6);
    CHECK(bad.err.starts_with(
        R"({"error":{"code":"InvalidTimestamp","message":"Invalid option )" + name +
        R"(: takes a time such as 2022-01-31T12:00:00Z, or a date. Invalid timestamp )"));
    CHECK(bad.err.ends_with(R"(\"2022-02-29\": no such day","timestamp":"2022-02-29","option":")" +
                            name + "\"}}\n"));
  }
  for (const char* const no_time :
       {"", "yesterday", "2022", "2022-01", "2022-1-1", "2022-01-01Z", "2022/01/01",
        "2022-01-01T00:00:00", "2022-01-0\n", "2022-01-01T00:00:00.1234567Z", "1640995200"}) {
    CAPTURE(no_time);
    CHECK(cli({"list-ids", "POKEMONS", "--after", no_time}).exit_code == 6);
  }
}

TEST_CASE("a date is its first or its last microsecond in UTC") {
  const Cli cli;
  Version version = 0;
  for (const char* const time : {"2022-01-30T23:59:59.999999Z", "2022-01-31T00:00:00Z",
                                 "2022-01-31T23:59:59.999999Z", "2022-02-01T00:00:00Z"}) {
    const std::string number = std::to_string(++version);
    cli.push("S", R"({"aggregateId":"a","version":)" + number +
                      R"(,"type":"X","payload":{},"timestamp":")" + time + "\"}");
    cli.push("T", R"({"aggregateId":")" + number + R"(","version":1,"type":"X","timestamp":")" +
                      time + "\"}");
  }
  const std::string date = "2022-01-31";
  CHECK(cli({"list-ids", "T", "--after", date}).out == "2\n3\n4\n");
  CHECK(cli({"list-ids", "T", "--before", date}).out == "1\n2\n3\n");
  CHECK(cli({"list-ids", "T", "--after", date, "--before", date}).out == "2\n3\n");
  CHECK(cli({"replay", "T", "--dry-run", "--from", date}).out == "3 events would be replayed\n");
  CHECK(cli({"replay", "T", "--dry-run", "--to", date}).out == "3 events would be replayed\n");
  CHECK(cli({"get-aggregate", "S", "a", "--at", date, "--format", "json"}).out ==
        R"({"aggregate":{"aggregateId":"a","version":3}})"
        "\n");
}

TEST_CASE("a file that others keep locked is waited for as long as --busy-timeout says") {
  const Cli cli;
  cli.push("POKEMONS", appeared);
  const std::string other = (cli.directory() / "other.db").string();
  const auto holder = sqlite::Database::open(cli.file());
  const auto holder_of_other = sqlite::Database::open(other);
  const sqlite::Transaction held(*holder);
  const sqlite::Transaction held_too(*holder_of_other);
  const auto waited = [&](std::vector<std::string> arguments, const std::string& timeout) {
    arguments.insert(arguments.end(), {"--busy-timeout", timeout, "--format", "json"});
    const auto start = std::chrono::steady_clock::now();
    const Finished busy = cli(arguments);
    CHECK(busy.exit_code == 1);
    CHECK(busy.err.starts_with(R"({"error":{"code":"StorageBusy",)"));
    CHECK(busy.err.find("; --busy-timeout waits longer\"") != std::string::npos);
    return std::chrono::steady_clock::now() - start;
  };
  using std::chrono::milliseconds;
  constexpr milliseconds by_default = sqlite::DatabaseOptions{}.busy_timeout;
  const std::vector<std::vector<std::string>> writing = {
      {"push-event", "POKEMONS", "--event", caught},
      {"replay", "--into", other},
  };
  for (const auto& arguments : writing) {
    CAPTURE(arguments.front());
    CHECK(waited(arguments, "0") < by_default);
    const auto a_moment = waited(arguments, "300ms");
    CHECK(a_moment >= milliseconds{300});
    CHECK(a_moment < by_default);
  }
}

TEST_CASE("Ctrl-C while a locked file is waited for is what the command ends by") {
  const Cli cli;
  cli.push("POKEMONS", appeared);
  const std::string other = (cli.directory() / "other.db").string();
  const auto holder = sqlite::Database::open(other);
  const sqlite::Transaction held(*holder);
  const std::vector<std::vector<std::string>> writing = {{"import", "--db", other},
                                                         {"replay", "--into", other}};
  for (auto arguments : writing) {
    CAPTURE(arguments.front());
    arguments.insert(arguments.end(), {"--busy-timeout", "1s"});
    const InterruptInAMoment interrupt;
    const Finished interrupted = cli(arguments, stored_line("a", 1));
    CHECK(interrupted.exit_code == 130);
    CHECK(interrupted.err.starts_with("castore-cli: Interrupted"));
  }
}

TEST_CASE("reading waits for a file in exclusive use as long as --busy-timeout says") {
  const Cli cli;
  cli.push("POKEMONS", appeared);
  Sql holder(cli.file());
  holder("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  const auto start = std::chrono::steady_clock::now();
  CHECK(cli({"list-ids", "POKEMONS", "--busy-timeout", "0"}).exit_code == 1);
  CHECK(cli({"list-ids", "POKEMONS", "--busy-timeout", "300ms"}).exit_code == 1);
  const auto waited = std::chrono::steady_clock::now() - start;
  CHECK(waited >= std::chrono::milliseconds{300});
  CHECK(waited < sqlite::DatabaseOptions{}.busy_timeout);
}

TEST_CASE("a duration has its unit") {
  const Cli cli;
  cli.push("POKEMONS", appeared);
  for (const char* const good :
       {"0", "0s", "1ms", "05s", "2m", "1h", "9223372036854775807ms", "2562047788015h"}) {
    CAPTURE(good);
    CHECK(cli({"list-ids", "POKEMONS", "--busy-timeout", good}).out == "pikachu\n");
  }
  const auto error_of = [&](const std::string& bad) {
    const Finished refused = cli({"list-ids", "POKEMONS", "--busy-timeout=" + bad});
    CHECK(refused.exit_code == 2);
    CHECK(refused.out.empty());
    return refused.err;
  };
  for (const char* const bad : {"5", "00", "s", "-5s", "+5s", "1.5s", "5 s", "5S", "5sec", "5s5",
                                "0x5s", "1d", "1us", "99999999999999999999"}) {
    CAPTURE(bad);
    CHECK(error_of(bad) ==
          "castore-cli: Invalid option busy-timeout: must be an integer and its unit, such as "
          "500ms, 5s, 2m or 1h, or 0, not \"" +
              std::string(bad) + "\"\n");
  }
  for (const char* const bad :
       {"9223372036854775808ms", "9223372036854776s", "2562047788016h", "99999999999999999999h"}) {
    CAPTURE(bad);
    CHECK(error_of(bad) ==
          "castore-cli: Invalid option busy-timeout: is too long: \"" + std::string(bad) + "\"\n");
  }
}

TEST_CASE("errors are JSON even about text that is no UTF-8") {
  const Cli cli;
  cli.push("POKEMONS", appeared);
  const Finished bad = cli({"get-aggregate", "POKEMONS", "\xff\"\n", "--format", "json"});
  CHECK(bad.exit_code == 3);
  CHECK(bad.err.ends_with("\"aggregateId\":\"\xef\xbf\xbd\\\"\\n\"}}\n"));
}

TEST_CASE("every command explains itself with an example") {
  const Cli cli;
  const Finished all = cli({"--help"});
  CHECK(all.exit_code == 0);
  CHECK(all.err.empty());
  CHECK(all.out.find("Exit codes:\n") != std::string::npos);
  for (const std::string command : {"list-stores", "list-ids", "get-events", "get-aggregate",
                                    "push-event", "push-group", "import", "info", "help"}) {
    CAPTURE(command);
    CHECK(all.out.find("  " + command + " ") != std::string::npos);
    const Finished help = cli({command, "--help"});
    CHECK(help.exit_code == 0);
    CHECK(help.out.find("Usage: castore-cli " + command) != std::string::npos);
    CHECK(help.out.find("Example:\n") != std::string::npos);
    CHECK_FALSE(cli.has_file());
  }
}

TEST_CASE("the version is printed") {
  const Cli cli;
  const Finished version = cli({"--version"});
  CHECK(version.exit_code == 0);
  CHECK(version.out == "castore-cli " + std::string(library_version) + "\n");
}

TEST_CASE("an output that takes nothing is an error although the event is stored") {
  const Cli cli;
  const std::string file = cli.file().string();
  const char* const argv[] = {"castore-cli", "--db",   file.c_str(), "push-event", "POKEMONS",
                              "--event",     appeared, "--format",   "json"};
  std::istringstream in;
  std::ostream out(nullptr);
  std::ostringstream err;
  CHECK(cli::run(static_cast<int>(std::size(argv)), argv, {}, {in, out, err}) == 1);
  CHECK(err.str() ==
        R"({"error":{"code":"Output","message":"standard output could not be written; )"
        R"(the event is stored"}})"
        "\n");
  CHECK(cli.events("POKEMONS", "pikachu") == std::string(appeared) + "\n");
}

TEST_CASE("a tool without arguments or name is told how to use it") {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  CHECK(cli::run(0, nullptr, {}, {in, out, err}) == 2);
  CHECK(err.str().starts_with("castore-cli: A command is required"));
}
