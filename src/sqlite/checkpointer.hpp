#pragma once

/// \file
/// Writes the log of a database back into its file, so that the log stays small.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "sqlite/connection.hpp"
#include "sqlite/reader_pool.hpp"

namespace castore::sqlite {

/// SQLite's own checkpoints, after a commit, do not exclude that another process begins the log
/// anew at the same moment, which corrupts the file with SQLite up to 3.51.2
/// (https://www.sqlite.org/wal.html#walresetbug). Only who holds SQLite's write lock begins it
/// anew: so ours run on a connection of their own while the writing one holds that lock.
class Checkpointer {
 public:
  using Connect = std::function<std::unique_ptr<Connection>()>;

  /// \param connect  makes the connection when it is first needed
  Checkpointer(Connection& writer, ReaderPool& readers, Connect connect);
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;
  Checkpointer(Checkpointer&&) = delete;
  Checkpointer& operator=(Checkpointer&&) = delete;
  ~Checkpointer();

  /// Does what is due. By the thread that may write, outside of a transaction.
  /// \param reads  whether the calling thread is reading: then it cannot wait for all readers
  void run(bool reads) noexcept;

 private:
  [[nodiscard]] bool write_back(std::chrono::steady_clock::time_point deadline);
  [[nodiscard]] bool write_back_without_readers();

  Connection& writer_;
  ReaderPool& readers_;
  Connect connect_;
  std::unique_ptr<Connection> connection_;
  std::int64_t page_size_;
  // In frames, of a page each.
  std::int64_t length_ = 0;  ///< of the log, when the writer last committed
  std::int64_t due_ = 0;     ///< from when on it is written back
  std::int64_t urgent_ = 0;  ///< from when on readers are kept out for that
};

}  // namespace castore::sqlite
