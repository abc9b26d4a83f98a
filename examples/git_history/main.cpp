/// \file
/// The files that changed most often, from an imported history:
///
///     castore-cli --db history.db import cli11-history.jsonl
///     castore-git-history history.db [COUNT]

#include <algorithm>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <cstddef>
#include <exception>
#include <git_history/git_history.hpp>
#include <iomanip>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace {

using git_history::File;
using git_history::Files;

std::vector<File> all_files(const Files& files) {
  std::vector<File> all;
  for (const auto& listed : files.list_aggregate_ids().aggregate_ids) {
    all.push_back(files.get_existing_aggregate(listed.aggregate_id));
  }
  return all;
}

bool changed_more(const File& a, const File& b) {
  return a.changes != b.changes ? a.changes > b.changes : a.aggregate_id < b.aggregate_id;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) {
    std::cerr << "usage: castore-git-history FILE.db [COUNT]\n";
    return 2;
  }
  const std::size_t count = argc > 2 ? std::stoul(argv[2]) : 10;
  const auto database = castore::sqlite::Database::open(argv[1], {.read_only = true});
  auto files = all_files(
      git_history::make_files(std::make_shared<castore::SqliteEventStorageAdapter>(database)));

  std::sort(files.begin(), files.end(), changed_more);
  files.resize(std::min(files.size(), count));
  std::cout << "changes   lines  file\n";
  for (const File& file : files) {
    std::cout << std::setw(7) << file.changes << std::setw(8) << file.lines << "  "
              << file.aggregate_id << (file.exists ? "" : " (deleted)") << '\n';
  }
} catch (const std::exception& e) {
  std::cerr << "castore-git-history: " << e.what() << '\n';
  return 1;
}
