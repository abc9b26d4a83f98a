#include "sqlite/access.hpp"

#include <cerrno>
#include <string>
#include <system_error>

#include "sqlite/file.hpp"

#ifndef _WIN32
#include <fcntl.h>
#include <unistd.h>
#endif

namespace castore::sqlite {
namespace {

namespace fs = std::filesystem;

StorageError denied(const char* to_do, const fs::path& path) {
  return {ErrorCode::permission_denied,
          "no permission to " + (to_do + (' ' + path.string())),
          {{"path", path.string()}}};
}

#ifdef _WIN32
bool is_denied(const fs::path& path, Access access) {
  std::error_code error;
  const auto permissions = fs::status(path, error).permissions();
  return !error && access == Access::write &&
         (permissions & fs::perms::owner_write) == fs::perms::none;
}

std::optional<StorageError> find_denied_folder(const fs::path& /*path*/) { return std::nullopt; }

bool may_create_in(const fs::path& /*folder*/) { return true; }
#else
bool lacks(const fs::path& path, int mode) {
  if (::faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0) return false;
  return errno == EACCES || errno == EPERM;
}

bool is_denied(const fs::path& path, Access access) {
  return lacks(path, access == Access::write ? W_OK : R_OK);
}

/// The first on the way to `path` that may not be entered.
std::optional<StorageError> find_denied_folder(const fs::path& path) {
  fs::path folder;
  for (const fs::path& part : path.parent_path()) {
    folder /= part;
    if (lacks(folder, X_OK)) return denied("enter the folder", folder);
  }
  return std::nullopt;
}

bool may_create_in(const fs::path& folder) { return !lacks(folder, W_OK); }
#endif

}  // namespace

#ifdef _WIN32
std::error_code no_descriptor_left() noexcept { return {}; }

std::string_view where_temporary_files_are() noexcept {
  return "the folder for temporary files of the system";
}
#else
std::error_code no_descriptor_left() noexcept {
  const int descriptor = ::open("/", O_RDONLY | O_CLOEXEC);
  if (descriptor >= 0) {
    ::close(descriptor);
    return {};
  }
  const bool is_it = errno == EMFILE || errno == ENFILE;
  return is_it ? std::error_code(errno, std::generic_category()) : std::error_code();
}

std::string_view where_temporary_files_are() noexcept {
  return "the first folder of SQLITE_TMPDIR, TMPDIR, /var/tmp, /usr/tmp, /tmp and the current one "
         "that may be written to";
}
#endif

std::optional<StorageError> find_denied(const fs::path& path, Access access) {
  if (auto folder = find_denied_folder(path)) return folder;
  for (const char* const suffix : {"", "-wal", "-shm", "-journal"}) {
    const fs::path file = beside(path, suffix);
    if (is_denied(file, Access::read)) return denied("read", file);
    if (access == Access::write && is_denied(file, Access::write)) return denied("write to", file);
  }
  if (access == Access::write && !may_create_in(path.parent_path())) {
    return denied("create files in the folder", path.parent_path());
  }
  return std::nullopt;
}

std::optional<StorageError> find_hindrance(const fs::path& path, Access access) {
  if (auto denial = find_denied(path, access)) return denial;
  const std::error_code error = no_descriptor_left();
  if (!error) return std::nullopt;
  return StorageError(ErrorCode::storage, "opening " + path.string() + ": " + error.message());
}

void check_is_reachable(const fs::path& path, Access access) {
  std::error_code error;
  static_cast<void>(fs::status(path, error));
  // A file that is not there yet, or whose folder is not, is another matter.
  if (!error || error == std::errc::no_such_file_or_directory ||
      error == std::errc::not_a_directory) {
    return;
  }
  if (auto denial = find_denied(path, access)) throw StorageError(*denial);
  throw StorageError(ErrorCode::storage, path.string() + ": " + error.message());
}

}  // namespace castore::sqlite
