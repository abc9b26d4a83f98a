#include <doctest/doctest.h>

#include <castore/sqlite/database.hpp>
#include <castore/version.hpp>
#include <string>

#include "run_cli.hpp"

using namespace castore;
using namespace castore::testing;

namespace {

std::string member(const std::string& name, const std::string& value) {
  return '"' + name + "\":" + value;
}

/// The line of text that begins with `name`, from its value on.
std::string value_of(const std::string& text, const std::string& name) {
  const auto at = text.find("\n" + name + ':');
  REQUIRE(at != std::string::npos);
  const auto value = text.find_first_not_of(' ', at + name.size() + 2);
  return text.substr(value, text.find('\n', value) - value);
}

}  // namespace

TEST_CASE("info prints what is known of the file") {
  const Cli cli;
  cli.push("POKEMONS", appeared);
  cli.push("POKEMONS", caught);
  const std::string path = std::filesystem::canonical(cli.file()).string();
  const std::string size = std::to_string(std::filesystem::file_size(cli.file()));
  const std::string schema = std::to_string(sqlite::Database::schema_version());

  for (const std::string format : {"json", "jsonl"}) {
    CAPTURE(format);
    const Finished info = cli({"info", "--format", format});
    CHECK(info.exit_code == 0);
    CHECK(info.err.empty());
    CHECK(info.out.starts_with(R"({"info":{"path":")" + path + R"(","fileSize":)" + size +
                               R"(,"walSize":0,"encoding":"UTF-8","journalMode":"wal",)" +
                               R"("pageSize":4096,)" + member("schemaVersion", schema) + ',' +
                               member("librarySchemaVersion", schema) +
                               R"(,"migrations":[{"version":1,"name":"events","appliedAt":"20)"));
    CHECK(info.out.find(R"(],"lastPosition":2,"sqliteVersion":"3.)") != std::string::npos);
    CHECK(info.out.ends_with(R"(","castoreVersion":")" + std::string(library_version) + "\"}}\n"));
  }
  const Finished text = cli({"info"});
  CHECK(text.out.starts_with("path:           " + path + "\nfile size:      " + size + "\n"));
  CHECK(value_of(text.out, "schema version") == schema + " (this program's is " + schema + ")");
  CHECK(value_of(text.out, "migration 1").starts_with("events, 20"));
  CHECK(value_of(text.out, "last position") == "2");
  CHECK(value_of(text.out, "castore") == library_version);
}

TEST_CASE("info writes nothing and makes no file") {
  const Cli cli;
  CHECK(cli({"info"}).exit_code == 3);
  CHECK_FALSE(cli.has_file());
  cli.push("POKEMONS", appeared);
  const std::string before = read_file(cli.file());
  CHECK(cli({"info"}).exit_code == 0);
  CHECK(read_file(cli.file()) == before);
  CHECK_FALSE(std::filesystem::exists(cli.file().string() + "-wal"));
}

TEST_CASE("info of what is no file of castore's says so") {
  const Cli cli;
  write_file(cli.file(), "This is a text of more than sixteen bytes.");
  const Finished info = cli({"info", "--format", "json"});
  CHECK(info.exit_code == 1);
  CHECK(info.err.find(R"("code":"NotACastoreFile")") != std::string::npos);
}
