#pragma once

/// \file
/// Reading a file without writing anything: not into it, and not beside it.

#include <chrono>
#include <filesystem>
#include <memory>

#include "sqlite/connection.hpp"
#include "sqlite/file.hpp"

namespace castore::sqlite {

struct ReadOnlyVfs;

/// Connections that read and never write, in whatever state the file is.
///
/// SQLite, asked to read a WAL file, makes a `-wal` and a `-shm` for it, and writes into a `-shm`
/// that is there. So these connections go through a VFS of their own, over the one that SQLite uses
/// otherwise: it opens everything for reading only, makes and deletes nothing, and takes no lock
/// but those of a reader. How the index of the log (the `-shm`) is had depends on who else is
/// there. A connection in WAL mode holds SQLite's shared lock on the file as long as it lives, and
/// only who has the exclusive one deletes `-wal` and `-shm`: so they do not go away meanwhile.
///
/// - No `-shm`: no connection to the file is open, or one would be there. The index is in memory,
///   made from the `-wal` if that is there (a copy of a crashed writer's files). After each piece
///   that was read the `-shm` is looked for: as long as it is not there nobody has written. Once it
///   is, the reading ends and is to be begun again (`LookAgain`).
/// - A `-shm` that a writer has open: read with SQLite's own locks, but without the mark that a
///   reader would set in it.
/// - A `-shm` that nobody has open (a writer was killed): SQLite itself can read that with an index
///   in memory, and proves before each reading that nobody has come. It holds the lock meanwhile
///   that keeps others from writing the log back into the file.
///
/// A file that is in no WAL mode is read with SQLite's ordinary locks.
class ReadOnlyFile {
 public:
  /// \param path  absolute
  ReadOnlyFile(std::filesystem::path path, std::chrono::milliseconds busy_timeout);
  ReadOnlyFile& operator=(ReadOnlyFile&&) = delete;
  ~ReadOnlyFile();

  /// The connection must not outlive this object. Its calls throw `LookAgain`, too.
  [[nodiscard]] std::unique_ptr<Connection> connect() const;

 private:
  std::filesystem::path path_;
  std::chrono::milliseconds busy_timeout_;
  std::unique_ptr<ReadOnlyVfs> vfs_;
};

}  // namespace castore::sqlite
