#pragma once

/// \file
/// One SQLite connection with its prepared statements, and SQLite's errors as ours. Not for several
/// threads at once.

#include <sqlite3.h>

#include <castore/error.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sqlite/file.hpp"

namespace SQLite {
class Database;
}

namespace castore::sqlite {

/// Returns a moment as far ahead as `timeout`, or as the clock goes.
[[nodiscard]] std::chrono::steady_clock::time_point deadline_after(
    std::chrono::milliseconds timeout) noexcept;

/// An error of a reading that others were in the way of, and would hardly be if it were begun anew
/// on another connection. Caught where that is done.
class LookAgain : public StorageBusyError {
 public:
  using StorageBusyError::StorageBusyError;
};

/// The operation of `sqlite3_file_control` by which a file says so: a bool.
constexpr int is_to_look_again = 0x6361;

/// The one subquery of castore's that has a name: to an authorizer it looks like a trigger.
constexpr std::string_view own_subquery = "castore every event store";

/// The size in which SQLite asks for a `-shm`, in bytes.
constexpr int shm_region_size = 1 << 15;

/// A deleter. It does nothing in a child made by fork: a thread that the child does not have may
/// hold a lock of SQLite's.
struct FinalizeStatement {
  ProcessId process = this_process();
  void operator()(sqlite3_stmt* statement) const noexcept {
    if (process == this_process()) sqlite3_finalize(statement);
  }
};

class Connection;

/// A prepared statement of a connection, which outlives it. SQLiteCpp's has no `string_view`, and
/// copies a shared pointer per column.
class Statement {
 public:
  Statement(Connection& connection, const char* sql);

  void bind(int index, std::int64_t value);
  /// Borrowed until the statement is reset.
  void bind(int index, std::string_view text);
  void bind(int index, const std::optional<std::string_view>& text);

  /// \returns whether there is a row
  bool step();
  /// Runs a statement that writes. \returns whether no UNIQUE or NOT NULL constraint forbade it
  [[nodiscard]] bool write();
  void reset() noexcept;

  /// Returns SQLite's type of the value, such as SQLITE_TEXT. Called before the value is read.
  [[nodiscard]] int type(int column) const noexcept;
  [[nodiscard]] std::int64_t integer(int column) const noexcept;
  /// Valid until the next step; empty for NULL. \throws std::bad_alloc
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] std::optional<std::string_view> optional_text(int column) const;

 private:
  int run();
  void check(int code) const;

  Connection* connection_;
  std::unique_ptr<sqlite3_stmt, FinalizeStatement> statement_;
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

  /// \param path  absolute, or SQLite would take some for URIs; or ":memory:", or "" for a
  ///     temporary database
  /// It runs no code of the file's choice: SQLite's defences are up, and one for reading neither
  /// writes nor runs triggers nor reads views. One that writes to a file needs no temporary files:
  /// what would be in them is kept in memory.
  /// \param vfs   SQLite's own if null
  Connection(const std::filesystem::path& path, int flags, std::chrono::milliseconds busy_timeout,
             const char* vfs = nullptr);
  /// The host's connection, which stays the host's.
  explicit Connection(sqlite3* host) noexcept;

  Connection& operator=(Connection&&) = delete;
  ~Connection();

  [[nodiscard]] sqlite3* handle() const noexcept { return handle_; }

  /// From now on, how long to wait for other processes: until then, but not at all if that is past.
  /// A host's connection waits as the host has told it to.
  void wait_until(std::chrono::steady_clock::time_point deadline) noexcept { deadline_ = deadline; }

  /// From now on a statement that would run another trigger than these throws `foreign_trigger`,
  /// however late that was made.
  void allow_triggers(std::vector<std::string> names);

  /// Where a statement was just denied for a trigger: SQLite goes by the schema that it knows then,
  /// and does not look whether the trigger is still there. \returns whether to try once more
  [[nodiscard]] bool schema_is_read_anew();

  /// Throws the error of the call that has just failed.
  [[noreturn]] void fail();

  /// Runs statements that are run once.
  void execute(const char* sql);

  /// Prepares the statements of `begin`, `commit` and `rollback`: a transaction has to end also
  /// when memory is short.
  void prepare_transactions();

  /// Prepared at first use. \param sql  a literal: found again by its address
  [[nodiscard]] Borrowed borrow(const char* sql);

  /// Whether the database is in UTF-8, and so orders text as castore does. \pre it has a table
  [[nodiscard]] bool is_utf8();

  /// \returns the file of the database; empty in memory
  [[nodiscard]] std::filesystem::path path() const;
  [[nodiscard]] bool is_write_protected() const noexcept;
  /// Whether the file that was opened no longer has its name.
  [[nodiscard]] bool has_moved() const noexcept;
  /// A number that differs after a commit of any connection, this one among them. It goes by the
  /// file as this connection has last read it.
  [[nodiscard]] std::uint64_t file_version() const noexcept;
  /// Whether the `-shm` is open for reading only: SQLite shares an open one among the connections
  /// of a process. \pre the log is open: else nobody would close the `-shm` that this opens
  [[nodiscard]] bool has_read_only_shm() const noexcept;

  /// The rows that the newest statement has written, without those of triggers.
  [[nodiscard]] std::int64_t changes() const noexcept { return sqlite3_changes64(handle_); }
  /// The rows that all statements and triggers have written since the connection was opened.
  [[nodiscard]] std::int64_t total_changes() const noexcept {
    return sqlite3_total_changes64(handle_);
  }

  /// From now on SQLite does not checkpoint by itself after a commit, but sets `*frames` to the
  /// length of the log. \param frames  null: no longer
  void count_log(std::int64_t* frames) noexcept;
  /// Writes the log back into the file, as far as nobody reads it. \returns whether all of it is
  [[nodiscard]] bool write_log_back() noexcept;
  /// Leaves the log as it is when the connection is closed.
  void keep_log_on_close() noexcept;

  [[nodiscard]] bool in_transaction() const noexcept {
    return sqlite3_get_autocommit(handle_) == 0;
  }

  /// The position of the event that this connection has inserted last.
  [[nodiscard]] std::int64_t last_inserted_position() const noexcept;

  /// From now on a commit that fails halfway throws `outcome_unknown`: also that of one statement,
  /// unless the connection is a host's, who may have a commit hook.
  void tell_unknown_outcomes() noexcept;
  /// Called when a statement is over: an error of the next one is not of this one's commit.
  void end_statement() noexcept { commit_began_ = false; }

  /// BEGIN IMMEDIATE, or a savepoint inside a transaction.
  void begin();
  /// Ends the innermost `begin`. \throws StorageError  also if it `is_doomed`
  void commit(bool savepoint);
  void rollback(bool savepoint) noexcept;
  /// Whether a part of the transaction could not be rolled back: it cannot be committed.
  [[nodiscard]] bool is_doomed() const noexcept { return doomed_; }

 private:
  static int on_busy(void* self, int count) noexcept;
  static int authorize(void* self, int action, const char* first, const char* second,
                       const char* database, const char* trigger) noexcept;
  void defend(int flags);
  [[nodiscard]] bool is_of_temporary_file(int code) const noexcept;
  [[nodiscard]] bool is_of_unknown_outcome(int code) const noexcept;
  [[noreturn]] void throw_temporary_file_error(int code, const std::string& prefix) const;

  std::unique_ptr<SQLite::Database> owned_;
  sqlite3* handle_;
  bool writes_ = true;
  bool is_temporary_ = false;  ///< the database
  std::chrono::milliseconds busy_timeout_{};
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  std::chrono::steady_clock::time_point give_up_;
  std::vector<std::string> allowed_triggers_;
  bool trigger_was_denied_ = false;  ///< just now: SQLite fails with several codes
  std::string denied_trigger_;
  std::vector<std::unique_ptr<Prepared>> prepared_;
  bool doomed_ = false;
  bool tells_unknown_outcomes_ = false;
  bool commit_began_ = false;  ///< by the statement that runs
  ProcessId process_ = this_process();
  std::optional<bool> is_utf8_;  ///< once it was asked for
};

/// One moment for several statements that read. Inside a transaction it is a savepoint, and leaves
/// that transaction as it was.
class ReadTransaction {
 public:
  explicit ReadTransaction(Connection& connection);
  ReadTransaction& operator=(ReadTransaction&&) = delete;
  ~ReadTransaction();

 private:
  Connection& connection_;
  bool is_savepoint_;
};

}  // namespace castore::sqlite
