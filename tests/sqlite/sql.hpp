#pragma once

/// \file
/// A plain SQLite connection beside the library: the host application, or another tool.

#include <sqlite3.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace castore::testing {

class Sql {
 public:
  explicit Sql(const std::filesystem::path& path) {
    if (sqlite3_open(path.string().c_str(), &connection_) != SQLITE_OK) {
      throw std::runtime_error("cannot open " + path.string());
    }
  }
  Sql& operator=(Sql&&) = delete;
  ~Sql() { sqlite3_close(connection_); }

  [[nodiscard]] sqlite3* handle() const noexcept { return connection_; }

  /// Runs all statements of `sql`; answers the rows, columns joined by '|', NULL as "NULL".
  std::vector<std::string> operator()(const std::string& sql) {
    std::vector<std::string> rows;
    const auto collect = [](void* target, int count, char** values, char**) {
      std::string row;
      for (int i = 0; i < count; ++i) {
        if (i > 0) row += '|';
        row += values[i] == nullptr ? "NULL" : values[i];
      }
      static_cast<std::vector<std::string>*>(target)->push_back(row);
      return 0;
    };
    if (sqlite3_exec(connection_, sql.c_str(), collect, &rows, nullptr) != SQLITE_OK) {
      throw std::runtime_error(sql + ": " + sqlite3_errmsg(connection_));
    }
    return rows;
  }

  /// The only value of the only row.
  std::string value(const std::string& sql) { return (*this)(sql).at(0); }

 private:
  sqlite3* connection_ = nullptr;
};

}  // namespace castore::testing
