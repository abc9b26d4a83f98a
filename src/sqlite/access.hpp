#pragma once

/// \file
/// Why the system does not let this process have a file. SQLite says "unable to open database file"
/// to all of it. The file and those beside it are only asked about, never opened.

#include <castore/error.hpp>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

namespace castore::sqlite {

enum class Access { read, write };

/// \returns a `permission_denied` that names the file beside `path`, or the folder, for which this
///     process has no permission, if there is one
[[nodiscard]] std::optional<StorageError> find_denied(const std::filesystem::path& path,
                                                      Access access);

/// `find_denied`, or else that the process has no file descriptor left.
[[nodiscard]] std::optional<StorageError> find_hindrance(const std::filesystem::path& path,
                                                         Access access);

/// Says, if this process has no file descriptor left, that it has none.
[[nodiscard]] std::error_code no_descriptor_left() noexcept;

/// \returns where SQLite makes its temporary files, as the end of a message about one that failed
[[nodiscard]] std::string_view where_temporary_files_are() noexcept;

/// A file that is there, or may be made there. Whether it may be read is not looked at.
/// \throws StorageError  `permission_denied`, or `storage` for a loop of links and the like
void check_is_reachable(const std::filesystem::path& path, Access access);

}  // namespace castore::sqlite
