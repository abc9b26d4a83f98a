#include <doctest/doctest.h>
#include <chrono>
#include <string>
#include <utility>

#include "shell.hpp"

using castore::testing::Finished;
using castore::testing::Shell;

namespace {

/// With the 7,138 events of a real history in events.db.
class History : public Shell {
 public:
  History() {
    const Finished imported =
        (*this)(std::string("$cli import ") + CASTORE_TEST_DATA + "/cli11-history.jsonl");
    REQUIRE(imported.exit_code == 0);
  }
};

/// With five events in events.db, of the versions 1 to 5 of S a.
class FiveEvents : public Shell {
 public:
  FiveEvents() {
    const Finished imported = (*this)(
        R"(for i in 1 2 3 4 5; do echo '{"eventStoreId":"S","event":{"aggregateId":"a","version":'$i',)"
        R"("type":"X","timestamp":"2022-01-01T00:00:00Z"}}'; done | $cli import)");
    REQUIRE(imported.exit_code == 0);
  }
};

constexpr auto line_without_position =
    R"({"eventStoreId":"S","event":{"aggregateId":"a","version":1,"type":"X",)"
    R"("timestamp":"2022-01-01T00:00:00.000Z"}})";

/// Runs `command` in the background, sends it `signal` once `begun` succeeds, and answers its exit
/// code. A shell's background jobs ignore SIGINT: env gives the program the usual one back.
std::string interrupted(const std::string& command, const std::string& begun,
                        const std::string& signal = "INT") {
  return "{ env --default-signal=INT " + command + " & } ; job=$!; until " + begun +
         "; do sleep 0.05; done; kill -" + signal + " $job; wait $job";
}

/// What an interrupted replay says to go on with.
std::string after_of(const std::string& err) {
  const std::string option = "--after ";
  const auto at = err.find(option);
  REQUIRE(at != std::string::npos);
  return err.substr(at + option.size(), err.find(')', at) - at - option.size());
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class StopWatch {
 public:
  [[nodiscard]] bool shows_less_than(std::chrono::seconds time) const {
    return std::chrono::steady_clock::now() - begin_ < time;
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace

TEST_CASE("replay and import make a copy through a pipe") {
  const History shell;
  CHECK(shell("$cli replay | $cli --db copy.db import").out == "imported 7138, skipped 0\n");
  CHECK(shell("$cli replay >all; $cli --db copy.db replay | cmp - all").exit_code == 0);
}

TEST_CASE("replay steers no terminal and gives a program the text as it is") {
  const Shell shell;
  const std::string stored =
      "{\"text\":\"red\xc2\x9b"
      "31m\"}";
  REQUIRE(shell("echo '{\"aggregateId\":\"a\",\"version\":1,\"type\":\"T\",\"payload\":" + stored +
                "}' | $cli push-event S")
              .exit_code == 0);
  const auto has = [](const Finished& finished, const std::string& text) {
    return finished.out.find(text) != std::string::npos;
  };
  CHECK(has(shell("$cli replay"), stored));
  if (shell("script -qec true /dev/null < /dev/null").exit_code != 0) {
    MESSAGE("this system gives no terminal");
    return;
  }
  const Finished shown = shell("script -qec \"$cli replay\" /dev/null < /dev/null");
  CHECK(has(shown, R"({"text":"red\u009b31m"})"));
  CHECK_FALSE(has(shown, stored));
}

TEST_CASE("replay ends where nobody reads it") {
  const History shell;
  const Finished broken = shell("{ $cli replay; echo $? >code; } | head -n 1 >first; cat code");
  CHECK(broken.out == "141\n");  // by SIGPIPE
  CHECK(broken.err.empty());
  SUBCASE("and ends its program first") {
    CHECK(shell("{ $cli replay --map 'trap \"touch ended\" TERM; cat; sleep 5 & wait'; } |"
                " head -n 1 >first; [ -e ended ]")
              .exit_code == 0);
  }
}

TEST_CASE("a program gets every event and its events are replayed") {
  const History shell;
  SUBCASE("all of them") {
    CHECK(shell("$cli replay --map 'tee given' >printed;"
                " $cli replay | cmp - given &&"
                " sed 's/\"position\":[0-9]*,//' given | cmp - printed")
              .exit_code == 0);
  }
  SUBCASE("or some") {
    CHECK(shell("$cli replay --map 'grep COMMITTED' >some; $cli replay --type COMMITTED |"
                " sed 's/\"position\":[0-9]*,//' | cmp - some && [ -s some ]")
              .exit_code == 0);
  }
  SUBCASE("or several") {
    CHECK(shell(R"($cli replay --map 'sed "p;s/FILES/COPIES/;s/COMMITS/OTHERS/"' --into new.db)")
              .out == "replayed 14276, skipped 0\n");
  }
  SUBCASE("or none") {
    const Finished none = shell("$cli replay --map 'cat >given' --into new.db; wc -l <given");
    CHECK(none.out == "replayed 0, skipped 0\n7138\n");
  }
  SUBCASE("of all stores or of some") {
    CHECK(shell("$cli replay COMMITS --map cat --into new.db").exit_code == 0);
    CHECK(shell("$cli replay COMMITS --into new.db").out.starts_with("replayed 0, skipped "));
  }
}

TEST_CASE("a program may read and print as it likes") {
  const History shell;
  REQUIRE(shell("$cli replay >all").exit_code == 0);
  SUBCASE("everything before it has read anything") {
    CHECK(shell("$cli replay --map 'cat all; cat >/dev/null' | wc -l").out == "7138\n");
  }
  SUBCASE("everything after it has read everything") {
    CHECK(shell("$cli replay --map sort | wc -l").out == "7138\n");
  }
  SUBCASE("nothing for a while") {
    CHECK(shell("$cli replay --map 'sleep 0.5; cat' | wc -l").out == "7138\n");
  }
  SUBCASE("its output closed") {
    CHECK(shell("$cli replay --map 'exec >&-; wc -l >count'; cat count").out == "7138\n");
  }
  SUBCASE("blank lines and a last line without its end") {
    CHECK(
        shell("$cli replay --map 'echo; echo \" \"; cat >/dev/null; head -n 1 all | tr -d \"\\n\"'"
              " | wc -l")
            .out == "1\n");
  }
  SUBCASE("with our standard streams closed") {
    CHECK(shell("$cli replay --map cat --into new.db <&- >&-").exit_code ==
          1);  // no result printed
    CHECK(shell("$cli replay --map cat --into new.db <&-").out == "replayed 0, skipped 7138\n");
  }
  SUBCASE("where our parent ignores that children end") {
    CHECK(shell("(trap '' CHLD; exec $cli replay --map cat) | wc -l").out == "7138\n");
  }
}

TEST_CASE("a program that fails is an error with its status") {
  const History shell;
  const auto stopped = [&](const std::string& map, const std::string& status) {
    CAPTURE(map);
    const Finished finished = shell("$cli replay --format json --map '" + map + "' --into new.db");
    CHECK(finished.exit_code == 1);
    CHECK(finished.out.empty());
    CHECK(contains(finished.err, R"({"error":{"code":"Program","message":"The program )"));
    CHECK(contains(finished.err, status));
    CHECK(contains(finished.err, "run it again to go on"));
  };
  stopped("exit 3", R"("program":"exit 3","exitStatus":3)");
  stopped("cat; exit 4", R"("exitStatus":4)");
  stopped("head -n 3000; exit 5", R"("exitStatus":5)");
  stopped("no-such-program", R"("exitStatus":127)");
  stopped("kill -9 $$", R"("signal":9)");
  stopped("cat >/dev/null; kill -TERM $$", R"("signal":15)");
  SUBCASE("and what it has written stays") {
    CHECK(contains(shell("$cli replay --map cat --into new.db").out, "replayed "));
    CHECK(shell("$cli --db new.db replay >new; $cli replay | cmp - new").exit_code == 0);
    CHECK(shell("$cli replay --map cat --into new.db").out == "replayed 0, skipped 7138\n");
  }
}

TEST_CASE("a program that stops reading is an error whatever its status") {
  const std::string expected =
      "castore-cli: The program stopped reading before it had all events: ";
  SUBCASE("in the middle of many events") {
    const History shell;
    for (const std::string map : {"true", "head -n 1", "sed 100q"}) {
      CAPTURE(map);
      const Finished stopped = shell("$cli replay --map '" + map + "' --into new.db");
      CHECK(stopped.exit_code == 1);
      CHECK(contains(stopped.err, expected + map));
    }
  }
  SUBCASE("of so few events that a pipe holds them") {
    const FiveEvents shell;
    for (const std::string map : {"true", "sleep 0.3"}) {
      CAPTURE(map);
      const Finished stopped = shell("$cli replay --map '" + map + "' --into new.db");
      CHECK(stopped.exit_code == 1);
      CHECK(contains(stopped.err, expected + map));
    }
  }
  SUBCASE("though it goes on without reading") {
    const History shell;
    const StopWatch watch;
    const Finished stopped = shell("$cli replay --map 'exec <&-; sleep 60' --into new.db");
    CHECK(stopped.exit_code == 1);
    CHECK(contains(stopped.err, expected));
    CHECK(watch.shows_less_than(std::chrono::seconds{30}));
  }
  SUBCASE("unless there is nothing to read") {
    const FiveEvents shell;
    CHECK(shell("$cli replay --after 5 --map true --into new.db").out == "replayed 0, skipped 0\n");
  }
}

TEST_CASE("a program that prints nonsense is an error with the line") {
  const FiveEvents shell;
  const Finished stopped = shell("$cli replay --format json --map 'head -n 1; echo nonsense; cat'");
  CHECK(stopped.exit_code == 6);
  CHECK(stopped.err.starts_with(
      R"({"error":{"code":"InvalidEvent","message":"Line 2 of the program's output: )"));
  CHECK(contains(stopped.err, R"("line":2)"));
  SUBCASE("as is one whose events have no timestamp") {
    const Finished timeless = shell(R"($cli replay --format json --map 'sed "s/timestamp/time/"')");
    CHECK(timeless.exit_code == 6);
    CHECK(contains(timeless.err, R"("path":"event.timestamp","line":1)"));
  }
  SUBCASE("even if it does not end or does not want to") {
    const StopWatch watch;
    CHECK(shell("$cli replay --map 'echo nonsense; sleep 60'").exit_code == 6);
    CHECK(shell("$cli replay --map 'trap : TERM; echo nonsense; while :; do sleep 60; done'")
              .exit_code == 6);
    CHECK(shell("$cli replay --map 'yes nonsense'").exit_code == 6);
    CHECK(watch.shows_less_than(std::chrono::seconds{30}));
  }
}

TEST_CASE("what a program prints keeps the rules of a push wherever it goes") {
  const FiveEvents shell;
  std::string rule;
  std::string code = R"("code":"InvalidEvent")";
  std::string field;
  SUBCASE("of versions") {
    rule = R"(s/"version":2/"version":0/)";
    field = R"("path":"event.version")";
  }
  SUBCASE("of event stores") {
    rule = R"(2s/"S"/"castore.S"/)";
    field = R"("path":"eventStoreId")";
  }
  SUBCASE("of aggregate ids") {
    rule = R"(2s/"aggregateId":"a"/"aggregateId":""/)";
    field = R"("path":"event.aggregateId")";
  }
  SUBCASE("of types") {
    rule = R"(2s/"X"/"__REPLAYED__"/)";
    code = R"("code":"ReservedEventType")";
    field = R"("type":"__REPLAYED__")";
  }
  REQUIRE(shell("echo '" + rule + "' >rule").exit_code == 0);
  for (const std::string target :
       {"", "--exec cat", "--into new.db", "--into new.db --unchecked"}) {
    CAPTURE(target);
    const Finished stopped = shell("$cli replay --format json --map \"sed -f rule\" " + target);
    CHECK(stopped.exit_code == 6);
    CHECK(contains(stopped.err, code));
    CHECK(contains(stopped.err, "Line 2 of the program's output: "));
    CHECK(contains(stopped.err, field));
    CHECK(contains(stopped.err, R"("line":2)"));
  }
}

TEST_CASE("an event of a program that differs from a stored one names its line") {
  const FiveEvents shell;
  REQUIRE(shell("$cli replay --into new.db").exit_code == 0);
  const Finished differs =
      shell(R"($cli replay --format json --map 'sed "3s/\"X\"/\"Y\"/"' --into new.db)");
  CHECK(differs.exit_code == 4);
  CHECK(contains(differs.err, "Line 3 of the program's output: the stored event differs"));
  CHECK(contains(differs.err, R"("line":3,"replayed":0,"skipped":0}})"));
  CHECK_FALSE(contains(differs.err, "run it again"));  // it would differ again
}

TEST_CASE("a command is run for each event") {
  const FiveEvents shell;
  const std::string printed = shell("$cli replay").out;
  CHECK(shell("$cli replay --exec cat").out == printed);
  SUBCASE("whether it reads it or not") {
    CHECK(shell("$cli replay --exec 'echo one'").out == "one\none\none\none\none\n");
    CHECK(shell("$cli replay --exec 'exec <&-; sleep 0.01'").exit_code == 0);
  }
  SUBCASE("a large one as well") {
    const Finished large = shell(
        R"({ printf '{"aggregateId":"b","version":1,"type":"X","payload":"'; head -c 1000000 /dev/zero |)"
        R"( tr '\0' x; echo '"}'; } | $cli push-event S >pushed;)"
        " $cli replay --aggregate b --exec 'wc -c' && $cli replay --aggregate b --exec true");
    CHECK(large.exit_code == 0);
    CHECK(contains(large.out, "10001"));
  }
  SUBCASE("and for each that a program makes of it") {
    CHECK(shell("$cli replay --map 'sed -n 1p' --exec cat").out ==
          std::string(line_without_position) + "\n");
  }
  SUBCASE("of those that were there when it began") {
    const std::string push_other =
        R"(--exec 'sed "s/\"S\"/\"OTHER\"/;s/\"version\":[0-9]*,/\"version\":1,/;)"
        R"(s/\"aggregateId\":\"a\"/\"aggregateId\":\"'\$\$'\"/" | $cli import')";
    CHECK(shell("export cli; $cli replay " + push_other).exit_code == 0);
    CHECK(shell("$cli replay --dry-run").out == "10 events would be replayed\n");
  }
}

TEST_CASE("a command that fails stops the replay and it says how to go on") {
  const FiveEvents shell;
  const Finished stopped =
      shell(R"($cli replay --format json --exec 'grep -v "version\":4"' >got; code=$?;)"
            " wc -l <got; exit $code");
  CHECK(stopped.exit_code == 1);
  CHECK(stopped.out == "3\n");
  CHECK(stopped.err.starts_with(
      R"({"error":{"code":"Program","message":"Position 4: The program ended with exit status 1: )"));
  CHECK(stopped.err.ends_with(R"("exitStatus":1,"position":4,"replayed":3,"after":3}})"
                              "\n"));
  CHECK(contains(stopped.err, "(replayed 3; go on with --after 3)"));
  CHECK(shell("$cli replay --after 3 --exec cat | wc -l").out == "2\n");
  SUBCASE("as does one that is not found") {
    const Finished missing = shell("$cli replay --exec no-such-command");
    CHECK(missing.exit_code == 1);
    CHECK(contains(missing.err,
                   "Position 1: The program ended with exit status 127: no-such-command"));
  }
  SUBCASE("as does one that is killed") {
    CHECK(contains(shell("$cli replay --after 2 --exec 'kill -9 $$'").err,
                   "Position 3: The program was ended by signal 9: kill -9 $$ (replayed 0; go on "
                   "with --after 2)"));
  }
  SUBCASE("and names the line of a program's output") {
    const Finished mapped = shell("$cli replay --map cat --exec false");
    CHECK(mapped.err ==
          "castore-cli: Line 1 of the program's output: The program ended with exit status 1: "
          "false (replayed 0)\n");
  }
}

TEST_CASE("an interrupted replay stops between events and says how to go on") {
  const std::string something_in_new_db = "$cli --db new.db replay 2>/dev/null | grep -q .";
  SUBCASE("at its own pace") {
    const FiveEvents shell;
    const Finished stopped =
        shell(interrupted("$cli replay --rate-limit 3 >first", "[ -s first ]"));
    CHECK(stopped.exit_code == 130);
    CHECK(stopped.err.starts_with("castore-cli: Interrupted (replayed "));
    CHECK(shell("$cli replay --after " + after_of(stopped.err) +
                " >rest; cat first rest >both; $cli replay | cmp - both")
              .exit_code == 0);
  }
  SUBCASE("while a command runs") {
    const FiveEvents shell;
    const Finished stopped = shell(interrupted(
        "$cli --format json replay --exec 'touch begun; sleep 1; echo done'", "[ -e begun ]"));
    CHECK(stopped.exit_code == 130);
    CHECK(stopped.out == "done\n");
    CHECK(stopped.err ==
          R"-({"error":{"code":"Interrupted","message":"Interrupted (replayed 1; go on with )-"
          R"-(--after 1)","replayed":1,"after":1}})-"
          "\n");
  }
  SUBCASE("by SIGTERM and SIGHUP as well") {
    const FiveEvents shell;
    const auto stopped_by = [&shell](const std::string& signal) {
      return shell(interrupted("$cli replay --exec 'cat >>" + signal + "; sleep 0.5'",
                               "[ -s " + signal + " ]", signal));
    };
    for (const auto& [signal, code] : {std::pair{"TERM", 143}, {"HUP", 129}}) {
      const Finished stopped = stopped_by(signal);
      CHECK(stopped.exit_code == code);
      CHECK(stopped.err == "castore-cli: Interrupted (replayed 1; go on with --after 1)\n");
      CHECK(shell("wc -l <" + std::string(signal)).out == "1\n");
    }
  }
#ifndef __SANITIZE_THREAD__  // which puts signals off until the program that is run has ended
  SUBCASE("unless a second signal ends it at once") {
    const FiveEvents shell;
    const StopWatch watch;
    const Finished ended = shell(
        "{ $cli replay --exec 'touch begun; exec sleep 30' & } ; job=$!;"
        " until [ -e begun ]; do sleep 0.05; done;"
        " kill -HUP $job; sleep 0.2; kill -TERM $job; wait $job");
    CHECK(ended.exit_code == 143);
    CHECK_FALSE(contains(ended.err, "Interrupted"));
    CHECK(watch.shows_less_than(std::chrono::seconds{15}));
  }
#endif
  SUBCASE("while nobody takes what it prints") {
    const History shell;
    const Finished stopped = shell(
        "mkfifo pipe; { env --default-signal=INT $cli replay >pipe & } ; job=$!; exec 3<pipe;"
        " sleep 0.5; kill -INT $job; sleep 0.2; cat <&3 >first; wait $job");
    CHECK(stopped.exit_code == 130);
    CHECK(shell("$cli replay --after " + after_of(stopped.err) +
                " >rest; cat first rest >both; $cli replay | cmp - both")
              .exit_code == 0);
  }
  SUBCASE("and takes what its program makes of the events it got") {
    const History shell;
    const Finished stopped =
        shell(interrupted("$cli replay --into new.db --map "
                          "'while IFS= read -r x; do printf \"%s\\n\" \"$x\"; sleep 0.001; done'",
                          something_in_new_db));
    CHECK(stopped.exit_code == 130);
    const std::string after = after_of(stopped.err);
    CHECK(contains(stopped.err, "(replayed " + after + ", skipped 0; go on with "));
    CHECK(shell("$cli --db new.db replay >first; $cli replay --after " + after +
                " >rest; cat first rest >both; $cli replay | cmp - both")
              .exit_code == 0);
  }
  SUBCASE("into another file") {
    const FiveEvents shell;
    const Finished stopped =
        shell(interrupted("$cli replay --rate-limit 2 --into new.db", something_in_new_db));
    CHECK(stopped.exit_code == 130);
    CHECK(shell("$cli replay --into new.db --after " + after_of(stopped.err)).exit_code == 0);
    CHECK(shell("$cli --db new.db replay >new; $cli replay | cmp - new").exit_code == 0);
  }
}
