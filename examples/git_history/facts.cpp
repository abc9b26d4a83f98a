/// \file
/// What `castore-git-history FILE.db COUNT` has to print for COUNT files, computed from the JSON
/// Lines alone: without castore, to check it.
///
///     git_history_facts HISTORY.jsonl

#include <algorithm>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace {

struct Facts {
  long long changes = 0;
  long long lines = 0;
  std::string last_type;
};

long long number_or_zero(const nlohmann::json& json) {
  return json.is_null() ? 0 : json.get<long long>();
}

std::map<std::string, Facts> gather(std::istream& in) {
  std::map<std::string, Facts> files;
  for (std::string line; std::getline(in, line);) {
    const auto json = nlohmann::json::parse(line);
    if (json.at("eventStoreId") != "FILES") continue;
    const auto& event = json.at("event");
    Facts& facts = files[event.at("aggregateId").get<std::string>()];
    facts.changes += 1;
    facts.lines += number_or_zero(event.at("payload").at("added"));
    facts.lines -= number_or_zero(event.at("payload").at("removed"));
    facts.last_type = event.at("type").get<std::string>();
  }
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::ifstream in(argv[1]);
  const auto files = gather(in);

  std::vector<std::pair<std::string, Facts>> sorted(files.begin(), files.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.second.changes > b.second.changes;
  });
  std::cout << "changes   lines  file\n";
  for (const auto& [path, facts] : sorted) {
    std::cout << std::setw(7) << facts.changes << std::setw(8) << facts.lines << "  " << path
              << (facts.last_type == "FILE_DELETED" ? " (deleted)" : "") << '\n';
  }
}
