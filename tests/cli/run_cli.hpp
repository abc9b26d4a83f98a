#pragma once

#include <castore/cli/run.hpp>
#include <castore/event.hpp>
#include <istream>
#include <string>
#include <vector>

#include "support/temporary_directory.hpp"

namespace castore::testing {

/// The result of a run of castore-cli.
struct Finished {
  int exit_code = 0;
  std::string out;
  std::string err;
};

/// castore-cli in this process, on an SQLite file of its own.
class Cli {
 public:
  /// `--db` is added; `input` is standard input.
  [[nodiscard]] Finished operator()(std::vector<std::string> arguments,
                                    const std::string& input = {}) const;
  [[nodiscard]] Finished with_input(std::vector<std::string> arguments, std::istream& input) const;

  /// Stores one event; a failure fails the test.
  void push(const std::string& event_store_id, const std::string& event) const;
  void import(const std::string& lines) const;

  [[nodiscard]] std::string events(const std::string& event_store_id,
                                   const std::string& aggregate_id) const;
  [[nodiscard]] bool has_file() const;
  [[nodiscard]] std::filesystem::path file() const { return directory_ / "events.db"; }
  [[nodiscard]] const TemporaryDirectory& directory() const { return directory_; }

  Registry registry;

 private:
  TemporaryDirectory directory_;
};

/// A line of an import: event `version` of `aggregate_id` in POKEMONS, a minute later each.
[[nodiscard]] std::string stored_line(const std::string& aggregate_id, Version version,
                                      const std::string& payload = "{}");

[[nodiscard]] std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& text);

inline constexpr auto appeared =
    R"({"aggregateId":"pikachu","version":1,"type":"POKEMON_APPEARED",)"
    R"("timestamp":"2022-01-01T00:00:00.000Z","payload":{"name":"Pikachu","level":42}})";
inline constexpr auto caught =
    R"({"aggregateId":"pikachu","version":2,"type":"POKEMON_CAUGHT",)"
    R"("timestamp":"2022-01-02T00:00:00.000Z","payload":{"trainer_id":"ash"},)"
    R"("metadata":{"trigger":"random"}})";
inline constexpr auto leveled_up =
    R"({"aggregateId":"pikachu","version":3,"type":"POKEMON_LEVELED_UP",)"
    R"("timestamp":"2022-01-03T00:00:00.000Z"})";

}  // namespace castore::testing
