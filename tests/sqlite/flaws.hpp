#pragma once

#include <filesystem>
#include <string>

#include "sqlite/sql.hpp"

namespace castore::testing {

/// What SQLite finds wrong with the file, and whether positions or versions have a gap; "" if all
/// is as it should be. For files without `allow_version_gap`.
inline std::string flaws(const std::filesystem::path& path) {
  Sql sql(path);
  std::string found;
  for (const std::string& problem : sql("PRAGMA integrity_check")) {
    if (problem != "ok") found += problem + '\n';
  }
  if (sql.value("SELECT count(*) = coalesce(max(position), 0) AND coalesce(min(position), 1) = 1"
                "  FROM castore_event") != "1") {
    found += "positions have a gap\n";
  }
  for (const std::string& aggregate :
       sql("SELECT event_store_id || '/' || aggregate_id FROM castore_event"
           " GROUP BY event_store_id, aggregate_id HAVING count(*) != max(version)")) {
    found += "versions have a gap: " + aggregate + '\n';
  }
  return found;
}

}  // namespace castore::testing
