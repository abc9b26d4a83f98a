#pragma once

/// \file
/// A disk that fails when it is told to.

#include <memory>

namespace castore::testing {

/// The way an operation fails, and so which operations can.
enum class Failure {
  io_error,     ///< opening, writing, syncing, truncating, deleting, locking, sharing memory, …
  read_error,   ///< reading
  sync_error,   ///< syncing
  short_write,  ///< a write: half of it is done
  full,         ///< a write that makes a file longer: half of it is done
  busy,         ///< a lock that another process seems to have
};

enum class Files {
  all,
  temporary,  ///< those that SQLite makes for itself, to sort or to undo a savepoint
};

struct Fault {
  Failure failure;
  int first = 1;         ///< 1-based, among the operations from now on that can fail so
  bool lasting = false;  ///< and all after it
  Files files = Files::all;
};

/// While it lives, SQLite's default VFS, around the one that was it. Syncs are counted but not
/// done: nobody cuts the power. Make it before any connection, one at a time, and close all
/// connections before it goes.
class FaultyVfs {
 public:
  FaultyVfs();
  FaultyVfs& operator=(FaultyVfs&&) = delete;
  ~FaultyVfs();

  void plan(const Fault& fault);
  void heal();

  /// The number of operations that have failed since `plan`.
  [[nodiscard]] int failures() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace castore::testing
