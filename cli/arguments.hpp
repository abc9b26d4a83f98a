#pragma once

#include <CLI/CLI.hpp>
#include <castore/event.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace castore::cli {

class Context;

// Values are taken from their text by us: CLI11 2.1.2 reads "010" as 8, and its messages say "Value
// 0 not in range 1 to 9223372036854775807".

/// An integer of at least `least`. \throws InvalidOptionError while parsing
CLI::Option* add_integer(CLI::App& command, const std::string& name,
                         std::optional<std::int64_t>& value, std::int64_t least,
                         const std::string& description);

/// A number above 0, as JSON has them. \throws InvalidOptionError while parsing
CLI::Option* add_positive_number(CLI::App& command, const std::string& name,
                                 std::optional<double>& value, const std::string& description);

/// The moment of a day, in UTC, that a date without a time means.
enum class OfDay { first, last };

/// A timestamp or a date. \throws Error  `ErrorCode::invalid_timestamp` while parsing
CLI::Option* add_time(CLI::App& command, const std::string& name, std::optional<Timestamp>& value,
                      OfDay of_day, const std::string& description);

/// An integer with its unit, such as 500ms, 5s, 2m or 1h; or 0.
/// \throws InvalidOptionError while parsing
CLI::Option* add_duration(CLI::App& command, const std::string& name,
                          std::chrono::milliseconds& value, const std::string& description);

/// Refuses a value that looks like the next option: the value was forgotten.
[[nodiscard]] CLI::Validator no_option();

/// The positionals EVENT_STORE and AGGREGATE.
void add_event_store(CLI::App& command, std::string& event_store_id);
void add_aggregate(CLI::App& command, std::string& aggregate_id);

/// -0, --null: ids end with NUL, as they are, for `xargs -0`.
void add_null(CLI::App& command, bool& null);
/// \throws InvalidOptionError  -0 is given, and the results are JSON
void require_text(bool null, const Context& context);

/// --allow-version-gaps
void add_allow_version_gaps(CLI::App& command, bool& allow);

}  // namespace castore::cli
