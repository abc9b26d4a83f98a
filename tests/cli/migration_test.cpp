#include <doctest/doctest.h>

#include "run_cli.hpp"

using namespace castore;
using namespace castore::testing;

namespace {

std::string stored(const std::string& store, const std::string& id, int version,
                   const std::string& type, const std::string& payload) {
  return "{\"eventStoreId\":\"" + store + "\",\"event\":{\"aggregateId\":\"" + id +
         "\",\"version\":" + std::to_string(version) + ",\"type\":\"" + type +
         "\",\"timestamp\":\"2022-01-01T00:00:00.000Z\"" +
         (payload.empty() ? "" : ",\"payload\":" + payload) + "}}\n";
}

/// Numbers that no double holds, escapes, and white space.
const std::string exact =
    R"({"big":12345678901234567890123,"e":1.0e2, "own\u0065r" : {"name":"\u00e9/","x":[1.50]}})";

class OldFile : public Cli {
 public:
  OldFile() {
    import(stored("SHOP", "a", 1, "OPENED", exact) + stored("SHOP", "a", 2, "NOISE", "") +
           stored("SHOP", "a", 3, "CLOSED", R"({"owner":{"name":"x"}})") +
           stored("CLUB", "a", 1, "OPENED", R"([{"name":1},{"name":2}])"));
  }

  /// The lines of another file that everything is replayed to.
  std::string migrated(std::vector<std::string> options) const {
    const std::string file = (directory() / "new.db").string();
    std::vector<std::string> arguments{"replay", "--into", file};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Finished replayed = (*this)(arguments);
    CHECK(replayed.exit_code == 0);
    CHECK(replayed.err == "");
    std::string lines = (*this)({"--db", file, "replay"}).out;
    for (auto at = lines.find("\"position\""); at != lines.npos; at = lines.find("\"position\"")) {
      lines.erase(at, lines.find(',', at) - at + 1);
    }
    return lines;
  }
};

std::string renamed(std::string text, const std::string& from, const std::string& to) {
  text.replace(text.find(from), from.size(), to);
  return text;
}

std::string error_of(const Finished& finished) { return finished.err; }

}  // namespace

TEST_CASE("replay gives event stores and types other names") {
  const OldFile cli;
  CHECK(cli.migrated({"--rename-type", "OPENED=STARTED", "--rename-store", "SHOP=STORE"}) ==
        stored("STORE", "a", 1, "STARTED",
               renamed(renamed(exact, "\"own\\u0065r\" : ", "\"own\\u0065r\":"), ", \"own",
                       ",\"own")) +
            stored("STORE", "a", 2, "NOISE", "") +
            stored("STORE", "a", 3, "CLOSED", R"({"owner":{"name":"x"}})") +
            stored("CLUB", "a", 1, "STARTED", R"([{"name":1},{"name":2}])"));
}

TEST_CASE("replay gives members other names and leaves all else as it is") {
  const OldFile cli;
  const std::string lines = cli.migrated({"--rename-field", "OPENED:/owner/name=/owner/full name",
                                          "--rename-field", "OPENED:/1/name=/1/id"});
  CHECK(lines.find(R"("full name":"\u00e9/","x":[1.50])") != lines.npos);
  CHECK(lines.find(R"("big":12345678901234567890123,"e":1.0e2)") != lines.npos);
  CHECK(lines.find(R"([{"name":1},{"id":2}])") != lines.npos);
  CHECK(lines.find(R"({"owner":{"name":"x"}})") != lines.npos);  // of another type
}

TEST_CASE("replay renames a member whose name is written with escapes or has a slash") {
  const Cli cli;
  cli.import(stored("S", "a", 1, "T", R"({"a/b~c":1,"\u00e9":2})"));
  const Finished renamed_both =
      cli({"replay", "--rename-field", "T:/a~1b~0c=/d", "--rename-field", "T:/\xC3\xA9=/\"e\""});
  CHECK(renamed_both.out.find(R"("payload":{"d":1,"\"e\"":2})") != std::string::npos);
}

TEST_CASE("replay drops types and counts versions anew") {
  const OldFile cli;
  const std::string lines = cli.migrated({"--drop-type", "NOISE", "--renumber"});
  CHECK(lines.find("NOISE") == lines.npos);
  CHECK(lines.find(stored("SHOP", "a", 2, "CLOSED", R"({"owner":{"name":"x"}})")) != lines.npos);
  CHECK(cli({"replay", "--drop-type", "NOISE", "--dry-run"}).out == "3 events would be replayed\n");
  CHECK(cli({"replay", "--drop-type", "NOISE", "SHOP"}).out.find("\"version\":3") !=
        std::string::npos);
}

TEST_CASE("a migration that is run again skips what is there") {
  const OldFile cli;
  static_cast<void>(cli.migrated({"--drop-type", "NOISE", "--renumber"}));
  CHECK(cli({"replay", "--into", (cli.directory() / "new.db").string(), "--drop-type", "NOISE",
             "--renumber"})
            .out == "replayed 0, skipped 3\n");
}

TEST_CASE("a member that would be there twice stops a migration at its event") {
  const OldFile cli;
  const Finished stopped = cli({"replay", "--rename-field", "OPENED:/big=/e", "--format", "json"});
  CHECK(stopped.exit_code == 1);
  CHECK(stopped.out == "");
  CHECK(error_of(stopped).find("payload has e already, beside big") != std::string::npos);
  CHECK(error_of(stopped).find(R"("position":1)") != std::string::npos);
}

TEST_CASE("a rule that met no event is noted") {
  const OldFile cli;
  const Finished noted = cli({"replay", "--rename-type", "OPENDE=STARTED", "--drop-type", "NOISES",
                              "--rename-store", "SHOPS=STORE", "--dry-run"});
  CHECK(noted.exit_code == 0);
  const Finished run =
      cli({"replay", "--rename-type", "OPENDE=STARTED", "--rename-store", "SHOPS=STORE"});
  CHECK(run.err ==
        "castore-cli: note: no event of type OPENDE to change was met\n"
        "castore-cli: note: no event of event store SHOPS to rename was met\n");
}

TEST_CASE("a rule that is none is refused before anything is done") {
  const OldFile cli;
  const auto refused = [&](std::vector<std::string> options) {
    options.insert(options.begin(), "replay");
    const Finished finished = cli(options);
    CHECK(finished.exit_code == 2);
    CHECK(finished.out == "");
    return finished.err;
  };
  for (const std::string wrong : {"A", "A=", "=B", "A=B=C"}) {
    CAPTURE(wrong);
    CHECK(refused({"--rename-type", wrong}).find("must be OLD=NEW") != std::string::npos);
    CHECK(refused({"--rename-store", wrong}).find("must be OLD=NEW") != std::string::npos);
  }
  for (const std::string wrong :
       {"T", "/a=/b", "T:a=b", "T:/a", "T:/a=b", "T:/a/b=/b", "T:/a=/a", "T:/a~2=/b"}) {
    CAPTURE(wrong);
    CHECK(refused({"--rename-field", wrong}).find("rename-field") != std::string::npos);
  }
  CHECK(refused({"--rename-type", "A=B", "--rename-type", "A=C"}).find("twice") !=
        std::string::npos);
  CHECK(refused({"--renumber", "--after", "1"}).find("--after") != std::string::npos);
}
