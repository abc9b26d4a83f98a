#pragma once

/// \file
/// The connections to read with: a bounded number, shared by all threads.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "sqlite/connection.hpp"

namespace castore::sqlite {

class ReaderPool {
 public:
  using Deadline = std::chrono::steady_clock::time_point;
  using Connect = std::function<std::unique_ptr<Connection>()>;

  /// \param most  how many are in use at the same time; ≥ 1
  ReaderPool(Connect connect, std::size_t most);

  /// Waits for a connection, if it has to.
  /// \param nested  the thread has one already: it gets another beyond the bound, since whoever has
  ///     one may wait for it
  /// \returns null if there was none in time
  [[nodiscard]] std::unique_ptr<Connection> take(std::chrono::milliseconds timeout, bool nested);

  /// \param connection  null if it is of no use any more; then its place is free
  void give_back(std::unique_ptr<Connection> connection) noexcept;

  /// Closes those that nobody uses.
  void close_idle() noexcept;

  /// Lets nobody begin to read while it lives, but for nested readings.
  class Pause {
   public:
    explicit Pause(ReaderPool& pool);
    Pause& operator=(Pause&&) = delete;
    ~Pause();

    /// Waits until nobody reads any more. \returns whether that came before `deadline`
    [[nodiscard]] bool wait(Deadline deadline);

   private:
    ReaderPool& pool_;
  };

 private:
  Connect connect_;
  std::size_t most_;
  std::mutex mutex_;
  std::condition_variable free_;
  std::condition_variable all_free_;
  std::vector<std::unique_ptr<Connection>> idle_;
  std::size_t used_ = 0;
  bool paused_ = false;
};

}  // namespace castore::sqlite
