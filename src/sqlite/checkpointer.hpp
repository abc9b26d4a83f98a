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
/// (https://www.sqlite.org/wal.html#walresetbug). Only the holder of SQLite's write lock begins it
/// anew: so ours run on a connection of their own while the writing one holds that lock.
class Checkpointer {
 public:
  using Connect = std::function<std::unique_ptr<Connection>()>;
  using IsReading = std::function<bool()>;

  /// \param connect     makes the connection when it is first needed
  /// \param is_reading  whether the calling thread reads: then it cannot wait for all readers
  Checkpointer(Connection& writer, ReaderPool& readers, Connect connect, IsReading is_reading);
  Checkpointer& operator=(Checkpointer&&) = delete;
  ~Checkpointer();

  /// Does what is due. Called by the thread that may write, outside of a transaction.
  void run() noexcept;

 private:
  [[nodiscard]] bool write_back(std::chrono::steady_clock::time_point deadline);
  [[nodiscard]] bool write_back_without_readers();

  Connection& writer_;
  ReaderPool& readers_;
  Connect connect_;
  IsReading is_reading_;
  std::unique_ptr<Connection> connection_;
  std::int64_t page_size_;
  // In frames, of a page each.
  std::int64_t length_ = 0;  ///< of the log, when the writer last committed
  std::int64_t due_ = 0;     ///< from when on it is written back
  std::int64_t urgent_ = 0;  ///< from when on readers are kept out for that
};

}  // namespace castore::sqlite
