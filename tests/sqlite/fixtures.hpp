#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace castore::testing {

/// A file of an earlier schema version, as SQL.
inline std::string fixture(int version) {
  const std::filesystem::path path = std::filesystem::path(CASTORE_SQLITE_FIXTURES) /
                                     ("schema-" + std::to_string(version) + ".sql");
  std::ifstream file(path);
  REQUIRE_MESSAGE(file, "no dump of a file of schema version " << version);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace castore::testing
