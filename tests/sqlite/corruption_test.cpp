// Bytes of a file that were changed behind SQLite's back: an error, or the right answer.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sqlite/flaws.hpp"
#include "sqlite/sql.hpp"
#include "support/errors.hpp"
#include "support/events.hpp"
#include "support/figures.hpp"
#include "support/temporary_directory.hpp"

namespace castore::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t page_size = 512;  // SQLite's smallest: many pages in a small file

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void write_file(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// --- Where what is in the file: https://www.sqlite.org/fileformat2.html -------------------------

/// A stretch of the file.
struct Bytes {
  std::size_t begin = 0;
  std::size_t end = 0;

  [[nodiscard]] bool contains(std::size_t offset) const { return begin <= offset && offset < end; }
};

/// Stretches of the file by what they are: "castore_event leaf cell pointers", "free page".
class Anatomy {
 public:
  Anatomy(std::string bytes, const std::map<std::string, std::uint32_t>& roots)
      : bytes_(std::move(bytes)) {
    add("file header", {0, 100});
    for (const auto& [name, root] : roots) walk(root, name);
    walk_free_pages();
    for (std::size_t page = 1; page <= bytes_.size() / page_size; ++page) {
      if (pages_.contains(page)) continue;
      const std::size_t start = (page - 1) * page_size;
      add("overflow chain", {start, start + 4});
      add("overflow text", {start + 4, start + page_size});
      content_.push_back({start + 4, start + page_size});
    }
  }

  [[nodiscard]] const std::map<std::string, std::vector<Bytes>>& parts() const { return parts_; }

  /// What the columns of an event hold: no structure of SQLite's checks that.
  [[nodiscard]] bool is_stored_content(std::size_t offset) const {
    return std::any_of(content_.begin(), content_.end(),
                       [&](const Bytes& bytes) { return bytes.contains(offset); });
  }

 private:
  void add(const std::string& what, Bytes where) { parts_[what].push_back(where); }

  [[nodiscard]] std::size_t number(std::size_t offset, std::size_t size) const {
    std::size_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      value = value << 8 | static_cast<unsigned char>(bytes_.at(offset + i));
    }
    return value;
  }

  /// Moves `offset` behind it.
  [[nodiscard]] std::size_t varint(std::size_t& offset) const {
    std::size_t value = 0;
    for (bool more = true; more; ++offset) {
      const std::size_t byte = number(offset, 1);
      value = value << 7 | (byte & 0x7F);
      more = (byte & 0x80) != 0;
    }
    return value;
  }

  void walk(std::size_t page, const std::string& name) {
    pages_.insert(page);
    const std::size_t start = (page - 1) * page_size;
    const std::size_t header = start + (page == 1 ? 100 : 0);
    const std::size_t type = number(header, 1);
    const bool interior = type == 2 || type == 5;
    const std::size_t pointers = header + (interior ? 12 : 8);
    const std::size_t count = number(header + 3, 2);
    const std::string what = name + (interior ? " interior" : " leaf");
    add(what + " header", {header, pointers});
    add(what + " pointers", {pointers, pointers + 2 * count});
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t cell = start + number(pointers + 2 * i, 2);
      if (interior) walk(number(cell, 4), name);
      add_cell(cell, type, what);
    }
    if (interior) walk(number(header + 8, 4), name);
  }

  void add_cell(std::size_t cell, std::size_t type, const std::string& what) {
    std::size_t offset = cell + (type == 2 || type == 5 ? 4 : 0);
    if (type == 5) {
      static_cast<void>(varint(offset));
      add(what + " cells", {cell, offset});
      return;
    }
    const std::size_t payload = varint(offset);
    if (type == 13) static_cast<void>(varint(offset));
    const std::size_t local = local_size(payload, type == 13);
    add(what + " cell starts", {cell, offset});
    add(what + " records", {offset, offset + local});
    if (local < payload) add(what + " overflow pointers", {offset + local, offset + local + 4});
    if (type == 13 && what == "castore_event leaf") content_.push_back({offset, offset + local});
  }

  [[nodiscard]] static std::size_t local_size(std::size_t payload, bool table) {
    constexpr std::size_t usable = page_size;
    const std::size_t most = table ? usable - 35 : (usable - 12) * 64 / 255 - 23;
    const std::size_t least = (usable - 12) * 32 / 255 - 23;
    if (payload <= most) return payload;
    const std::size_t fitting = least + (payload - least) % (usable - 4);
    return fitting <= most ? fitting : least;
  }

  void walk_free_pages() {
    for (std::size_t trunk = number(32, 4); trunk != 0;) {
      pages_.insert(trunk);
      const std::size_t start = (trunk - 1) * page_size;
      const std::size_t count = number(start + 4, 4);
      add("free trunk", {start, start + 8 + 4 * count});
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t page = number(start + 8 + 4 * i, 4);
        pages_.insert(page);
        add("free page", {(page - 1) * page_size, page * page_size});
      }
      trunk = number(start, 4);
    }
  }

  std::string bytes_;
  std::set<std::size_t> pages_;
  std::map<std::string, std::vector<Bytes>> parts_;
  std::vector<Bytes> content_;
};

// --- A file with a page of each kind ------------------------------------------------------------

constexpr std::array stores{"POKEMONS", "TRAINERS"};
constexpr int aggregates_per_store = 40;

std::string aggregate(int number) { return "aggregate-" + std::to_string(number); }

NewEventDetail event_of(int number, Version version) {
  const Timestamp timestamp = at("2022-01-01T00:00:00Z") + std::chrono::seconds{number};
  const std::size_t length = number % 8 == 0 ? 1500 : 20;
  NewEventDetail event = new_event(aggregate(number), version, timestamp);
  event.metadata = "{}";
  return with_payload(event, '"' + std::string(length, static_cast<char>('a' + version)) + '"');
}

void fill(EventStorageAdapter& events) {
  for (const char* const store : stores) {
    for (int number = 0; number < aggregates_per_store; ++number) {
      for (Version version = 1; version <= 1 + number % 7; ++version) {
        push(events, store, event_of(number, version));
      }
    }
  }
  // Free pages: what an overwritten event no longer needs.
  push(events, "TRAINERS", with_payload(new_event("large", 1), '"' + std::string(9000, 'x') + '"'));
  push(events, "TRAINERS", new_event("large", 1, at("2022-01-01T00:00:00Z")), {.force = true});
}

std::string make_file(const fs::path& path) {
  Sql{path}("PRAGMA page_size = 512; PRAGMA journal_mode = WAL");
  {
    SqliteEventStorageAdapter events(
        sqlite::Database::open(path, {.synchronous = sqlite::Synchronous::off}));
    fill(events);
  }
  return read_file(path);
}

std::map<std::string, std::uint32_t> roots(const fs::path& path) {
  std::map<std::string, std::uint32_t> roots{{"sqlite_schema", 1}};
  for (const std::string& row :
       Sql{path}("SELECT name || ' ' || rootpage FROM sqlite_schema WHERE rootpage > 0")) {
    const std::size_t space = row.rfind(' ');
    roots[row.substr(0, space)] = static_cast<std::uint32_t>(std::stoul(row.substr(space + 1)));
  }
  return roots;
}

// --- Asking -------------------------------------------------------------------------------------

struct Answers {
  std::vector<EventStoreSummary> summaries;
  std::map<std::string, std::vector<ListedAggregateId>> listings;
  std::map<std::pair<std::string, std::string>, std::vector<EventDetail>> events;
};

Answers right_answers(const EventStorageAdapter& events) {
  Answers answers;
  answers.summaries = events.list_event_stores();
  for (const char* const store : stores) {
    answers.listings[store] = events.list_aggregate_ids(store, {}).aggregate_ids;
    for (const auto& listed : answers.listings[store]) {
      answers.events[{store, listed.aggregate_id}] = read(events, store, listed.aggregate_id);
    }
  }
  return answers;
}

struct Outcome {
  int errors = 0;
  int right = 0;
  std::set<std::string> wrong;
};

/// Asks one thing: a castore::Error is an answer, too.
template <class Ask, class Answer>
void ask(const std::string& what, Ask&& question, const Answer& right, Outcome& outcome) {
  try {
    if (question() == right) {
      ++outcome.right;
    } else {
      outcome.wrong.insert(what);
    }
  } catch (const Error&) {
    ++outcome.errors;
  }
}

void ask_all(const EventStorageAdapter& events, const Answers& right, Outcome& outcome) {
  ask(
      "stores", [&] { return events.list_event_stores(); }, right.summaries, outcome);
  for (const auto& entry : right.listings) {
    const auto list = [&] { return events.list_aggregate_ids(entry.first, {}).aggregate_ids; };
    ask("listing", list, entry.second, outcome);
  }
  for (const auto& entry : right.events) {
    const auto read_again = [&] { return read(events, entry.first.first, entry.first.second); };
    ask("events", read_again, entry.second, outcome);
  }
}

Outcome ask_file(const fs::path& path, const Answers& right) {
  Outcome outcome;
  for (const bool read_only : {true, false}) {
    try {
      SqliteEventStorageAdapter events(sqlite::Database::open(
          path, {.read_only = read_only, .synchronous = sqlite::Synchronous::off}));
      ask_all(events, right, outcome);
      if (!read_only) push(events, "POKEMONS", new_event("new", 1));
    } catch (const Error&) {
      ++outcome.errors;
    }
  }
  return outcome;
}

bool is_found_damaged(const fs::path& path) {
  try {
    Sql sql(path);
    return integrity_check(sql) != std::vector<std::string>{"ok"};
  } catch (const std::runtime_error&) {
    return true;
  }
}

/// The whole file, and copies of it to damage.
struct Original {
  TemporaryDirectory directory;
  fs::path path = directory / "store.db";
  std::string bytes = make_file(path);
  Anatomy anatomy{bytes, roots(path)};
  Answers right =
      right_answers(SqliteEventStorageAdapter(sqlite::Database::open(path, {.read_only = true})));

  [[nodiscard]] fs::path copy(const std::string& damaged) const {
    fs::path file = directory / "damaged.db";
    for (const char* const suffix : {"-wal", "-shm"}) fs::remove(file.string() + suffix);
    write_file(file, damaged);
    return file;
  }
};

/// How files with one damage each answered.
struct Tally {
  int files = 0;
  int erring = 0;
  int wrong = 0;
  int found = 0;  ///< of the wrong ones, by SQLite's integrity check
};

/// \returns whether a wrong answer, if there is one, could have been foretold
bool examine(const Original& original, const std::string& damaged, Tally& tally) {
  const Outcome outcome = ask_file(original.copy(damaged), original.right);
  ++tally.files;
  if (outcome.errors > 0) ++tally.erring;
  if (outcome.wrong.empty()) return true;
  ++tally.wrong;
  const bool found = is_found_damaged(original.copy(damaged));
  if (found) ++tally.found;
  return found;
}

void print(const std::string& what, const Tally& tally) {
  if (!figures_wanted()) return;
  MESSAGE(what << ": " << tally.files << " files, " << tally.erring << " erring, " << tally.wrong
               << " answer wrongly, " << tally.found << " of these found by integrity_check");
}

TEST_CASE("the file that is damaged has a page of each kind") {
  const Original original;
  for (const char* const part :
       {"file header", "sqlite_schema interior header", "sqlite_schema leaf records",
        "castore_event interior cells", "castore_event leaf records",
        "castore_event leaf overflow pointers", "sqlite_autoindex_castore_event_1 interior records",
        "sqlite_autoindex_castore_event_1 leaf records", "castore_initial_event interior records",
        "castore_initial_event leaf records", "castore_migration leaf records",
        "sqlite_sequence leaf records", "overflow chain", "overflow text", "free trunk",
        "free page"}) {
    CAPTURE(part);
    CHECK(original.anatomy.parts().contains(part));
  }
}

TEST_CASE("a changed byte is an error or harmless or stored text or what integrity_check finds") {
  const Original original;
  const int flips = number_from_environment("CASTORE_CORRUPTION_FLIPS", 12);
  std::minstd_rand random(1);
  for (const auto& entry : original.anatomy.parts()) {
    const std::string& part = entry.first;
    const std::vector<Bytes>& stretches = entry.second;
    CAPTURE(part);
    Tally tally;
    for (int i = 0; i < flips; ++i) {
      const Bytes where = stretches[random() % stretches.size()];
      if (where.begin == where.end) continue;  // a page without cells
      const std::size_t offset = where.begin + random() % (where.end - where.begin);
      CAPTURE(offset);
      std::string damaged = original.bytes;
      damaged[offset] = static_cast<char>(damaged[offset] ^ static_cast<char>(1 + random() % 255));
      const bool foretold = examine(original, damaged, tally);
      CHECK((foretold || original.anatomy.is_stored_content(offset)));
    }
    print(part, tally);
  }
}

TEST_CASE("a page of zeros is an error or harmless or what integrity_check finds") {
  const Original original;
  Tally tally;
  std::set<std::size_t> seen;
  for (const auto& entry : original.anatomy.parts()) {
    const std::string& part = entry.first;
    const std::vector<Bytes>& stretches = entry.second;
    // Zeros within a text are a text; several pages of one kind say no more than two.
    if (part == "overflow text") continue;
    for (std::size_t i = 0; i < std::min<std::size_t>(stretches.size(), 2); ++i) {
      const std::size_t start = stretches[i].begin / page_size * page_size;
      if (!seen.insert(start).second) continue;
      CAPTURE(part);
      CAPTURE(start);
      std::string damaged = original.bytes;
      std::fill_n(damaged.begin() + static_cast<std::ptrdiff_t>(start), page_size, '\0');
      CHECK(examine(original, damaged, tally));
    }
  }
  CHECK(tally.erring > 0);
  print("pages of zeros", tally);
}

TEST_CASE("a file that was cut off is an error or gives the right answers") {
  const Original original;
  Tally tally;
  // (An empty file is one that is new.)
  for (std::size_t size = 20; size < original.bytes.size(); size += 9 * page_size + 100) {
    CAPTURE(size);
    CHECK(examine(original, original.bytes.substr(0, size), tally));
  }
  print("cut files", tally);
}

}  // namespace
}  // namespace castore::testing
