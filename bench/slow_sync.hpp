#pragma once

#include <chrono>
#include <memory>

namespace castore::bench {

/// While it lives, syncing any file that SQLite opens takes `duration`: that long asleep, instead
/// of what the disk would need. So a case is the same on any disk. Must outlive those files.
class SlowSync {
 public:
  explicit SlowSync(std::chrono::microseconds duration);
  SlowSync& operator=(SlowSync&&) = delete;
  ~SlowSync();

 private:
  struct Vfs;
  std::unique_ptr<Vfs> vfs_;
};

}  // namespace castore::bench
