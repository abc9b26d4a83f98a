#include <doctest/doctest.h>
#include <string>
#include <utility>

#include "shell.hpp"

using castore::testing::Finished;
using castore::testing::Shell;

namespace {

const std::string push =
    R"($cli push-event POKEMONS --event '{"aggregateId":"pikachu","version":1,)"
    R"("type":"POKEMON_APPEARED","timestamp":"2022-01-01T00:00:00Z",)"
    R"("payload":{"name":"Pikachu","level":42}}')";

}  // namespace

TEST_CASE("the program reads standard input and writes standard output") {
  const Shell shell;
  const Finished piped = shell(
      R"(echo '{"aggregateId":"a","version":1,"type":"X","timestamp":"2022-01-01T00:00:00Z"}')"
      " | $cli push-event S && $cli --format jsonl get-events S a");
  CHECK(piped.exit_code == 0);
  const std::string event =
      R"({"aggregateId":"a","version":1,"type":"X","timestamp":"2022-01-01T00:00:00.000Z"})"
      "\n";
  CHECK(piped.out == event + event);
  CHECK(piped.err.empty());
}

TEST_CASE("a plugin brings the application's reducers") {
  const Shell shell;
  const Finished aggregate =
      shell(push + " >pushed; $cli --plugin $plugin --format json get-aggregate POKEMONS pikachu");
  CHECK(aggregate.exit_code == 0);
  CHECK(aggregate.err.empty());
  CHECK(aggregate.out == R"({"aggregate":{"aggregateId":"pikachu","level":42,"name":"Pikachu",)"
                         R"("trainer_id":"","version":1}})"
                         "\n");
  SUBCASE("and its errors pass through") {
    const Finished unknown =
        shell(R"($cli push-event POKEMONS --event '{"aggregateId":"a","version":1,"type":"X"}' >p;)"
              " $cli --plugin $plugin get-aggregate POKEMONS a");
    CHECK(unknown.exit_code == 1);
    CHECK(unknown.err.starts_with(
        "castore-cli: Malformed event in POKEMONS aggregate a version 1 of type X: "));
  }
  SUBCASE("and its check of what is written") {
    const Finished misspelt =
        shell(R"($cli --plugin $plugin push-event POKEMONS --event '{"aggregateId":"a",)"
              R"("version":1,"type":"POKEMON_APEARED"}')");
    CHECK(misspelt.exit_code == 6);
    CHECK(misspelt.err ==
          "castore-cli: Invalid event: type POKEMON_APEARED is unknown to event store POKEMONS; "
          "did you mean POKEMON_APPEARED?\n");
  }
  SUBCASE("once") {
    const Finished twice = shell("$cli list-stores --plugin $plugin --plugin $plugin");
    CHECK(twice.exit_code == 1);
    CHECK(twice.err.find("POKEMONS is there already") != std::string::npos);
  }
}

TEST_CASE("a plugin brings the application's commands") {
  const Shell shell;
  CHECK(shell("$cli --plugin $plugin list-commands").out == "ECHO\n");
  CHECK(shell("echo '{ \"a\": 1.0 }' | $cli run-command ECHO --plugin $plugin").out ==
        "{\"a\":1.0}\n");
  CHECK(shell("$cli run-command ECHO '{}'").exit_code == 3);
}

TEST_CASE("a plugin that cannot be used is an error that says why") {
  const Shell shell;
  CHECK(shell(push).exit_code == 0);
  const Finished missing = shell("$cli --plugin ./none.so --format json list-stores");
  CHECK(missing.exit_code == 1);
  CHECK(missing.out.empty());
  CHECK(missing.err.starts_with(
      R"({"error":{"code":"Plugin","message":"Plugin ./none.so: cannot be loaded: )"));
  CHECK(missing.err.ends_with("\"plugin\":\"./none.so\"}}\n"));
  CHECK(shell(std::string("$cli list-stores --plugin ") + CASTORE_NO_PLUGIN).exit_code == 1);
  const Finished broken = shell(std::string("$cli list-stores --plugin ") + CASTORE_BROKEN_PLUGIN);
  CHECK(broken.exit_code == 1);
  CHECK(broken.err.find("castore_register failed: the configuration is missing") !=
        std::string::npos);
  const Finished odd =
      shell(std::string("ODD=1 $cli list-stores --plugin ") + CASTORE_BROKEN_PLUGIN);
  CHECK(odd.exit_code == 1);
  CHECK(odd.err.find("castore_register failed: an exception of unknown type") != std::string::npos);
}

TEST_CASE("the file can be named by the environment") {
  const Shell shell;
  CHECK(shell(push).exit_code == 0);
  const Finished listed =
      shell(std::string("CASTORE_DB=events.db ") + CASTORE_CLI + " list-ids POKEMONS");
  CHECK(listed.out == "pikachu\n");
  SUBCASE("but the option wins") {
    CHECK(shell("CASTORE_DB=none.db $cli list-ids POKEMONS").out == "pikachu\n");
  }
  SUBCASE("and has to be named by one of them") {
    const Finished unnamed =
        shell(std::string("unset CASTORE_DB; ") + CASTORE_CLI + " list-ids POKEMONS");
    CHECK(unnamed.exit_code == 2);
    CHECK(unnamed.err ==
          "castore-cli: Invalid option db: is missing: give --db FILE or set CASTORE_DB\n");
  }
}

TEST_CASE("xargs hands each id of list-ids to a command whatever is in it") {
  const Shell shell;
  std::string lines;
  std::string payloads;
  for (const std::string id : {R"("-x")", R"("\\n")", R"("a b")", R"("it's")", R"("two\nlines")"}) {
    payloads += "[" + id + "]\n";
    lines += R"({"eventStoreId":"S","event":{"aggregateId":)" + id + R"(,"version":1,"type":"X",)" +
             R"("timestamp":"2022-01-01T00:00:00Z","payload":[)" + id + "]}}\n";
  }
  const Finished listed =
      shell("$cli import <<'END' >imported\n" + lines +
            "END\n $cli list-ids S -0 | xargs -0 -n 1 $cli get-events S -- | cut -f 4");
  CHECK(listed.exit_code == 0);
  CHECK(listed.err.empty());
  CHECK(listed.out == payloads);
}

TEST_CASE("get-aggregate takes at most six times the memory of a payload") {
  const Shell shell;
  const Finished pushed = shell(
      R"({ printf '{"aggregateId":"text","version":1,"type":"X","payload":{"a":"'; )"
      R"(head -c 10000000 /dev/zero | tr '\0' x; printf '"}}'; } | $cli push-event S >pushed; )"
      R"({ printf '{"aggregateId":"members","version":1,"type":"X","payload":{"a":0'; )"
      R"(seq -f ',"member%010.0f":true' 1 400000 | tr -d '\n'; printf '}}'; } | )"
      R"($cli push-event S >pushed)");
  REQUIRE(pushed.exit_code == 0);
  const std::string limited = "ulimit -v 80000 && $cli get-aggregate S ";
  if (shell(limited + "none").exit_code != 3) return;  // sanitizers take more by themselves
  for (const std::string id : {"text", "members"}) {
    CAPTURE(id);
    const Finished aggregate = shell(limited + id + " | tail -c 6");
    CHECK(aggregate.out.ends_with("\n}\n"));
    CHECK(aggregate.err.find("note: no reducer") != std::string::npos);
  }
}

TEST_CASE("a reader that goes away or a closed output is no success") {
  const Shell shell;
  const std::string import =
      std::string("$cli import ") + CASTORE_TEST_DATA + "/cli11-history.jsonl";
  CHECK(shell(import).out == "imported 7138, skipped 0\n");
  SUBCASE("where nobody reads the pipe a command that only reads ends by SIGPIPE") {
    for (const std::string command : {"list-ids COMMITS", "list-stores", "--help", "replay",
                                      "replay --map cat", "list-ids COMMITS --format json"}) {
      CAPTURE(command);
      const Finished broken =
          shell("{ sleep 0.1; $cli " + command + "; echo $? >code; } | true; cat code");
      CHECK(broken.out == "141\n");
      CHECK(broken.err.empty());
    }
  }
  SUBCASE("where nobody reads the pipe and our parent ignores that") {
    const Finished broken = shell(
        "{ sleep 0.1; (trap '' PIPE; exec $cli list-ids COMMITS); echo $? >code; } | true;"
        " cat code");
    CHECK(broken.out == "1\n");
    CHECK(broken.err == "castore-cli: standard output could not be written\n");
  }
  SUBCASE("where nobody reads what has been written") {
    const Finished pushed = shell("{ sleep 0.1; " + push + "; echo $? >code; } | true; cat code");
    CHECK(pushed.out == "1\n");
    CHECK(pushed.err == "castore-cli: standard output could not be written; the event is stored\n");
    const Finished replayed =
        shell("{ sleep 0.1; $cli replay --into new.db; echo $? >code; } | true; cat code");
    CHECK(replayed.out == "1\n");
    CHECK(replayed.err ==
          "castore-cli: standard output could not be written; everything is replayed\n");
  }
  SUBCASE("where the disk is full") {
    const Finished full = shell("$cli list-ids COMMITS >/dev/full");
    CHECK(full.exit_code == 1);
    CHECK(full.err == "castore-cli: standard output could not be written\n");
  }
  SUBCASE("where standard error is gone as well") {
    CHECK(shell("{ sleep 0.1; $cli list-ids NONE 2>&1; echo $? >code; } | true; cat code").out ==
          "3\n");
  }
  SUBCASE("where standard output is closed") {
    CHECK(shell("$cli list-ids COMMITS >&-").exit_code == 1);
    const Finished pushed = shell(push + " >&-");
    CHECK(pushed.exit_code == 1);
    CHECK(pushed.err == "castore-cli: standard output could not be written; the event is stored\n");
    CHECK(shell("$cli list-ids POKEMONS").out == "pikachu\n");
  }
  SUBCASE("where standard input is closed") {
    const Finished closed = shell("$cli import <&-");
    CHECK(closed.exit_code == 1);
    CHECK(closed.err.starts_with("castore-cli: The input cannot be read"));
  }
}

TEST_CASE("a signal ends an import that waits for its input") {
  const Shell shell;
  // a shell's background jobs ignore SIGINT: env gives the program the usual one back
  const auto stopped_by = [&shell](const std::string& signal, const std::string& input) {
    return shell("rm -f lines; mkfifo lines; { env --default-signal=INT $cli import " + input +
                 " & } ; job=$!; exec 3>lines; printf '{\"half' >&3; sleep 0.4; kill -" + signal +
                 " $job; wait $job");
  };
  for (const auto& [signal, code] : {std::pair{"INT", 130}, {"TERM", 143}, {"HUP", 129}}) {
    for (const std::string input : {"<lines", "lines"}) {
      CAPTURE(input);
      const Finished stopped = stopped_by(signal, input);
      CHECK(stopped.exit_code == code);
      CHECK(stopped.err ==
            "castore-cli: Interrupted (imported 0, skipped 0; committed up to line 0)\n");
    }
  }
}

TEST_CASE("a signal ends an import whose input nobody opens") {
  const Shell shell;
  const Finished stopped = shell(
      "mkfifo lines; { $cli import lines & } ; job=$!; sleep 0.4; kill -TERM $job; wait $job");
  CHECK(stopped.exit_code == 143);
  CHECK(stopped.err.starts_with("castore-cli: Interrupted"));
}

TEST_CASE("a signal that is ignored stays ignored") {
  const Shell shell;
  const Finished finished = shell(
      "mkfifo lines; { (trap '' HUP; exec $cli import lines) & } ; job=$!; exec 3>lines; sleep 0.4;"
      " kill -HUP $job; sleep 0.2; exec 3>&-; wait $job");
  CHECK(finished.exit_code == 0);
  CHECK(finished.out == "imported 0, skipped 0\n");
}

TEST_CASE("a temporary file that cannot be written is told from the database") {
  const Shell shell;
  const Finished imported =
      shell(R"(awk 'BEGIN { for (i = 0; i < 20000; ++i) printf("{\"eventStoreId\":\"S\",\"event\":)"
            R"({\"aggregateId\":\"%0150d\",\"version\":1,\"type\":\"T\",)"
            R"(\"timestamp\":\"2022-01-01T00:00:00Z\"}}\n", i) }' | $cli import)");
  REQUIRE(imported.exit_code == 0);
  const Finished listed =
      shell("trap '' XFSZ; ulimit -f 256; TMPDIR=. $cli list-stores");  // of 512 bytes
  CHECK(listed.exit_code == 1);
  CHECK(listed.out.empty());
  CHECK(listed.err.find("events.db: a temporary file for putting events in order failed, not the "
                        "database: ") != std::string::npos);
  CHECK(listed.err.find("SQLITE_TMPDIR, TMPDIR, ") != std::string::npos);
  CHECK(shell("TMPDIR=. $cli list-stores").exit_code == 0);
  CHECK(shell("TMPDIR=./nowhere SQLITE_TMPDIR=./nowhere $cli list-stores").exit_code == 0);
}
