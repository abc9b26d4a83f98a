#include "support/faulty_vfs.hpp"

#include <sqlite3.h>

#include <initializer_list>
#include <mutex>
#include <optional>
#include <stdexcept>

namespace castore::testing {
namespace {

/// Decides which operation fails. Operations come from any thread.
class Plan {
 public:
  void set(std::optional<Fault> fault) {
    const std::lock_guard guard(mutex_);
    fault_ = fault;
    candidates_ = 0;
    failures_ = 0;
  }

  void heal() {
    const std::lock_guard guard(mutex_);
    fault_.reset();
  }

  /// \param possible  the ways in which an operation can fail
  /// \returns the one in which it does
  std::optional<Failure> strike(std::initializer_list<Failure> possible, bool temporary = false) {
    const std::lock_guard guard(mutex_);
    if (!fault_ || (fault_->files == Files::temporary && !temporary)) return std::nullopt;
    for (const Failure failure : possible) {
      if (failure != fault_->failure) continue;
      ++candidates_;
      if (candidates_ < fault_->first) continue;
      if (candidates_ > fault_->first && !fault_->lasting) continue;
      ++failures_;
      return failure;
    }
    return std::nullopt;
  }

  [[nodiscard]] bool keeps_busy() const {
    const std::lock_guard guard(mutex_);
    return fault_ && fault_->failure == Failure::busy;
  }

  [[nodiscard]] int failures() const {
    const std::lock_guard guard(mutex_);
    return failures_;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<Fault> fault_;
  int candidates_ = 0;
  int failures_ = 0;
};

struct Disk {
  Plan plan;
  sqlite3_vfs* real = nullptr;
};

/// Followed in memory by the real one, which is aligned as it: SQLite allocates in eights.
struct File {
  sqlite3_file base;
  Disk* disk;
  sqlite3_int64 temporary;  ///< 0 or 1, as wide as what comes behind is aligned

  [[nodiscard]] sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  std::optional<Failure> strike(std::initializer_list<Failure> possible) {
    return disk->plan.strike(possible, temporary != 0);
  }
  [[nodiscard]] const sqlite3_io_methods& methods() { return *real()->pMethods; }
};

File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
Disk& of(sqlite3_vfs* vfs) { return *static_cast<Disk*>(vfs->pAppData); }

// --- What can fail ------------------------------------------------------------------------------

int read(sqlite3_file* file, void* data, int size, sqlite3_int64 offset) {
  File& f = of(file);
  if (f.strike({Failure::read_error})) return SQLITE_IOERR_READ;
  return f.methods().xRead(f.real(), data, size, offset);
}

int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  File& f = of(file);
  sqlite3_int64 length = 0;
  f.methods().xFileSize(f.real(), &length);
  const bool grows = offset + size > length;
  const auto failure = grows ? f.strike({Failure::io_error, Failure::short_write, Failure::full})
                             : f.strike({Failure::io_error, Failure::short_write});
  if (!failure) return f.methods().xWrite(f.real(), data, size, offset);
  if (*failure != Failure::io_error) f.methods().xWrite(f.real(), data, size / 2, offset);
  return *failure == Failure::full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  File& f = of(file);
  if (f.strike({Failure::io_error})) return SQLITE_IOERR_TRUNCATE;
  return f.methods().xTruncate(f.real(), size);
}

int sync(sqlite3_file* file, int) {
  return of(file).strike({Failure::io_error, Failure::sync_error}) ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  File& f = of(file);
  if (f.strike({Failure::io_error})) return SQLITE_IOERR_FSTAT;
  return f.methods().xFileSize(f.real(), size);
}

int lock(sqlite3_file* file, int level) {
  File& f = of(file);
  const auto failure = f.strike({Failure::io_error, Failure::busy});
  if (failure) return *failure == Failure::busy ? SQLITE_BUSY : SQLITE_IOERR_LOCK;
  return f.methods().xLock(f.real(), level);
}

int check_reserved_lock(sqlite3_file* file, int* reserved) {
  File& f = of(file);
  if (f.strike({Failure::io_error})) return SQLITE_IOERR_CHECKRESERVEDLOCK;
  return f.methods().xCheckReservedLock(f.real(), reserved);
}

int shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** memory) {
  File& f = of(file);
  if (f.strike({Failure::io_error})) return SQLITE_IOERR_SHMMAP;
  return f.methods().xShmMap(f.real(), page, size, extend, memory);
}

int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
  File& f = of(file);
  if ((flags & SQLITE_SHM_LOCK) != 0) {
    const auto failure = f.strike({Failure::io_error, Failure::busy});
    if (failure) return *failure == Failure::busy ? SQLITE_BUSY : SQLITE_IOERR_SHMLOCK;
  }
  return f.methods().xShmLock(f.real(), offset, count, flags);
}

// --- What cannot --------------------------------------------------------------------------------

int close(sqlite3_file* file) { return of(file).methods().xClose(of(file).real()); }

int unlock(sqlite3_file* file, int level) {
  return of(file).methods().xUnlock(of(file).real(), level);
}

int file_control(sqlite3_file* file, int operation, void* argument) {
  return of(file).methods().xFileControl(of(file).real(), operation, argument);
}

int sector_size(sqlite3_file* file) { return of(file).methods().xSectorSize(of(file).real()); }

int device_characteristics(sqlite3_file* file) {
  return of(file).methods().xDeviceCharacteristics(of(file).real());
}

void shm_barrier(sqlite3_file* file) { of(file).methods().xShmBarrier(of(file).real()); }

int shm_unmap(sqlite3_file* file, int remove) {
  return of(file).methods().xShmUnmap(of(file).real(), remove);
}

constexpr sqlite3_io_methods methods{
    .iVersion = 2,  // shared memory, but no memory-mapped pages
    .xClose = close,
    .xRead = read,
    .xWrite = write,
    .xTruncate = truncate,
    .xSync = sync,
    .xFileSize = file_size,
    .xLock = lock,
    .xUnlock = unlock,
    .xCheckReservedLock = check_reserved_lock,
    .xFileControl = file_control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = device_characteristics,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

// --- The VFS ------------------------------------------------------------------------------------

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
  Disk& disk = of(vfs);
  file->pMethods = nullptr;  // SQLite closes what has methods
  const bool temporary = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
  if (disk.plan.strike({Failure::io_error}, temporary)) {
    return temporary ? SQLITE_IOERR_GETTEMPPATH : SQLITE_CANTOPEN;
  }
  File& f = of(file);
  f.disk = &disk;
  f.temporary = temporary ? 1 : 0;
  const int code = disk.real->xOpen(disk.real, name, f.real(), flags, out);
  if (f.real()->pMethods != nullptr) file->pMethods = &methods;
  return code;
}

int remove(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  Disk& disk = of(vfs);
  if (disk.plan.strike({Failure::io_error})) return SQLITE_IOERR_DELETE;
  return disk.real->xDelete(disk.real, name, sync_directory);
}

int access(sqlite3_vfs* vfs, const char* name, int flags, int* result) {
  Disk& disk = of(vfs);
  if (disk.plan.strike({Failure::io_error})) return SQLITE_IOERR_ACCESS;
  return disk.real->xAccess(disk.real, name, flags, result);
}

int full_pathname(sqlite3_vfs* vfs, const char* name, int size, char* full) {
  return of(vfs).real->xFullPathname(of(vfs).real, name, size, full);
}

/// Nobody really has the lock: no use in waiting for them.
int sleep(sqlite3_vfs* vfs, int microseconds) {
  Disk& disk = of(vfs);
  return disk.plan.keeps_busy() ? microseconds : disk.real->xSleep(disk.real, microseconds);
}

}  // namespace

struct FaultyVfs::Impl {
  Disk disk;
  sqlite3_vfs vfs{};
};

FaultyVfs::FaultyVfs() : impl_(std::make_unique<Impl>()) {
  sqlite3_vfs* const real = sqlite3_vfs_find(nullptr);
  if (real == nullptr) throw std::runtime_error("SQLite has no VFS");
  impl_->disk.real = real;
  sqlite3_vfs& vfs = impl_->vfs;
  vfs = *real;  // the functions not replaced below do not look at their VFS
  vfs.szOsFile = static_cast<int>(sizeof(File)) + real->szOsFile;
  vfs.pNext = nullptr;
  vfs.zName = "castore-faulty";
  vfs.pAppData = &impl_->disk;
  vfs.xOpen = open;
  vfs.xDelete = remove;
  vfs.xAccess = access;
  vfs.xFullPathname = full_pathname;
  vfs.xSleep = sleep;
  if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK) throw std::runtime_error("cannot register");
}

FaultyVfs::~FaultyVfs() { sqlite3_vfs_unregister(&impl_->vfs); }

void FaultyVfs::plan(const Fault& fault) { impl_->disk.plan.set(fault); }
void FaultyVfs::heal() { impl_->disk.plan.heal(); }
int FaultyVfs::failures() const { return impl_->disk.plan.failures(); }

}  // namespace castore::testing
