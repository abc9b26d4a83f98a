#include "run_cli.hpp"

#include <doctest/doctest.h>
#include <castore/event_json.hpp>
#include <castore/timestamp.hpp>
#include <fstream>
#include <sstream>

namespace castore::testing {

Finished Cli::operator()(std::vector<std::string> arguments, const std::string& input) const {
  std::istringstream in(input);
  return with_input(std::move(arguments), in);
}

Finished Cli::with_input(std::vector<std::string> arguments, std::istream& input) const {
  std::vector<std::string> all{"castore-cli", "--db", file().string()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<const char*> argv;
  argv.reserve(all.size());
  for (const std::string& argument : all) argv.push_back(argument.c_str());
  std::ostringstream out;
  std::ostringstream err;
  const int exit_code =
      cli::run(static_cast<int>(argv.size()), argv.data(), registry, {input, out, err});
  return {exit_code, out.str(), err.str()};
}

void Cli::push(const std::string& event_store_id, const std::string& event) const {
  const Finished pushed = (*this)({"push-event", event_store_id, "--event", event});
  REQUIRE_MESSAGE(pushed.exit_code == 0, pushed.err);
}

void Cli::import(const std::string& lines) const {
  const Finished imported = (*this)({"import"}, lines);
  REQUIRE_MESSAGE(imported.exit_code == 0, imported.err);
}

std::string Cli::events(const std::string& event_store_id, const std::string& aggregate_id) const {
  return (*this)({"--format", "jsonl", "get-events", event_store_id, "--", aggregate_id}).out;
}

bool Cli::has_file() const { return std::filesystem::exists(file()); }

std::string stored_line(const std::string& aggregate_id, Version version,
                        const std::string& payload) {
  const Timestamp timestamp =
      parse_timestamp("2022-01-01T00:00:00Z") + std::chrono::minutes{version};
  std::string line = R"({"eventStoreId":"POKEMONS","event":)";
  append_json(line, {aggregate_id, version, "LEVELED", timestamp, payload, std::nullopt});
  return line + "}\n";
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace castore::testing
