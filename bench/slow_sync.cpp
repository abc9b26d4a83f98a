#include "slow_sync.hpp"

#include <sqlite3.h>

#include <map>
#include <mutex>
#include <thread>

namespace castore::bench {
namespace {

struct Methods : sqlite3_io_methods {
  std::chrono::microseconds duration;
};

int sleep_instead_of_sync(sqlite3_file* file, int /*flags*/) {
  std::this_thread::sleep_for(static_cast<const Methods*>(file->pMethods)->duration);
  return SQLITE_OK;
}

}  // namespace

/// The system's own, whose files get one method exchanged: no other method looks where it comes
/// from.
struct SlowSync::Vfs : sqlite3_vfs {
  Vfs(sqlite3_vfs* system_vfs, std::chrono::microseconds sync_duration)
      : sqlite3_vfs(*system_vfs), system(system_vfs), duration(sync_duration) {
    zName = "castore-slow-sync";
    xOpen = open;
  }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags,
                  int* out_flags) {
    auto* const self = static_cast<Vfs*>(vfs);
    const int answer = self->system->xOpen(self->system, name, file, flags, out_flags);
    if (file->pMethods != nullptr) file->pMethods = self->slowed(file->pMethods);
    return answer;
  }

  const sqlite3_io_methods* slowed(const sqlite3_io_methods* methods) {
    const std::lock_guard guard(mutex);
    const auto [place, added] = slow_methods.try_emplace(methods, Methods{*methods, duration});
    if (added) place->second.xSync = sleep_instead_of_sync;
    return &place->second;
  }

  sqlite3_vfs* system;
  std::chrono::microseconds duration;
  std::mutex mutex;
  std::map<const sqlite3_io_methods*, Methods> slow_methods;
};

SlowSync::SlowSync(std::chrono::microseconds duration)
    : vfs_(std::make_unique<Vfs>(sqlite3_vfs_find(nullptr), duration)) {
  sqlite3_vfs_register(vfs_.get(), 1);
}

SlowSync::~SlowSync() {
  sqlite3_vfs_unregister(vfs_.get());
  // With the default gone SQLite takes any of the others.
  sqlite3_vfs_register(vfs_->system, 1);
}

}  // namespace castore::bench
