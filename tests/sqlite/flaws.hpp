#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sqlite/sql.hpp"

namespace castore::testing {

/// SQLite's own check: "ok", or what is wrong. Without our view, which it stumbles over: where a
/// view comes first in its list of tables, SQLite 3.40.1 takes the list for an incomplete one, and
/// looks neither at the free pages nor for pages that nobody uses.
inline std::vector<std::string> integrity_check(Sql& sql) {
  sql("BEGIN; DROP VIEW IF EXISTS castore_readable_event");
  auto found = sql("PRAGMA integrity_check");
  sql("ROLLBACK");
  return found;
}

/// What SQLite finds wrong with the file, and whether positions or versions have a gap; "" if all
/// is as it should be. For files without `allow_version_gap`.
inline std::string flaws(const std::filesystem::path& path) {
  Sql sql(path);
  std::string found;
  for (const std::string& problem : integrity_check(sql)) {
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
