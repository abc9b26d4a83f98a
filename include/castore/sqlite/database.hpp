#pragma once

#include <castore/error.hpp>
#include <castore/event.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

struct sqlite3;

namespace castore::sqlite {

/// When an acknowledged event is safe. See https://www.sqlite.org/pragma.html#pragma_synchronous
enum class Synchronous {
  off,     ///< survives a crash of the program, not of the system; may corrupt the file then
  normal,  ///< survives a crash of the program; a power cut may undo the newest commits
  full,    ///< survives a power cut
};

/// Triggers on castore's tables that castore has not made. They run inside a push, and can keep
/// out, change or delete what is pushed.
enum class ForeignTriggers {
  refuse,  ///< opening for writing throws `foreign_trigger`, and so does a push once there is one
  /// They are the host's own. A push that they keep out, change or delete is an error, and nothing
  /// of it is stored; they cost each push a look at the event.
  allow,
};

struct DatabaseOptions {
  /// Never write: no file is created, no migration applied, no `-wal` or `-shm` made or changed.
  bool read_only = false;
  Synchronous synchronous = Synchronous::full;
  /// The time that a call waits for others before `StorageBusyError`; ≥ 0. `milliseconds::max()` is
  /// as long as it takes.
  std::chrono::milliseconds busy_timeout{5000};
  /// The number of threads that read at the same time, each on a connection of its own; ≥ 1.
  /// Further ones wait up to `busy_timeout`. A thread that reads while it reads (in a visitor) is
  /// not kept waiting. A connection takes two file descriptors. Those that are not used are closed,
  /// but for four; SQLite keeps one descriptor of each for the next, as long as the file is open in
  /// the process.
  std::size_t max_readers = 16;
  /// Of no concern where `read_only`: no trigger runs then.
  ForeignTriggers foreign_triggers = ForeignTriggers::refuse;
};

/// A step of the schema that a file has had.
struct AppliedMigration {
  int version = 0;
  std::string name;
  Timestamp applied_at{};

  friend bool operator==(const AppliedMigration&, const AppliedMigration&) = default;
};

/// The facts about a database that a tool shows.
struct DatabaseInfo {
  std::filesystem::path path;                ///< absolute; empty in memory
  std::uintmax_t file_size = 0;              ///< in bytes; 0 in memory
  std::uintmax_t wal_size = 0;               ///< of the `-wal` beside it; 0 where there is none
  std::string encoding;                      ///< "UTF-8", "UTF-16le" or "UTF-16be"
  std::string journal_mode;                  ///< "wal", but what a host or a tool has made of it
  std::int64_t page_size = 0;                ///< in bytes
  int schema_version = 0;                    ///< the newest of `migrations`
  std::vector<AppliedMigration> migrations;  ///< by version
  std::int64_t last_position = 0;  ///< of the newest event in the order of commit; 0: there is none
  std::string sqlite_version;      ///< of the library in use, for instance "3.40.1"
};

/// An SQLite file that holds events, perhaps beside the host's own tables: castore's begin with
/// `castore_`. Shared by the adapters on it; safe to use from several threads, and several
/// processes may have the same file open.
///
/// One connection writes, one thread at a time, in the order they came; pushes that wait share a
/// transaction and a sync, each with an answer of its own. Readers have connections of their own;
/// no reader waits for a writer, but for the moments in which the log is cleared
/// (`docs/design.md`). Files are put in WAL mode: keep them on a local disk. See `docs/design.md`
/// for what is promised after a crash.
///
/// The file is the one that was opened, whatever becomes of the name. Once another file has its
/// name, or none, or its `-wal` or `-shm` was deleted, every call throws `file_replaced`; a push
/// that finds out after its commit throws it as well, and is not acknowledged. A child made by fork
/// cannot use its parent's object: every call throws `forked_process`, and destroying it there does
/// nothing. Close before forking, or call exec.
class Database : public std::enable_shared_from_this<Database> {
 public:
  /// Opens the file; unless read-only, creates it where it is missing and brings its tables up to
  /// this library's schema. `":memory:"` is a database of its own that is gone with the object.
  /// \throws StorageError  `code()` says: `file_not_found` (read-only, or no such folder),
  ///     `not_a_castore_file` (no SQLite file; a folder, pipe or device; read-only without our
  ///     tables; a table of ours that differs from what our migrations make), `newer_schema`
  ///     (written by a newer library), `foreign_trigger`, `permission_denied`,
  ///     `storage_read_only` (a file system that is mounted for reading), `forked_process` (the
  ///     file was open when this process was forked), `storage`
  /// \throws StorageBusyError  another process kept the file locked
  [[nodiscard]] static std::shared_ptr<Database> open(const std::filesystem::path& path,
                                                      const DatabaseOptions& options = {});

  /// Uses a connection that the host has opened, and goes on to own: its own rows and our events
  /// then commit together. Inside a transaction of the host's, pushes become part of it; what is
  /// to run after the commit (`on_event_pushed`) runs only for transactions opened by
  /// `sqlite::Transaction`, since SQLite does not tell us of the host's `COMMIT`.
  ///
  /// Its pragmas (journal mode, synchronous, busy timeout) and its configuration stay as they are,
  /// and its tables are brought up to our schema. The connection must outlive this object, and may
  /// be used by one thread at a time: do not use it while another thread calls castore.
  /// \throws StorageError, StorageBusyError  as `open`
  [[nodiscard]] static std::shared_ptr<Database> on_connection(
      sqlite3* connection, ForeignTriggers triggers = ForeignTriggers::refuse);

  Database& operator=(Database&&) = delete;
  ~Database();

  /// Absolute, without symbolic links. Empty for a host's connection and for ":memory:".
  [[nodiscard]] const std::filesystem::path& path() const noexcept;
  [[nodiscard]] bool read_only() const noexcept;

  /// Tells cheaply, without reading a row, whether there may be something new: differs from an
  /// earlier answer if anything was committed to the file in between, by anybody. It may differ
  /// although nothing was. In a file it takes a few microseconds, and keeps a connection open.
  /// \throws StorageError
  [[nodiscard]] std::uint64_t data_version() const;

  /// Reads no event, and takes the time of a few.
  /// \throws StorageError  also `not_a_castore_file`: the ledger of migrations is damaged
  [[nodiscard]] DatabaseInfo info() const;

  /// The newest migration of this library, and so of every file it has opened for writing.
  [[nodiscard]] static int schema_version() noexcept;

 private:
  friend struct DatabaseAccess;  // of the library's own sources

  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

/// A writing transaction over everything this thread pushes to one `Database`, by whatever adapter
/// and event store: committed together, or not at all. Other threads' pushes wait meanwhile, so
/// keep it short. Inside another transaction of the same thread it is a savepoint.
///
///     castore::sqlite::Transaction transaction(*database);
///     for (const auto& event : batch) adapter.push_event(…);
///     transaction.commit();
///
/// A push that fails inside leaves the transaction open, without that push. Reads by this thread
/// see what it has pushed. It belongs to the thread that began it: that one commits it, and
/// another thread that pushes meanwhile waits, even if the first has ended. Another thread may
/// destroy it once the first does nothing more with the database. It keeps its database alive.
class Transaction {
 public:
  /// \throws StorageBusyError  another writer did not finish within the busy timeout
  /// \throws StorageError      the database is read-only, or failed
  explicit Transaction(Database& database);

  Transaction& operator=(Transaction&&) = delete;

  /// Rolls back what was not committed, with the transactions inside it that are still open.
  ~Transaction();

  /// Durable when it returns; then the actions of `after_commit` run, and the first exception
  /// of one propagates although all is stored.
  /// \throws StorageError  nothing was stored (unless the code is `outcome_unknown`), and the
  ///     transaction is over; but it stays as it was if one inside it is still open, or if this is
  ///     another thread's
  void commit();

 private:
  std::shared_ptr<Database> database_;
  std::uint64_t id_;
  bool open_ = true;
};

}  // namespace castore::sqlite
