#include "sqlite/file.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <castore/error.hpp>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#ifndef _WIN32
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace castore::sqlite {
namespace {

namespace fs = std::filesystem;

const char* kind_of(fs::file_type type) {
  switch (type) {
    case fs::file_type::directory:
      return "a folder";
    case fs::file_type::fifo:
      return "a named pipe";
    case fs::file_type::socket:
      return "a socket";
    case fs::file_type::character:
    case fs::file_type::block:
      return "a device";
    default:
      return "something else";
  }
}

/// The files that the process has open, and those that it is about to open for writing.
class Table {
 public:
  struct Entry {
    FileIdentity identity;
    ProcessId process;
    bool reading = false;
  };

  static Table& instance() {
    // Never destroyed: databases of static lifetime may outlive everything else.
    static auto* const table = new Table;
    return *table;
  }

  std::mutex mutex;
  std::vector<Entry> entries;
  std::vector<FileIdentity> opening;

 private:
  Table() {
#ifndef _WIN32
    // A child must not find the mutex locked by a thread that it does not have.
    pthread_atfork([] { instance().mutex.lock(); }, [] { instance().mutex.unlock(); },
                   [] {
                     ++forks;
                     instance().mutex.unlock();
                   });
#endif
  }
};

template <class Vector, class Predicate>
void erase_one(Vector& vector, const Predicate& is_it) {
  const auto found = std::find_if(vector.begin(), vector.end(), is_it);
  if (found != vector.end()) vector.erase(found);
}

}  // namespace

fs::path full_path(const fs::path& path) {
  fs::path absolute = fs::absolute(path);
  sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
  std::u8string full(static_cast<std::size_t>(vfs->mxPathname) + 1, u8'\0');
  const int code = vfs->xFullPathname(vfs, to_sqlite(absolute).c_str(), vfs->mxPathname + 1,
                                      reinterpret_cast<char*>(full.data()));
  if ((code & 0xFF) != SQLITE_OK) return absolute;  // SQLite says what is wrong when it opens it
  full.resize(full.find(u8'\0'));
  return full;
}

fs::path beside(const fs::path& path, const char* suffix) {
  fs::path other = path;
  other += suffix;
  return other;
}

std::string to_sqlite(const fs::path& path) {
  const auto text = path.u8string();
  return {text.begin(), text.end()};
}

void check_is_regular(const fs::path& path) {
  for (const char* const suffix : {"", "-wal", "-shm", "-journal"}) {
    const fs::path file = beside(path, suffix);
    std::error_code error;
    const auto type = fs::status(file, error).type();
    // SQLite opens, or does not, a file that cannot be looked at.
    if (type == fs::file_type::regular || type == fs::file_type::not_found ||
        type == fs::file_type::none || type == fs::file_type::unknown) {
      continue;
    }
    throw StorageError(ErrorCode::not_a_castore_file,
                       file.string() + " is " + kind_of(type) + ", not a file");
  }
}

void check_journal(const fs::path& path) {
  const fs::path journal = beside(path, "-journal");
  std::ifstream file(journal, std::ios::binary | std::ios::ate);
  // https://www.sqlite.org/fileformat2.html: the name, its length and checksum, and these
  constexpr std::string_view magic = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7";
  char end[magic.size()] = {};
  if (!file || file.tellg() < std::streamoff{16}) return;
  file.seekg(-static_cast<std::streamoff>(magic.size()), std::ios::end);
  if (!file.read(end, sizeof end) || std::string_view(end, sizeof end) != magic) return;
  throw StorageError(ErrorCode::storage,
                     journal.string() +
                         " was left by a transaction over several files, one of which it names: "
                         "open the file once with the program that made it");
}

#ifdef _WIN32
// Windows keeps a name in place while its file is open, and has no fork.
std::optional<FileIdentity> identity_of(const fs::path& path) noexcept try {
  std::error_code error;
  if (!fs::exists(path, error)) return std::nullopt;
  return FileIdentity{0, fs::hash_value(fs::weakly_canonical(path, error))};
} catch (...) {
  return std::nullopt;
}
#else
namespace {

std::optional<FileIdentity> identity_in(int folder, const fs::path& path) noexcept {
#ifdef __linux__
  // Not its times: who has asked for those of a `-wal` makes its next sync write them.
  struct statx status {};
  if (::statx(folder, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_INO, &status) != 0) {
    return std::nullopt;
  }
  constexpr unsigned bits = 32;
  return FileIdentity{std::uint64_t{status.stx_dev_major} << bits | status.stx_dev_minor,
                      status.stx_ino};
#else
  struct stat status {};
  if (::fstatat(folder, path.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  return FileIdentity{static_cast<std::uint64_t>(status.st_dev),
                      static_cast<std::uint64_t>(status.st_ino)};
#endif
}

bool is_deleted(int descriptor) noexcept {
#ifdef __linux__
  struct statx status {};
  return ::statx(descriptor, "", AT_EMPTY_PATH, STATX_NLINK, &status) == 0 && status.stx_nlink == 0;
#else
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && status.st_nlink == 0;
#endif
}

}  // namespace

std::optional<FileIdentity> identity_of(const fs::path& path) noexcept {
  return identity_in(AT_FDCWD, path);
}
#endif

void OpenFile::check_not_inherited(const fs::path& path) {
  const auto identity = identity_of(path);
  if (!identity) return;
  Table& table = Table::instance();
  const std::lock_guard guard(table.mutex);
  for (const Table::Entry& entry : table.entries) {
    if (entry.identity == *identity && entry.process != this_process()) {
      throw StorageError(ErrorCode::forked_process,
                         path.string() +
                             " was open when this process was forked: close it before forking, or "
                             "open it in a program started by exec");
    }
  }
}

OpenFile::OpenFile(FileIdentity identity, Use use) : identity_(identity), use_(use) {
  Table& table = Table::instance();
  const std::lock_guard guard(table.mutex);
  table.entries.push_back({identity, this_process(), use == Use::reading});
}

OpenFile::~OpenFile() {
  Table& table = Table::instance();
  const std::lock_guard guard(table.mutex);
  erase_one(table.entries, [&](const Table::Entry& entry) {
    return entry.identity == identity_ && entry.process == this_process() &&
           entry.reading == (use_ == Use::reading);
  });
}

bool OpenFile::is_read(FileIdentity identity) {
  Table& table = Table::instance();
  const std::lock_guard guard(table.mutex);
  return std::any_of(table.entries.begin(), table.entries.end(), [&](const Table::Entry& entry) {
    return entry.identity == identity && entry.reading;
  });
}

OpeningForWriting::OpeningForWriting(FileIdentity identity) : identity_(identity) {
  Table& table = Table::instance();
  const std::lock_guard guard(table.mutex);
  table.opening.push_back(identity);
}

OpeningForWriting::~OpeningForWriting() {
  Table& table = Table::instance();
  const std::lock_guard guard(table.mutex);
  erase_one(table.opening, [&](const FileIdentity& opening) { return opening == identity_; });
}

bool OpeningForWriting::is_under_way(FileIdentity identity) noexcept {
  Table& table = Table::instance();
  const std::lock_guard guard(table.mutex);
  return std::find(table.opening.begin(), table.opening.end(), identity) != table.opening.end();
}

#ifdef _WIN32
FileInPlace::~FileInPlace() = default;

void FileInPlace::watch_log() {}

bool FileInPlace::is_there() const noexcept {
  return identity_of(names_[0].path) == names_[0].identity;
}

const FileInPlace::Name* FileInPlace::find_lost_quickly() const noexcept { return find_lost(); }
#else
FileInPlace::~FileInPlace() {
  for (const int descriptor : {folder_, log_}) {
    if (descriptor >= 0) ::close(descriptor);
  }
}

void FileInPlace::watch_log() {
  names_[1].path = beside(names_[0].path, "-wal");
  names_[2].path = beside(names_[0].path, "-shm");
  for (Name& name : names_) name.identity = identity_of(name.path);
  log_ = ::open(names_[1].path.c_str(), O_RDONLY | O_CLOEXEC);
}

bool FileInPlace::is_there() const noexcept {
  const auto now =
      folder_ < 0 ? identity_of(names_[0].path) : identity_in(folder_, name_in_folder_);
  return now == names_[0].identity;
}

const FileInPlace::Name* FileInPlace::find_lost_quickly() const noexcept {
  if (log_ < 0) return find_lost();
  if (!is_there()) return &names_[0];
  return is_deleted(log_) ? &names_[1] : nullptr;
}
#endif

void FileInPlace::watch(fs::path path) {
  names_[0].path = std::move(path);
  names_[0].identity = identity_of(names_[0].path);
#ifndef _WIN32
  name_in_folder_ = names_[0].path.filename();
  folder_ = ::open(names_[0].path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
#endif
}

bool FileInPlace::is_stale() const noexcept {
  constexpr std::chrono::steady_clock::duration fresh = std::chrono::milliseconds{1};
  return std::chrono::steady_clock::now().time_since_epoch().count() - looked_at_ > fresh.count();
}

const FileInPlace::Name* FileInPlace::find_lost() const noexcept {
  for (const Name& name : names_) {
    if (name.identity && (lost_ || identity_of(name.path) != name.identity)) return &name;
  }
  return nullptr;
}

void FileInPlace::fail_if(const Name* lost) const {
  if (lost == nullptr) return;
  lost_ = true;
  const auto now = identity_of(lost->path);
  const char* const how = !now                    ? " was moved or deleted while it was open"
                          : now != lost->identity ? " is another file than the one that was opened"
                                                  : " was away while it was open";
  throw StorageError(ErrorCode::file_replaced,
                     lost->path.string() + how + ": close all that has it open, and open it again");
}

void FileInPlace::check() const {
  const auto now = std::chrono::steady_clock::now();
  fail_if(find_lost());
  looked_at_ = now.time_since_epoch().count();
}

void FileInPlace::check_again() const {
  if (!names_[0].identity) return;
  if (lost_ || is_stale()) return check();
  fail_if(find_lost_quickly());
}

void FileInPlace::check_to_read() const {
  if (!names_[0].identity) return;
  if (lost_ || is_stale()) return check();
  fail_if(is_there() ? nullptr : &names_[0]);
}

void FileInPlace::check_if_stale() const {
  if (names_[0].identity && (lost_ || is_stale())) check();
}

void DatabaseFile::check_process() const {
  if (is_of_this_process()) return;
  throw StorageError(ErrorCode::forked_process,
                     (path.empty() ? std::string("the database") : path.string()) +
                         " was opened by the process that this one was forked from");
}

}  // namespace castore::sqlite
