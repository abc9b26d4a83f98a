#pragma once

/// \file
/// The other side: SQLite's C API as an expert would use it on the same table. A connection without
/// mutexes, persistent statements, constants bound once, text borrowed, one statement for one
/// question; no check but the table's own constraints.

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace castore::bench::raw {

struct Close {
  void operator()(sqlite3* connection) const noexcept { sqlite3_close(connection); }
};
struct Finalize {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using Connection = std::unique_ptr<sqlite3, Close>;
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

/// \param synchronous  "OFF", "FULL"
[[nodiscard]] Connection open_for_writing(const std::filesystem::path& file,
                                          const char* synchronous);
[[nodiscard]] Connection open_for_reading(const std::filesystem::path& file);
[[nodiscard]] Statement prepare(sqlite3* connection, const char* sql);
void execute(sqlite3* connection, const char* sql);

/// Stops the program if SQLite did not answer `expected`.
void require(int answer, int expected, const char* doing);

inline void bind(sqlite3_stmt* statement, int index, std::string_view text) {
  sqlite3_bind_text(statement, index, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
}

inline std::string_view text(sqlite3_stmt* statement, int column) {
  const auto* const data = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement, column))};
}

/// INSERT, of events of the workload's one store and type, without metadata.
class Insert {
 public:
  explicit Insert(sqlite3* connection);

  void operator()(std::string_view aggregate_id, std::int64_t version, std::int64_t timestamp,
                  std::string_view payload) {
    sqlite3_stmt* const statement = statement_.get();
    bind(statement, 2, aggregate_id);
    sqlite3_bind_int64(statement, 3, version);
    sqlite3_bind_int64(statement, 5, timestamp);
    bind(statement, 6, payload);
    require(sqlite3_step(statement), SQLITE_DONE, "inserting an event");
    sqlite3_reset(statement);
  }

 private:
  Statement statement_;
};

/// BEGIN IMMEDIATE and COMMIT, prepared.
class Transactions {
 public:
  explicit Transactions(sqlite3* connection)
      : begin_(prepare(connection, "BEGIN IMMEDIATE")), commit_(prepare(connection, "COMMIT")) {}

  void begin() { run(begin_.get()); }
  void commit() { run(commit_.get()); }

 private:
  static void run(sqlite3_stmt* statement) {
    require(sqlite3_step(statement), SQLITE_DONE, "beginning or committing");
    sqlite3_reset(statement);
  }

  Statement begin_;
  Statement commit_;
};

struct EventRow {
  std::int64_t version;
  std::string_view type;
  std::int64_t timestamp;
  std::string_view payload;
  std::optional<std::string_view> metadata;
};

/// All events of one aggregate.
class SelectEvents {
 public:
  explicit SelectEvents(sqlite3* connection);

  template <class Visit>
  void operator()(std::string_view aggregate_id, Visit&& visit) {
    sqlite3_stmt* const row = statement_.get();
    bind(row, 2, aggregate_id);
    while (sqlite3_step(row) == SQLITE_ROW) {
      EventRow event{sqlite3_column_int64(row, 0), text(row, 1), sqlite3_column_int64(row, 2),
                     text(row, 3), std::nullopt};
      if (sqlite3_column_type(row, 4) != SQLITE_NULL) event.metadata = text(row, 4);
      visit(event);
    }
    require(sqlite3_reset(row), SQLITE_OK, "reading events");
  }

 private:
  Statement statement_;
};

struct ListedId {
  std::string aggregate_id;
  std::int64_t timestamp;
};

/// A page of aggregate ids, strictly behind (timestamp, id); with one row ahead, to know whether
/// there is more.
class SelectIds {
 public:
  explicit SelectIds(sqlite3* connection);

  [[nodiscard]] std::vector<ListedId> operator()(std::int64_t timestamp,
                                                 std::string_view aggregate_id, int limit);

 private:
  Statement statement_;
};

}  // namespace castore::bench::raw
