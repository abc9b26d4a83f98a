#pragma once

/// \file
/// The inside of a `Database`: its file, a connection to write with, others to read with.

#include <castore/sqlite/database.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>

#include "sqlite/connection.hpp"
#include "sqlite/file.hpp"
#include "sqlite/patience.hpp"
#include "sqlite/read_only.hpp"
#include "sqlite/reader_pool.hpp"
#include "sqlite/writer.hpp"

namespace castore::sqlite {

// The members that use connections stand in front of them: the writer closes last of those, so that
// it is the one that checkpoints.
struct Database::Impl {
  Impl(std::filesystem::path path, const DatabaseOptions& given);
  Impl& operator=(Impl&&) = delete;

  void open_for_reading();
  void open_for_writing();
  void open_on_host(sqlite3* connection);

  /// \throws StorageError  `file_replaced`
  [[nodiscard]] std::unique_ptr<Connection> connect_to_read() const;

  [[nodiscard]] std::uint64_t data_version();

  /// Closes the connections that nobody uses: they may keep a `-shm` open that is of no use.
  void close_idle() noexcept;

  DatabaseFile file;
  DatabaseOptions options;
  std::optional<ReadOnlyFile> read_only_file;
  Writer writer;
  ReaderPool readers;

 private:
  [[nodiscard]] std::unique_ptr<Connection> connect_to_write() const;
  [[nodiscard]] std::unique_ptr<Connection> connect_to_checkpoint() const;
  [[nodiscard]] std::unique_ptr<Connection> open_writer() const;
  [[nodiscard]] std::unique_ptr<Connection> open_writer_beside_readers() const;
  void open_in_memory();
  /// \throws StorageError  they are not ours
  void check_tables(Connection& connection) const;
  [[nodiscard]] std::uint64_t data_version_in_memory();

  std::mutex watch_mutex_;
  std::unique_ptr<Connection> watch_;  ///< for `data_version`
  std::uint64_t watches_ = 0;          ///< how many there have been
};

/// The way into a `Database` for the files of this backend.
struct DatabaseAccess {
  using Impl = Database::Impl;
  [[nodiscard]] static Impl& impl(Database& database) noexcept { return *database.impl_; }
};

/// A connection to read with: one of the pool, or the writer where this thread has to see what it
/// has not committed yet, or where there is no other.
class Reading {
 public:
  explicit Reading(DatabaseAccess::Impl& database);
  Reading& operator=(Reading&&) = delete;
  ~Reading();

  /// Calls `read` with a reading, again from its start as long as others are in the way: it has to
  /// cope with what an earlier call has done. \returns what it returns
  template <class Read>
  static auto from(DatabaseAccess::Impl& database, const Read& read);
  template <class Read>
  static auto from(Database& database, const Read& read) {
    return from(DatabaseAccess::impl(database), read);
  }

  [[nodiscard]] Connection& connection() const noexcept { return *connection_; }
  [[nodiscard]] bool on_writer() const noexcept { return reader_ == nullptr; }

  /// Whether it may have to be begun anew.
  [[nodiscard]] bool may_be_repeated() const noexcept {
    return database_.read_only_file.has_value();
  }

  /// Whether the calling thread is reading from that database.
  [[nodiscard]] static bool is_under_way(const DatabaseAccess::Impl& database) noexcept;

 private:
  DatabaseAccess::Impl& database_;
  Reading* outer_;          ///< the one that this thread had begun before
  WriterQueue::Hold hold_;  ///< of the writer, if it is that
  std::unique_ptr<Connection> reader_;
  Connection* connection_ = nullptr;
  bool of_no_use_ = false;  ///< the connection
};

template <class Read>
auto Reading::from(DatabaseAccess::Impl& database, const Read& read) {
  Patience patience(database.options.busy_timeout);
  for (;;) {
    try {
      Reading reading(database);
      try {
        return read(reading);
      } catch (const LookAgain&) {
        reading.of_no_use_ = true;
        throw;
      }
    } catch (const LookAgain& reason) {
      database.close_idle();
      patience.wait(reason);
    }
  }
}

}  // namespace castore::sqlite
