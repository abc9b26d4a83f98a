#pragma once

/// \file
/// Reading a file without writing anything beside it, `-wal` and `-shm` included.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "sqlite/connection.hpp"

namespace castore::sqlite {

/// SQLite, asked to read a WAL file, makes a `-wal` and a `-shm` for it. What avoids that depends
/// on the state the file is in when it is opened:
///
/// - It is no WAL file: an ordinary read-only connection writes nothing.
/// - It is one, and has no `-wal` (or an empty one without `-shm`): nobody is at work on it, all of
///   it is in the main file. It is read as `immutable`.
/// - It has a `-wal` and a `-shm`: a writer is at work, or has crashed. It is read with SQLite's
///   locks, the `-shm` opened read-only.
/// - It has a `-wal`, but no `-shm`: what a copy of a crashed writer's files looks like. Nobody can
///   be at work on it; it is read without locks, the index of the `-wal` kept in memory.
///
/// Where no lock protects the reading, the files are compared before and after it.
class ReadOnlyFile {
 public:
  /// \throws StorageError  `file_not_found`, `not_a_castore_file`
  ReadOnlyFile(std::filesystem::path path, std::chrono::milliseconds busy_timeout);

  /// A connection for the state the file is in now.
  [[nodiscard]] std::unique_ptr<Connection> connect();

  /// Connections made before would read the file wrongly now: it is to be connected to again.
  [[nodiscard]] bool changed() const;

 private:
  enum class Access { locked, shared_memory, immutable, private_index };

  struct State {
    Access access = Access::locked;
    std::uintmax_t size = 0;
    std::uintmax_t wal_size = 0;
    std::filesystem::file_time_type written{};

    friend bool operator==(const State&, const State&) = default;
  };

  [[nodiscard]] State look() const;

  std::filesystem::path path_;
  std::chrono::milliseconds busy_timeout_;
  std::optional<State> connected_;
};

}  // namespace castore::sqlite
