#include "sqlite/read_only.hpp"

#include <array>
#include <castore/error.hpp>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

namespace castore::sqlite {
namespace {

namespace fs = std::filesystem;

/// https://www.sqlite.org/fileformat2.html#the_database_header
bool is_wal_file(const fs::path& path) {
  constexpr std::string_view magic("SQLite format 3\0", 16);
  constexpr std::size_t read_version = 19;
  std::array<char, 20> header{};
  std::ifstream file(path, std::ios::binary);
  file.read(header.data(), header.size());
  if (!file || std::string_view(header.data(), magic.size()) != magic) {
    throw StorageError(ErrorCode::not_a_castore_file, path.string() + " is no SQLite file");
  }
  return header[read_version] == 2;
}

fs::path beside(const fs::path& path, const char* suffix) {
  fs::path other = path;
  other += suffix;
  return other;
}

/// As https://www.sqlite.org/uri.html wants it.
std::string uri(const fs::path& path, std::string_view query) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  const auto generic = fs::absolute(path).generic_u8string();
  std::string out = "file:";
  if (!generic.empty() && generic.front() != u8'/') out += '/';  // C:/… on Windows
  for (const char8_t c : generic) {
    const auto byte = static_cast<unsigned char>(c);
    const bool safe =
        (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
        (byte >= 'A' && byte <= 'Z') ||
        std::string_view("/-_.~:").find(static_cast<char>(byte)) != std::string_view::npos;
    if (safe) {
      out += static_cast<char>(byte);
    } else {
      out += '%';
      out += hex[byte >> 4];
      out += hex[byte & 0xF];
    }
  }
  out += "?mode=ro";
  out += query;
  return out;
}

/// SQLite's own, under the name it has on this system. (`nolock=1` would not do: it excludes WAL.)
const char* vfs_without_locks() {
  for (const char* const name : {"unix-none", "win32-none"}) {
    if (sqlite3_vfs_find(name) != nullptr) return name;
  }
  throw StorageError(ErrorCode::storage,
                     "this SQLite cannot read a write-ahead log without its -shm file: open the "
                     "file for writing once, or a copy of it");
}

}  // namespace

ReadOnlyFile::ReadOnlyFile(fs::path path, std::chrono::milliseconds busy_timeout)
    : path_(std::move(path)), busy_timeout_(busy_timeout) {}

ReadOnlyFile::State ReadOnlyFile::look() const {
  std::error_code error;
  if (!fs::exists(path_, error)) {
    throw FileNotFoundError(path_.string());
  }
  State state;
  if (!is_wal_file(path_)) return state;
  const fs::path wal = beside(path_, "-wal");
  const bool has_wal = fs::exists(wal, error);
  const bool has_shm = fs::exists(beside(path_, "-shm"), error);
  if (has_wal && has_shm) {
    state.access = Access::shared_memory;
    return state;  // locks protect the reading: nothing to compare
  }
  state.size = fs::file_size(path_, error);
  state.written = fs::last_write_time(path_, error);
  if (has_wal) state.wal_size = fs::file_size(wal, error);
  state.access = state.wal_size > 0 ? Access::private_index : Access::immutable;
  return state;
}

bool ReadOnlyFile::changed() const {
  return !connected_ || (connected_->access != Access::locked &&
                         connected_->access != Access::shared_memory && look() != *connected_);
}

std::unique_ptr<Connection> ReadOnlyFile::connect() {
  const State state = look();
  const auto open = [&](std::string_view query) {
    return std::make_unique<Connection>(uri(path_, query), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
                                        busy_timeout_);
  };
  std::unique_ptr<Connection> connection;
  switch (state.access) {
    case Access::locked:
      connection = open("");
      break;
    case Access::shared_memory:
      connection = open("&readonly_shm=1");
      break;
    case Access::immutable:
      connection = open("&immutable=1");
      break;
    case Access::private_index:
      connection = open(std::string("&vfs=") + vfs_without_locks());
      // Else the last connection to close would write the log back into the file.
      sqlite3_db_config(connection->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
      connection->execute("PRAGMA locking_mode = EXCLUSIVE");
      break;
  }
  connected_ = state;
  return connection;
}

}  // namespace castore::sqlite
