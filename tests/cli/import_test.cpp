#include <doctest/doctest.h>
#include <algorithm>
#include <csignal>
#include <sstream>

#include "run_cli.hpp"

using namespace castore;
using namespace castore::testing;

namespace {

std::string events_of_one_aggregate(Version count) {
  std::string lines;
  for (Version version = 1; version <= count; ++version) lines += stored_line("a", version);
  return lines;
}

auto count_events(const Cli& cli) {
  const std::string events = cli.events("POKEMONS", "a");
  return std::count(events.begin(), events.end(), '\n');
}

/// Hands out one line at a time; at some line the user presses Ctrl-C.
class InterruptedInput : public std::streambuf {
 public:
  InterruptedInput(Version lines, Version interrupt_at)
      : lines_(lines), interrupt_at_(interrupt_at) {}

 protected:
  int_type underflow() override {
    if (next_ > lines_) return traits_type::eof();
    if (next_ == interrupt_at_) std::raise(SIGINT);
    line_ = stored_line("a", next_++);
    setg(line_.data(), line_.data(), line_.data() + line_.size());
    return traits_type::to_int_type(line_.front());
  }

 private:
  Version lines_;
  Version interrupt_at_;
  Version next_ = 1;
  std::string line_;
};

}  // namespace

TEST_CASE("import takes a real history and skips it the second time") {
  const Cli cli;
  const std::string history = std::string(CASTORE_TEST_DATA) + "/cli11-history.jsonl";
  const Finished first = cli({"import", history, "--format", "json"});
  CHECK(first.exit_code == 0);
  CHECK(first.err.empty());
  CHECK(first.out == "{\"imported\":7138,\"skipped\":0}\n");
  const Finished second = cli({"import", history, "--format", "jsonl"});
  CHECK(second.exit_code == 0);
  CHECK(second.out == "{\"imported\":0,\"skipped\":7138}\n");
  CHECK(cli({"import", "-"}, read_file(history)).out == "imported 0, skipped 7138\n");
}

TEST_CASE("import gives back what get-events prints") {
  const Cli cli;
  cli.import(events_of_one_aggregate(3));
  CHECK(
      cli.events("POKEMONS", "a")
          .starts_with(
              R"({"aggregateId":"a","version":1,"type":"LEVELED","timestamp":"2022-01-01T00:01:00.000Z",)"
              R"("payload":{}})"
              "\n"));
  CHECK(count_events(cli) == 3);
}

TEST_CASE("import counts what is new and what is there") {
  const Cli cli;
  cli.import(events_of_one_aggregate(3));
  CHECK(cli({"import", "--batch", "2"}, events_of_one_aggregate(8)).out ==
        "imported 5, skipped 3\n");
  CHECK(count_events(cli) == 8);
}

TEST_CASE("import skips blank lines and takes a last line without its end") {
  const Cli cli;
  std::string lines = "\n" + stored_line("a", 1) + " \t\r\n" + stored_line("a", 2);
  lines.pop_back();
  CHECK(cli({"import"}, lines).out == "imported 2, skipped 0\n");
}

TEST_CASE("import of nothing makes an empty file") {
  const Cli cli;
  CHECK(cli({"import"}).out == "imported 0, skipped 0\n");
  CHECK(cli.has_file());
}

TEST_CASE("an event that differs stops the import and names line and event") {
  const Cli cli;
  cli.import(stored_line("a", 1) + stored_line("a", 2) + stored_line("a", 3, R"({"b": 1})"));
  const std::string lines = stored_line("a", 1) + stored_line("a", 2) +
                            stored_line("a", 3, R"({"b":2})") + stored_line("a", 4);
  const Finished stopped = cli({"import", "--batch", "2", "--format", "json"}, lines);
  CHECK(stopped.exit_code == 4);
  CHECK(stopped.out.empty());
  CHECK(stopped.err ==
        R"-({"error":{"code":"EventAlreadyExists","message":"Line 3: the stored event differs )-"
        R"-(from this one. Event already exists for POKEMONS aggregate a and version 3 )-"
        R"-((imported 0, skipped 2; committed up to line 2)","eventStoreId":"POKEMONS",)-"
        R"-("aggregateId":"a","version":3,"currentVersion":3,"line":3,"imported":0,"skipped":2,)-"
        R"-("committedLines":2}})-"
        "\n");
  CHECK(count_events(cli) == 3);
}

TEST_CASE("import calls an event the same only if all of it is") {
  const Cli cli;
  const std::string head = R"({"eventStoreId":"S","event":{"aggregateId":"a","version":1,)";
  const auto import_code = [&](const std::string& rest) {
    return cli({"import"}, head + rest + "}}\n").exit_code;
  };
  const std::string time = R"("timestamp":"2022-01-01T00:00:00Z",)";
  REQUIRE(import_code(time + R"("type":"X","payload":{"a": 1})") == 0);
  CHECK(import_code(time + R"("type":"X","payload":{"a":1})") == 0);
  CHECK(import_code(R"("timestamp":"2022-01-01T01:00:00+01:00","type":"X","payload":{"a":1})") ==
        0);
  CHECK(import_code(time + R"("type":"Y","payload":{"a":1})") == 4);
  CHECK(import_code(time + R"("type":"X","payload":{"a":1.0})") == 4);
  CHECK(import_code(time + R"("type":"X","payload":null)") == 4);
  CHECK(import_code(time + R"("type":"X")") == 4);
  CHECK(import_code(time + R"("type":"X","payload":{"a":1},"metadata":{})") == 4);
  CHECK(import_code(R"("timestamp":"2022-01-01T00:00:00.001Z","type":"X","payload":{"a":1})") == 4);
}

TEST_CASE("a line that is cut off stops the import and what was committed stays") {
  const Cli cli;
  std::string lines = events_of_one_aggregate(5);
  lines.resize(lines.size() - 20);
  const Finished stopped = cli({"import", "--batch", "2", "--format", "json"}, lines);
  CHECK(stopped.exit_code == 6);
  CHECK(stopped.err.starts_with(R"({"error":{"code":"InvalidEvent","message":"Line 5: )"));
  CHECK(stopped.err.ends_with(R"("line":5,"imported":4,"skipped":0,"committedLines":4}})"
                              "\n"));
  CHECK(count_events(cli) == 4);
}

TEST_CASE("nothing of a batch is imported if one of its lines is bad") {
  const Cli cli;
  const std::string lines = events_of_one_aggregate(3) + stored_line("a", 5);
  SUBCASE("in one batch") {
    const Finished stopped = cli({"import", "--format", "json"}, lines);
    CHECK(stopped.exit_code == 4);
    CHECK(stopped.err.ends_with(R"("expectedVersion":4,"line":4,"imported":0,"skipped":0,)"
                                R"("committedLines":0}})"
                                "\n"));
    CHECK(count_events(cli) == 0);
  }
  SUBCASE("in several") {
    CHECK(cli({"import", "--batch", "3"}, lines).exit_code == 4);
    CHECK(count_events(cli) == 3);
  }
  SUBCASE("unless gaps are allowed") {
    CHECK(cli({"import", "--allow-version-gaps"}, lines).exit_code == 0);
    CHECK(count_events(cli) == 4);
  }
}

TEST_CASE("a batch may end anywhere") {
  for (const Version batch : {1, 2, 3, 4, 5, 6, 1000}) {
    CAPTURE(batch);
    const Cli cli;
    CHECK(cli({"import", "--batch", std::to_string(batch)}, events_of_one_aggregate(5)).out ==
          "imported 5, skipped 0\n");
    CHECK(count_events(cli) == 5);
  }
}

TEST_CASE("import refuses an event without timestamp") {
  const Cli cli;
  const Finished refused =
      cli({"import", "--format", "json"},
          R"({"eventStoreId":"S","event":{"aggregateId":"a","version":1,"type":"X"}})");
  CHECK(refused.exit_code == 6);
  CHECK(refused.err.find(R"("path":"event.timestamp","line":1)") != std::string::npos);
  CHECK_FALSE(cli.has_file());
}

TEST_CASE("import takes timestamps finer than microseconds only where it is told to") {
  const Cli cli;
  const auto line = [](Version version, const std::string& timestamp) {
    return R"({"eventStoreId":"S","event":{"aggregateId":"a","version":)" +
           std::to_string(version) + R"(,"type":"X","timestamp":")" + timestamp + "\"}}\n";
  };
  const std::string lines = line(1, "1969-12-31T23:59:59.9999999Z") +
                            line(2, "2022-01-01T00:00:00.123456000Z") +
                            line(3, "2022-01-01T00:00:00.123456789+00:00");
  SUBCASE("and says so otherwise") {
    const Finished refused = cli({"import", "--format", "json"}, lines);
    CHECK(refused.exit_code == 6);
    CHECK(refused.err ==
          R"-({"error":{"code":"InvalidTimestamp","message":"Line 1: Invalid timestamp )-"
          R"-(\"1969-12-31T23:59:59.9999999Z\": digits other than 0 after the sixth of the )-"
          R"-(fraction; --truncate-timestamps drops them (imported 0, skipped 0; committed up to )-"
          R"-(line 0)","timestamp":"1969-12-31T23:59:59.9999999Z","line":1,"imported":0,)-"
          R"-("skipped":0,"committedLines":0}})-"
          "\n");
    CHECK_FALSE(cli.has_file());
    const Finished no_time = cli({"import"}, line(1, "2022-01-01T00:00:00.123456789"));
    CHECK(no_time.exit_code == 6);
    CHECK(no_time.err.find("--truncate-timestamps") == std::string::npos);
  }
  SUBCASE("to the earlier microsecond and counts them") {
    CHECK(cli({"import", "--truncate-timestamps"}, lines).out ==
          "imported 3, skipped 0, timestamps truncated 2\n");
    CHECK(cli.events("S", "a") ==
          R"({"aggregateId":"a","version":1,"type":"X","timestamp":"1969-12-31T23:59:59.999999Z"})"
          "\n"
          R"({"aggregateId":"a","version":2,"type":"X","timestamp":"2022-01-01T00:00:00.123456Z"})"
          "\n"
          R"({"aggregateId":"a","version":3,"type":"X","timestamp":"2022-01-01T00:00:00.123456Z"})"
          "\n");
    CHECK(cli({"import", "--truncate-timestamps", "--format", "json"}, lines).out ==
          "{\"imported\":0,\"skipped\":3,\"truncated\":2}\n");
  }
  SUBCASE("and counts those that are committed where it fails") {
    const Finished stopped = cli({"import", "--truncate-timestamps", "--batch", "2"},
                                 lines + line(4, "2022-01-01T00:00:00.1234567"));
    CHECK(stopped.exit_code == 6);
    CHECK(stopped.err.ends_with(
        "(imported 2, skipped 0, timestamps truncated 1; committed up to line 2)\n"));
  }
}

TEST_CASE("push-event refuses a timestamp finer than microseconds and has no option for it") {
  const Cli cli;
  const Finished refused = cli({"push-event", "S", "--event",
                                R"({"aggregateId":"a","version":1,"type":"X",)"
                                R"("timestamp":"2022-01-01T00:00:00.1234567Z"})"});
  CHECK(refused.exit_code == 6);
  CHECK(refused.err ==
        "castore-cli: Invalid timestamp \"2022-01-01T00:00:00.1234567Z\": digits other than 0 "
        "after the sixth of the fraction\n");
}

TEST_CASE("import from a file that is not there or cannot be read") {
  const Cli cli;
  const Finished missing = cli({"import", "no-such-file.jsonl", "--format", "json"});
  CHECK(missing.exit_code == 3);
  CHECK(missing.err ==
        R"({"error":{"code":"FileNotFound","message":"No such file or folder: no-such-file.jsonl",)"
        R"("path":"no-such-file.jsonl"}})"
        "\n");
  CHECK(cli({"import", cli.directory().path().string()}).exit_code == 1);
  CHECK_FALSE(cli.has_file());
}

TEST_CASE("an interrupted import stops between batches and says how far it came") {
  const Cli cli;
  InterruptedInput lines(10, 6);
  std::istream input(&lines);
  const Finished stopped = cli.with_input({"import", "--batch", "2", "--format", "json"}, input);
  CHECK(stopped.exit_code == 130);
  CHECK(stopped.out.empty());
  CHECK(stopped.err ==
        R"-({"error":{"code":"Interrupted","message":"Interrupted (imported 4, skipped 0; )-"
        R"-(committed up to line 4)","imported":4,"skipped":0,"committedLines":4}})-"
        "\n");
  CHECK(count_events(cli) == 4);
  SUBCASE("and can be done again") {
    CHECK(cli({"import"}, events_of_one_aggregate(10)).out == "imported 6, skipped 4\n");
  }
}
