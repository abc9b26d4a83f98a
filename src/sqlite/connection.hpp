#pragma once

/// \file
/// One SQLite connection with its prepared statements, and SQLite's errors as ours. Not for several
/// threads at once.

#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace SQLite {
class Database;
}

namespace castore::sqlite {

/// A prepared statement. SQLiteCpp's has no `string_view`, and copies a shared pointer per column.
class Statement {
 public:
  Statement(sqlite3* connection, const char* sql);

  void bind(int index, std::int64_t value);
  /// Borrowed until the statement is reset.
  void bind(int index, std::string_view text);
  void bind(int index, const std::optional<std::string_view>& text);

  /// \returns whether there is a row
  bool step();
  /// Runs a statement that writes. \returns whether no UNIQUE or NOT NULL constraint forbade it
  [[nodiscard]] bool write();
  void reset() noexcept;

  [[nodiscard]] std::int64_t integer(int column) const noexcept;
  /// Valid until the next step.
  [[nodiscard]] std::string_view text(int column) const noexcept;
  [[nodiscard]] std::optional<std::string_view> optional_text(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  void check(int code) const;

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Connection {
  struct Prepared {
    const char* sql;
    Statement statement;
    bool in_use = false;
  };

 public:
  /// A statement of the cache, reset on leaving, however we leave.
  class Borrowed {
   public:
    explicit Borrowed(Prepared& prepared) noexcept : prepared_(&prepared) {
      prepared.in_use = true;
    }
    Borrowed(const Borrowed&) = delete;
    Borrowed& operator=(const Borrowed&) = delete;
    Borrowed(Borrowed&&) = delete;
    Borrowed& operator=(Borrowed&&) = delete;
    ~Borrowed() {
      prepared_->statement.reset();
      prepared_->in_use = false;
    }
    Statement* operator->() const noexcept { return &prepared_->statement; }
    Statement& operator*() const noexcept { return prepared_->statement; }

   private:
    Prepared* prepared_;
  };

  /// \param file   a path, or a URI if `flags` say so
  Connection(const std::string& file, int flags, std::chrono::milliseconds busy_timeout);
  /// The host's connection, which stays the host's.
  explicit Connection(sqlite3* host) noexcept;

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  Connection(Connection&&) = delete;
  Connection& operator=(Connection&&) = delete;
  ~Connection();

  [[nodiscard]] sqlite3* handle() const noexcept { return handle_; }

  /// From now on, how long to wait for other processes: until then, but not at all if that is past.
  /// A host's connection waits as the host has told it to.
  void wait_until(std::chrono::steady_clock::time_point deadline) noexcept { deadline_ = deadline; }

  /// For statements that are run once.
  void execute(const char* sql);

  /// Prepared at first use. \param sql  a literal: found again by its address
  [[nodiscard]] Borrowed borrow(const char* sql);

  /// Whether the database is in UTF-8, and so orders text as castore does. \pre it has a table
  [[nodiscard]] bool is_utf8();

  [[nodiscard]] bool in_transaction() const noexcept {
    return sqlite3_get_autocommit(handle_) == 0;
  }

  /// BEGIN IMMEDIATE, or a savepoint inside a transaction.
  void begin();
  /// The end of the innermost `begin`.
  void commit(bool savepoint);
  void rollback(bool savepoint) noexcept;

 private:
  static int on_busy(void* self, int count) noexcept;

  std::unique_ptr<SQLite::Database> owned_;
  sqlite3* handle_;
  std::chrono::milliseconds busy_timeout_{};
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  std::chrono::steady_clock::time_point give_up_;
  std::vector<std::unique_ptr<Prepared>> prepared_;
  std::optional<bool> is_utf8_;  ///< once it was asked for
};

}  // namespace castore::sqlite
