#pragma once

/// \file
/// The file a database stands on: whether it is still the one that was opened, and whether this
/// process may use it.
///
/// Nothing here opens a file on which SQLite has locks (it has none on a journal). POSIX drops all
/// locks that a process holds on a file as soon as the process closes any descriptor of it,
/// SQLite's among them (https://www.sqlite.org/howtocorrupt.html#posix_close_bug): only SQLite
/// opens its files.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace castore::sqlite {

/// `path` as SQLite sees it: absolute, symbolic links resolved.
[[nodiscard]] std::filesystem::path full_path(const std::filesystem::path& path);

/// The file beside `path` that SQLite keeps for it: "-wal", "-shm", "-journal".
[[nodiscard]] std::filesystem::path beside(const std::filesystem::path& path, const char* suffix);

/// In UTF-8, as SQLite takes it.
[[nodiscard]] std::string to_sqlite(const std::filesystem::path& path);

/// Refuses what would not behave as a file: a folder, a named pipe, a device, there or where the
/// files beside it belong.
/// \throws StorageError  `not_a_castore_file`
void check_is_regular(const std::filesystem::path& path);

/// Refuses a file with a journal that names another file, as those of a transaction over several
/// files do: rolling it back, SQLite deletes the one that is named, whatever that is.
/// \throws StorageError  `storage`
void check_journal(const std::filesystem::path& path);

/// The same for every name of a file, and of no other file as long as it is open.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t number = 0;

  friend auto operator<=>(const FileIdentity&, const FileIdentity&) = default;
};

/// Of a symbolic link that of the link: names of databases are without them.
/// \returns none where there is no file of that name
[[nodiscard]] std::optional<FileIdentity> identity_of(const std::filesystem::path& path) noexcept;

/// A number of this process: a child made by fork has another one than its parent.
using ProcessId = std::uint64_t;

/// The number of times that the processes this one comes from have forked since they used castore.
inline std::atomic<ProcessId> forks{0};

[[nodiscard]] inline ProcessId this_process() noexcept {
  return forks.load(std::memory_order_relaxed);
}

/// A file that this process has open through castore, for as long as the object lives.
///
/// All of them are listed, and a child inherits the list. SQLite keeps a table of the locks of its
/// process, which a child inherits as well, but not the locks: what the child then did with such a
/// file would not be protected by any.
class OpenFile {
 public:
  enum class Use { reading, writing };

  /// \throws StorageError  `forked_process`: it was open when this process was forked
  static void check_not_inherited(const std::filesystem::path& path);

  OpenFile(FileIdentity identity, Use use);
  OpenFile& operator=(OpenFile&&) = delete;
  ~OpenFile();

  [[nodiscard]] FileIdentity identity() const noexcept { return identity_; }

  /// Whether this process reads the file through another object.
  [[nodiscard]] static bool is_read(FileIdentity identity);

 private:
  FileIdentity identity_;
  Use use_;
};

/// While it lives, readers of the same process that are in the way of opening a file for writing
/// hold back.
class OpeningForWriting {
 public:
  explicit OpeningForWriting(FileIdentity identity);
  OpeningForWriting& operator=(OpeningForWriting&&) = delete;
  ~OpeningForWriting();

  [[nodiscard]] static bool is_under_way(FileIdentity identity) noexcept;

 private:
  FileIdentity identity_;
};

/// The name of an open database, and the file that had it when it was opened. Once another file has
/// the name, or none, it is lost for good, also if the name comes back: others have had it.
class FileInPlace {
 public:
  FileInPlace() = default;
  FileInPlace& operator=(FileInPlace&&) = delete;
  ~FileInPlace();

  void watch(std::filesystem::path path);
  /// From now on looks after `-wal` and `-shm`, too. A writer keeps them in place as long as it
  /// lives.
  void watch_log();

  /// \throws StorageError  `file_replaced`
  void check() const;
  /// The same, for a call that comes soon after another one: less than a millisecond after a look
  /// at all of it, that sees only whether the file is there and the `-wal` was not deleted;
  /// `if_stale` none.
  void check_again() const;
  /// The same for one that reads: whether the file is there.
  void check_to_read() const;
  void check_if_stale() const;

  [[nodiscard]] bool holds() const noexcept { return find_lost() == nullptr; }

 private:
  struct Name {
    std::filesystem::path path;
    std::optional<FileIdentity> identity;
  };

  [[nodiscard]] bool is_stale() const noexcept;
  [[nodiscard]] bool is_there() const noexcept;
  /// \returns the first that is not what it was; null if all are
  [[nodiscard]] const Name* find_lost() const noexcept;
  [[nodiscard]] const Name* find_lost_quickly() const noexcept;
  void fail_if(const Name* lost) const;

  Name names_[3];  ///< the file, `-wal`, `-shm`; those that are looked after have an identity
  // Descriptors, since a look by them is quicker than one by a whole path; -1 if there are none.
  int folder_ = -1;
  int log_ = -1;  ///< of the `-wal`, which SQLite does not lock
  std::filesystem::path name_in_folder_;
  mutable std::atomic<bool> lost_{false};
  mutable std::atomic<std::chrono::steady_clock::rep> looked_at_{0};
};

/// The file of a database, and the process that has opened it. In memory and on a host's connection
/// it has no name, and nothing is watched.
struct DatabaseFile {
  std::filesystem::path path;  ///< absolute; may be empty
  ProcessId process = this_process();
  std::optional<OpenFile> open{};
  FileInPlace in_place{};

  /// A child made by fork has the memory of its parent, and none of its locks.
  [[nodiscard]] bool is_of_this_process() const noexcept { return process == this_process(); }
  /// \throws StorageError  `forked_process`
  void check_process() const;
};

}  // namespace castore::sqlite
