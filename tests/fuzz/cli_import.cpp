/// \file
/// JSON Lines through the program: `castore-cli import`, into a file. It holds what the lines say
/// up to the one that is reported as committed, and importing them again changes nothing.

#include <castore/cli/run.hpp>
#include <castore/event_json.hpp>
#include <castore/in_memory/event_storage_adapter.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "fuzz.hpp"
#include "nlohmann.hpp"
#include "support/events.hpp"
#include "support/temporary_directory.hpp"

namespace castore::fuzz {
namespace {

/// A database that is made once and emptied by copying: migrations are slow.
class Database {
 public:
  Database() {
    static_cast<void>(open());
    std::ifstream file(path(), std::ios::binary);
    empty_.assign(std::istreambuf_iterator<char>(file), {});
  }

  void clear() const {
    for (const auto* name : {"events.db-wal", "events.db-shm"}) {
      std::filesystem::remove(directory_ / name);
    }
    std::ofstream(path(), std::ios::binary) << empty_;
  }

  [[nodiscard]] std::filesystem::path path() const { return directory_ / "events.db"; }
  [[nodiscard]] std::shared_ptr<sqlite::Database> open() const {
    return sqlite::Database::open(path(), {.synchronous = sqlite::Synchronous::off});
  }

 private:
  testing::TemporaryDirectory directory_;
  std::string empty_;
};

struct Finished {
  int exit_code = 0;
  std::string out;
  std::string err;
};

Finished import(const Database& database, std::string_view lines) {
  const std::string file = database.path().string();
  const std::initializer_list<const char*> argv{"castore-cli", "--db",   file.c_str(), "--format",
                                                "jsonl",       "import", "--batch",    "3"};
  std::istringstream in{std::string(lines)};
  std::ostringstream out;
  std::ostringstream err;
  const int exit_code =
      cli::run(static_cast<int>(argv.size()), std::data(argv), {}, {in, out, err});
  return {exit_code, out.str(), err.str()};
}

struct Counted {
  std::int64_t imported = 0;
  std::int64_t skipped = 0;
};

std::string report(const Counted& counted) {
  return "{\"imported\":" + std::to_string(counted.imported) +
         ",\"skipped\":" + std::to_string(counted.skipped) + "}\n";
}

/// The first `count` lines, which are known to be fine, in memory.
Counted import_in_memory(EventStorageAdapter& adapter, std::string_view lines, std::int64_t count) {
  Counted counted;
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (lines.starts_with(byte_order_mark)) lines.remove_prefix(byte_order_mark.size());
  for (std::int64_t number = 1; number <= count && !lines.empty(); ++number) {
    const std::string_view line = take_until('\n', lines);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const EventLine stored = parse_event_line(line);
    try {
      static_cast<void>(adapter.push_event(stored.event_store_id, to_view(stored.event), {}));
      ++counted.imported;
    } catch (const EventAlreadyExistsError&) {
      ++counted.skipped;
    }
  }
  return counted;
}

void require_same(const EventStorageAdapter& expected, const EventStorageAdapter& stored) {
  require(stored.list_event_stores() == expected.list_event_stores(),
          "the file has the event stores of the committed lines");
  for (const EventStoreSummary& store : expected.list_event_stores()) {
    const auto ids = expected.list_aggregate_ids(store.event_store_id, {}).aggregate_ids;
    require(stored.list_aggregate_ids(store.event_store_id, {}).aggregate_ids == ids,
            "the file lists the aggregates of the committed lines");
    for (const auto& [id, timestamp] : ids) {
      require(testing::read(stored, store.event_store_id, id) ==
                  testing::read(expected, store.event_store_id, id),
              "the file holds the committed events byte for byte");
    }
  }
}

/// Answers the line up to which everything is committed.
std::int64_t check_error(const Finished& finished) {
  require(finished.exit_code == 4 || finished.exit_code == 6,
          "an import that stops met a conflict or bad input");
  require(finished.out.empty(), "an import that stops reports no result");
  const Opinion opinion = nlohmann_on(finished.err);
  require(opinion.value.has_value() && finished.err.find('\n') == finished.err.size() - 1,
          "an error is one line of JSON");
  const nlohmann::json& error = opinion.value->at("error");
  const auto committed = error.at("committedLines").get<std::int64_t>();
  require(error.at("line").get<std::int64_t>() > committed, "the bad line is not committed");
  return committed;
}

void check(std::string_view lines) {
  static const Database database;
  database.clear();
  const Finished first = import(database, lines);
  const bool complete = first.exit_code == 0;
  const std::int64_t committed =
      complete ? std::numeric_limits<std::int64_t>::max() : check_error(first);

  InMemoryEventStorageAdapter expected;
  const Counted counted = import_in_memory(expected, lines, committed);
  require_same(expected, SqliteEventStorageAdapter(database.open()));
  if (complete) {
    require(first.out == report(counted), "an import counts its events");
    require(import(database, lines).out == report({.skipped = counted.imported + counted.skipped}),
            "an import can be run again");
  } else {
    require(import(database, lines).err.find("\"imported\":0,") != std::string::npos,
            "an import that stopped stops again at the same line");
  }
}

}  // namespace
}  // namespace castore::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  castore::fuzz::check(castore::fuzz::text_of(data, size));
  return 0;
}
