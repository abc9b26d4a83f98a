#include "sqlite/read_only.hpp"

#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace castore::sqlite {

struct ReadOnlyVfs : sqlite3_vfs {
  ReadOnlyVfs(sqlite3_vfs* system_vfs, std::filesystem::path file);
  ReadOnlyVfs& operator=(ReadOnlyVfs&&) = delete;
  ~ReadOnlyVfs();

  [[nodiscard]] bool has_shm() const noexcept {
    std::error_code error;
    return std::filesystem::exists(shm, error);
  }

  /// Somebody may have opened the file since there was no `-shm`, under this name or another one.
  [[nodiscard]] bool somebody_came() const noexcept {
    return has_shm() || identity_of(path) != identity;
  }

  sqlite3_vfs* system;
  std::string name;
  std::filesystem::path path;
  std::filesystem::path shm;
  std::filesystem::path log;
  std::optional<FileIdentity> identity;
  /// The database's name with the parameter by which SQLite opens a `-shm` for reading only.
  const char* name_for_probe = nullptr;
};

namespace {

// https://www.sqlite.org/walformat.html
constexpr sqlite3_int64 log_header_size = 32;

enum class Index {
  none,        ///< the file is not read as a WAL file (yet)
  own,         ///< in memory: nobody else is there
  shared,      ///< that of a writer, or of its process
  unattended,  ///< that of a writer that is gone; SQLite makes one in memory
};

/// Regions of an index in memory.
using Regions = std::vector<std::unique_ptr<std::byte[]>>;

/// The main file of a connection or its log, followed in memory by the file of the VFS below.
struct File {
  sqlite3_file base;  ///< first: it is all that SQLite knows
  ReadOnlyVfs* vfs;
  File* main;   ///< the file whose log this is; null if this is the main file
  bool absent;  ///< there is no such log
  // --- Of the main file ---
  bool lacks_log;    ///< its log was absent when it was opened
  FileIdentity log;  ///< that it was otherwise
  bool look_again;   ///< others are at work: the reading is to be begun anew
  Index index;
  Regions* regions;  ///< of an index of its own
  /// The same file once more, for a look at a `-shm` that must not be written to. SQLite shares an
  /// open `-shm` among all connections of a process: left open for reading only, it would keep a
  /// writer of this process from writing.
  sqlite3_file* probe;
  int locked_by_probe;    ///< the lock that it holds in the `-shm`; -1 if none
  unsigned locked_by_us;  ///< those that `real` holds, as bits

  [[nodiscard]] sqlite3_file* real() noexcept { return reinterpret_cast<sqlite3_file*>(this + 1); }
  [[nodiscard]] const sqlite3_io_methods& methods() noexcept { return *real()->pMethods; }
};

static_assert(sizeof(File) % sizeof(void*) == 0, "the file behind it is aligned as it");

File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
ReadOnlyVfs& of(sqlite3_vfs* vfs) { return *static_cast<ReadOnlyVfs*>(vfs); }

/// Ends the reading with `code`; it is to be begun anew.
int look_again(File& main, int code) {
  main.look_again = true;
  return code;
}

// --- The probe ----------------------------------------------------------------------------------

void close_probe(File& main) {
  if (main.probe == nullptr) return;
  const sqlite3_io_methods& methods = *main.probe->pMethods;
  if (main.locked_by_probe >= 0) {
    methods.xShmLock(main.probe, main.locked_by_probe, 1, SQLITE_SHM_UNLOCK | SQLITE_SHM_SHARED);
  }
  methods.xShmUnmap(main.probe, 0);
  methods.xClose(main.probe);
  sqlite3_free(main.probe);
  main.probe = nullptr;
  main.locked_by_probe = -1;
}

/// Whether a writer was killed while it wrote the header of an index that others still have open.
/// There are two copies of it, which are written under the write lock.
bool is_half_written(sqlite3_file* file, void volatile* memory) noexcept {
  constexpr std::size_t size = 48;  // https://www.sqlite.org/walformat.html#the_wal_index_header
  constexpr std::size_t is_initialised = 12;
  const auto* const header = static_cast<unsigned char volatile*>(memory);
  const auto is_sound = [&] {
    for (std::size_t i = 0; i < size; ++i) {
      if (header[i] != header[size + i]) return false;
    }
    return header[is_initialised] != 0;
  };
  if (memory == nullptr || is_sound()) return false;
  constexpr int write_lock = 0;
  const auto lock = [&](int how) {
    return file->pMethods->xShmLock(file, write_lock, 1, how | SQLITE_SHM_SHARED);
  };
  if (lock(SQLITE_SHM_LOCK) != SQLITE_OK) return false;  // somebody is writing it
  const bool sound = is_sound();
  lock(SQLITE_SHM_UNLOCK);
  return !sound;
}

/// Opens the `-shm` for reading only. \returns SQLITE_READONLY if a writer of another process has
/// it open, SQLITE_OK if one of this process has, SQLITE_READONLY_CANTINIT if nobody has or it is
/// of no use
int probe_shm(File& main, int region_size) {
  ReadOnlyVfs& vfs = *main.vfs;
  if (main.probe == nullptr) {
    // It would come to share what we are about to open.
    if (vfs.identity && OpeningForWriting::is_under_way(*vfs.identity)) return SQLITE_BUSY;
    auto* const probe = static_cast<sqlite3_file*>(sqlite3_malloc(vfs.system->szOsFile));
    if (probe == nullptr) return SQLITE_NOMEM;
    probe->pMethods = nullptr;
    const int code = vfs.system->xOpen(vfs.system, vfs.name_for_probe, probe,
                                       SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB, nullptr);
    if (code != SQLITE_OK) {
      if (probe->pMethods != nullptr) probe->pMethods->xClose(probe);
      sqlite3_free(probe);
      return code;
    }
    main.probe = probe;
  }
  void volatile* memory = nullptr;
  int code = main.probe->pMethods->xShmMap(main.probe, 0, region_size, 0, &memory);
  const bool is_mapped = code == SQLITE_OK || code == SQLITE_READONLY;
  if (is_mapped && is_half_written(main.probe, memory)) code = SQLITE_READONLY_CANTINIT;
  if (code != SQLITE_READONLY_CANTINIT) close_probe(main);
  return code;
}

/// Whether the log is the one that was opened: somebody may have deleted it, or made one.
bool log_is_in_place(const File& main) noexcept {
  const auto log = identity_of(main.vfs->log);
  return log ? !main.lacks_log && *log == main.log : main.lacks_log;
}

// --- The index of the log -----------------------------------------------------------------------

/// Decides which index is read, by who else is there.
int choose_index(File& main, int region_size, void volatile** memory) {
  if (!main.vfs->has_shm()) {
    if (main.index != Index::none) return look_again(main, SQLITE_IOERR_SHMMAP);
    main.index = Index::own;
    return SQLITE_OK;
  }
  int code = probe_shm(main, region_size);
  if (code == SQLITE_READONLY_CANTINIT) {
    main.index = Index::unattended;
    return code;
  }
  if (code == SQLITE_CANTOPEN && !main.vfs->has_shm()) return look_again(main, code);
  if (code != SQLITE_READONLY && code != SQLITE_OK) return code;
  if (!log_is_in_place(main)) return look_again(main, SQLITE_IOERR_SHMMAP);
  code = main.methods().xShmMap(main.real(), 0, region_size, 0, memory);
  if (code == SQLITE_READONLY || code == SQLITE_OK) {
    main.index = Index::shared;
    return SQLITE_READONLY;
  }
  return code;
}

int add_region(File& main, int region, int size, void volatile** memory) try {
  if (main.regions == nullptr) main.regions = new Regions;
  while (static_cast<int>(main.regions->size()) <= region) {
    main.regions->push_back(std::make_unique<std::byte[]>(static_cast<std::size_t>(size)));
  }
  *memory = (*main.regions)[static_cast<std::size_t>(region)].get();
  return SQLITE_OK;
} catch (const std::bad_alloc&) {
  return SQLITE_NOMEM;
}

int shm_map(sqlite3_file* file, int region, int size, int /*extend*/, void volatile** memory) {
  File& main = of(file);
  *memory = nullptr;
  if (main.index == Index::none || main.index == Index::unattended) {
    const int code = choose_index(main, size, memory);
    if (main.index != Index::own) return code;
  }
  if (main.index == Index::own) return add_region(main, region, size, memory);
  const int code = main.methods().xShmMap(main.real(), region, size, 0, memory);
  return code == SQLITE_OK ? SQLITE_READONLY : code;
}

int unlock_shm(File& main, int offset, int count, int flags) {
  if (main.locked_by_probe >= 0) {
    close_probe(main);
    return SQLITE_OK;
  }
  const unsigned lock = 1U << static_cast<unsigned>(offset);
  if ((main.locked_by_us & lock) == 0) return SQLITE_OK;
  main.locked_by_us &= ~lock;
  return main.methods().xShmLock(main.real(), offset, count, flags);
}

/// Where nobody is left who writes, the `-shm` is open only while it is read, so that a writer of
/// this process can open it for itself.
int lock_unattended_shm(File& main, int offset, int count, int flags) {
  const int code = probe_shm(main, shm_region_size);
  // There is a writer now, as SQLite learns next, when it maps the index anew.
  if (code == SQLITE_OK || code == SQLITE_READONLY) return SQLITE_OK;
  if (code == SQLITE_CANTOPEN && !main.vfs->has_shm()) return look_again(main, code);
  if (code != SQLITE_READONLY_CANTINIT) return code;
  const int locked = main.probe->pMethods->xShmLock(main.probe, offset, count, flags);
  if (locked == SQLITE_OK) {
    main.locked_by_probe = offset;
  } else {
    close_probe(main);
  }
  return locked;
}

int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
  File& main = of(file);
  if ((flags & SQLITE_SHM_UNLOCK) != 0) return unlock_shm(main, offset, count, flags);
  if (main.index == Index::own) {
    return main.vfs->somebody_came() || !log_is_in_place(main)
               ? look_again(main, SQLITE_IOERR_SHMLOCK)
               : SQLITE_OK;
  }
  if (!log_is_in_place(main)) return look_again(main, SQLITE_IOERR_SHMLOCK);
  if (main.index == Index::unattended) return lock_unattended_shm(main, offset, count, flags);
  const int code = main.methods().xShmLock(main.real(), offset, count, flags);
  if (code == SQLITE_OK) main.locked_by_us |= 1U << static_cast<unsigned>(offset);
  return code;
}

void shm_barrier(sqlite3_file* file) { of(file).methods().xShmBarrier(of(file).real()); }

int shm_unmap(sqlite3_file* file, int /*remove*/) {
  File& main = of(file);
  close_probe(main);
  if (main.index == Index::shared) main.methods().xShmUnmap(main.real(), 0);
  delete main.regions;
  main.regions = nullptr;
  main.index = Index::none;
  return SQLITE_OK;
}

// --- Reading ------------------------------------------------------------------------------------

int read(sqlite3_file* file, void* data, int size, sqlite3_int64 offset) {
  File& f = of(file);
  File& main = f.main == nullptr ? f : *f.main;
  if (f.absent) return SQLITE_IOERR_SHORT_READ;
  const int code = f.methods().xRead(f.real(), data, size, offset);
  // Not BUSY: SQLite would wait for it to pass.
  if (main.index == Index::own && main.vfs->somebody_came())
    return look_again(main, SQLITE_IOERR_READ);
  return code;
}

std::uint32_t big_endian(const unsigned char* bytes) {
  return static_cast<std::uint32_t>(bytes[0]) << 24 | static_cast<std::uint32_t>(bytes[1]) << 16 |
         static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3];
}

std::uint32_t little_endian(const unsigned char* bytes) {
  return static_cast<std::uint32_t>(bytes[3]) << 24 | static_cast<std::uint32_t>(bytes[2]) << 16 |
         static_cast<std::uint32_t>(bytes[1]) << 8 | bytes[0];
}

/// As https://www.sqlite.org/fileformat2.html#the_write_ahead_log says.
bool is_log_header(const unsigned char* header) {
  constexpr std::uint32_t magic = 0x377F0682;
  constexpr std::uint32_t version = 3007000;
  constexpr std::uint32_t smallest_page = 512;
  constexpr std::uint32_t largest_page = 65536;
  constexpr int checked = 24;  // bytes
  const std::uint32_t page_size = big_endian(header + 8);
  if ((big_endian(header) & ~1U) != magic || big_endian(header + 4) != version ||
      page_size < smallest_page || page_size > largest_page || (page_size & (page_size - 1)) != 0) {
    return false;
  }
  const auto word = (big_endian(header) & 1U) != 0 ? big_endian : little_endian;
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  for (int i = 0; i < checked; i += 8) {
    first += word(header + i) + second;
    second += word(header + i + 4) + first;
  }
  return first == big_endian(header + checked) && second == big_endian(header + checked + 4);
}

/// A log in which nothing can be is shown as empty. SQLite 3.40 asks for it for ten seconds
/// otherwise, if it has no frame or no proper header and nobody has it open.
int log_size(sqlite3_file* file, sqlite3_int64* size) {
  File& log = of(file);
  *size = 0;
  if (log.absent) return SQLITE_OK;
  sqlite3_int64 all = 0;
  if (const int code = log.methods().xFileSize(log.real(), &all); code != SQLITE_OK) return code;
  if (all <= log_header_size) return SQLITE_OK;
  unsigned char header[log_header_size] = {};
  const int code = log.methods().xRead(log.real(), header, sizeof header, 0);
  if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) return code;
  if (code == SQLITE_OK && is_log_header(header)) *size = all;
  return SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return of(file).methods().xFileSize(of(file).real(), size);
}

int lock(sqlite3_file* file, int level) {
  if (level > SQLITE_LOCK_SHARED) return SQLITE_BUSY;
  return of(file).methods().xLock(of(file).real(), level);
}

int unlock(sqlite3_file* file, int level) {
  return of(file).methods().xUnlock(of(file).real(), level);
}

int check_reserved_lock(sqlite3_file* file, int* reserved) {
  return of(file).methods().xCheckReservedLock(of(file).real(), reserved);
}

int file_control(sqlite3_file* file, int operation, void* argument) {
  File& f = of(file);
  if (operation == is_to_look_again) {
    *static_cast<bool*>(argument) = f.look_again;
    return SQLITE_OK;
  }
  if (f.absent) return SQLITE_NOTFOUND;
  return f.methods().xFileControl(f.real(), operation, argument);
}

int sector_size(sqlite3_file* file) {
  constexpr int usual = 4096;
  return of(file).absent ? usual : of(file).methods().xSectorSize(of(file).real());
}

int device_characteristics(sqlite3_file* file) {
  return of(file).absent ? 0 : of(file).methods().xDeviceCharacteristics(of(file).real());
}

int write(sqlite3_file*, const void*, int, sqlite3_int64) { return SQLITE_READONLY; }
int truncate(sqlite3_file*, sqlite3_int64) { return SQLITE_READONLY; }
int sync(sqlite3_file*, int) { return SQLITE_OK; }
int no_lock(sqlite3_file*, int) { return SQLITE_OK; }
int no_reserved_lock(sqlite3_file*, int* reserved) {
  *reserved = 0;
  return SQLITE_OK;
}

int close(sqlite3_file* file) {
  File& f = of(file);
  if (f.main == nullptr) shm_unmap(file, 0);
  return f.absent ? SQLITE_OK : f.methods().xClose(f.real());
}

constexpr sqlite3_io_methods main_methods{
    .iVersion = 2,  // shared memory, but no memory-mapped pages: each reading is looked after
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

constexpr sqlite3_io_methods log_methods{
    .iVersion = 1,
    .xClose = close,
    .xRead = read,
    .xWrite = write,
    .xTruncate = truncate,
    .xSync = sync,
    .xFileSize = log_size,
    .xLock = no_lock,
    .xUnlock = no_lock,
    .xCheckReservedLock = no_reserved_lock,
    .xFileControl = file_control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = device_characteristics,
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

// --- The VFS: nothing that it throws may pass through SQLite
// ---------------------------------------

bool is_there(const char* name) {
  std::error_code error;
  return std::filesystem::exists(std::filesystem::path(reinterpret_cast<const char8_t*>(name)),
                                 error);
}

int open(sqlite3_vfs* self, const char* name, sqlite3_file* file, int flags, int* out_flags) try {
  ReadOnlyVfs& vfs = of(self);
  if ((flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) == 0) {
    // Temporary files; a journal that a crash has left, to see whether it is one.
    return vfs.system->xOpen(vfs.system, name, file, flags, out_flags);
  }
  const bool is_log = (flags & SQLITE_OPEN_WAL) != 0;
  flags = (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) | SQLITE_OPEN_READONLY;
  File& f = *new (file) File{};
  f.vfs = &vfs;
  f.locked_by_probe = -1;
  if (is_log) {
    f.main = &of(sqlite3_database_file_object(name));
    f.absent = !is_there(name);
    f.main->lacks_log = f.absent;
    f.main->log = identity_of(vfs.log).value_or(FileIdentity{});
  }
  if (out_flags != nullptr) *out_flags = flags;
  if (!f.absent) {
    f.real()->pMethods = nullptr;
    const int code = vfs.system->xOpen(vfs.system, name, f.real(), flags, out_flags);
    if (code != SQLITE_OK) {
      if (f.real()->pMethods != nullptr) f.methods().xClose(f.real());
      return code;
    }
  }
  f.base.pMethods = is_log ? &log_methods : &main_methods;
  return SQLITE_OK;
} catch (const std::bad_alloc&) {
  return SQLITE_NOMEM;
}

/// Leaves as it is what SQLite would tidy up.
int remove(sqlite3_vfs*, const char*, int) { return SQLITE_OK; }

int access(sqlite3_vfs* self, const char* name, int flags, int* result) {
  return of(self).system->xAccess(of(self).system, name, flags, result);
}

int full_pathname(sqlite3_vfs* self, const char* name, int size, char* out) {
  return of(self).system->xFullPathname(of(self).system, name, size, out);
}

int randomness(sqlite3_vfs* self, int size, char* out) {
  return of(self).system->xRandomness(of(self).system, size, out);
}

int sleep(sqlite3_vfs* self, int microseconds) {
  return of(self).system->xSleep(of(self).system, microseconds);
}

int current_time(sqlite3_vfs* self, double* out) {
  return of(self).system->xCurrentTime(of(self).system, out);
}

int last_error(sqlite3_vfs* self, int size, char* out) {
  return of(self).system->xGetLastError(of(self).system, size, out);
}

}  // namespace

ReadOnlyVfs::ReadOnlyVfs(sqlite3_vfs* system_vfs, std::filesystem::path file)
    : sqlite3_vfs{},
      system(system_vfs),
      // Of its own: SQLite finds the newest of a name.
      name("castore-read-only-" + std::to_string(reinterpret_cast<std::uintptr_t>(this))),
      path(std::move(file)),
      shm(beside(path, "-shm")),
      log(beside(path, "-wal")),
      identity(identity_of(path)) {
  iVersion = 1;
  szOsFile = static_cast<int>(sizeof(File)) + system->szOsFile;
  mxPathname = system->mxPathname;
  zName = name.c_str();
  xOpen = open;
  xDelete = remove;
  xAccess = access;
  xFullPathname = full_pathname;
  xRandomness = randomness;
  xSleep = sleep;
  xCurrentTime = current_time;
  xGetLastError = last_error;
  const char* parameter[] = {"readonly_shm", "1"};
  name_for_probe = sqlite3_create_filename(to_sqlite(path).c_str(), "", "", 1, parameter);
  if (name_for_probe == nullptr) throw std::bad_alloc();
  sqlite3_vfs_register(this, 0);
}

ReadOnlyVfs::~ReadOnlyVfs() {
  sqlite3_vfs_unregister(this);
  sqlite3_free_filename(const_cast<char*>(name_for_probe));
}

ReadOnlyFile::ReadOnlyFile(std::filesystem::path path, std::chrono::milliseconds busy_timeout)
    : path_(std::move(path)),
      busy_timeout_(busy_timeout),
      vfs_(std::make_unique<ReadOnlyVfs>(sqlite3_vfs_find(nullptr), path_)) {}

ReadOnlyFile::~ReadOnlyFile() = default;

std::unique_ptr<Connection> ReadOnlyFile::connect() const {
  return std::make_unique<Connection>(path_, SQLITE_OPEN_READONLY, busy_timeout_, vfs_->zName);
}

}  // namespace castore::sqlite
