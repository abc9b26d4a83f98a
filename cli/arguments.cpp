#include "arguments.hpp"

#include <algorithm>
#include <castore/error.hpp>
#include <castore/json/scanner.hpp>
#include <castore/timestamp.hpp>
#include <charconv>
#include <limits>

namespace castore::cli {
namespace {

/// Returns the name that errors give: "--max-version" → "max-version".
std::string option_name(const std::string& flag) {
  return flag.substr(flag.find_first_not_of('-'));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::int64_t parse_integer(const std::string& name, const std::string& text, std::int64_t least) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value < least) {
    const bool is_integer = error == std::errc::result_out_of_range && stop == end;
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    const std::string range = is_integer
                                  ? "from " + std::to_string(least) + " to " + std::to_string(most)
                                  : "of at least " + std::to_string(least);
    throw InvalidOptionError(option_name(name),
                             "must be an integer " + range + ", not \"" + text + '"');
  }
  return value;
}

double parse_positive_number(const std::string& name, const std::string& text) {
  try {
    const bool has_blanks = text.find_first_of(" \t\n\r") != std::string::npos;
    JsonScanner scanner(text);  // no locale has a say in it; it skips blanks
    const double value = scanner.floating();
    scanner.expect_end();
    if (value > 0 && !has_blanks) return value;
  } catch (const JsonSyntaxError&) {
    // no number
  }
  throw InvalidOptionError(option_name(name),
                           "must be a number above 0, such as 0.5, not \"" + text + '"');
}

/// Returns nothing where there is no such unit.
std::optional<std::int64_t> milliseconds_of(std::string_view unit) {
  if (unit == "ms") return 1;
  if (unit == "s") return 1000;
  if (unit == "m") return 60 * 1000;
  if (unit == "h") return 60 * 60 * 1000;
  return std::nullopt;
}

std::chrono::milliseconds parse_duration(const std::string& name, const std::string& text) {
  if (text == "0") return std::chrono::milliseconds{0};
  std::int64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  const auto unit = milliseconds_of({stop, static_cast<std::size_t>(end - stop)});
  if (error == std::errc::invalid_argument || !unit || text.front() == '-') {
    throw InvalidOptionError(option_name(name),
                             "must be an integer and its unit, such as 500ms, 5s, 2m or 1h, or 0, "
                             "not \"" +
                                 text + '"');
  }
  if (error == std::errc::result_out_of_range ||
      count > std::chrono::milliseconds::max().count() / *unit) {
    throw InvalidOptionError(option_name(name), "is too long: \"" + text + '"');
  }
  return std::chrono::milliseconds{count * *unit};
}

/// Looks only at the form: there may be no such day.
bool is_date(std::string_view text) {
  constexpr std::string_view form = "YYYY-MM-DD";
  const auto fits = [](char c, char place) { return place == '-' ? c == '-' : is_digit(c); };
  return std::equal(text.begin(), text.end(), form.begin(), form.end(), fits);
}

Timestamp parse_date(const std::string& text, OfDay of_day) {
  try {
    return parse_timestamp(text + (of_day == OfDay::first ? "T00:00:00Z" : "T23:59:59.999999Z"));
  } catch (const InvalidTimestampError&) {
    throw InvalidTimestampError(text, "no such day");
  }
}

Timestamp parse_time(const std::string& name, const std::string& text, OfDay of_day) {
  try {
    return is_date(text) ? parse_date(text, of_day) : parse_timestamp(text);
  } catch (const InvalidTimestampError& error) {
    throw Error(error.code(),
                "Invalid option " + option_name(name) +
                    ": takes a time such as 2022-01-31T12:00:00Z, or a date. " + error.what(),
                {{"timestamp", text}, {"option", option_name(name)}});
  }
}

template <class Value>
Argument::Take assign_to(Value& value) {
  return [&value](const std::string& text) { value = text; };
}

}  // namespace

Argument positional(std::string name, std::string& value, std::string description,
                    ArgumentRules rules) {
  rules.any_text = true;
  return {std::move(name), "", std::move(description), assign_to(value), std::move(rules)};
}

Argument positional(std::string name, std::vector<std::string>& values, std::string description) {
  return {std::move(name), "", std::move(description), &values, {.any_text = true}};
}

Argument flag(std::string name, bool& value, std::string description, ArgumentRules rules) {
  return {std::move(name), "", std::move(description), &value, std::move(rules)};
}

Argument option(std::string name, std::string type, std::string& value, std::string description,
                ArgumentRules rules) {
  return {std::move(name), std::move(type), std::move(description), assign_to(value),
          std::move(rules)};
}

Argument option(std::string name, std::string type, std::optional<std::string>& value,
                std::string description, ArgumentRules rules) {
  return {std::move(name), std::move(type), std::move(description), assign_to(value),
          std::move(rules)};
}

Argument option(std::string name, std::string type, std::vector<std::string>& values,
                std::string description) {
  return {std::move(name), std::move(type), std::move(description), &values, {}};
}

Argument integer(const std::string& name, std::optional<std::int64_t>& value, std::int64_t least,
                 std::string description) {
  return {
      name,
      "N",
      std::move(description),
      [&value, name, least](const std::string& text) { value = parse_integer(name, text, least); },
      {.any_text = true}};
}

Argument positive_number(const std::string& name, std::optional<double>& value,
                         std::string description) {
  return {name,
          "N",
          std::move(description),
          [&value, name](const std::string& text) { value = parse_positive_number(name, text); },
          {.any_text = true}};
}

Argument time(const std::string& name, std::optional<Timestamp>& value, OfDay of_day,
              std::string description, ArgumentRules rules) {
  rules.any_text = true;
  return {
      name, "TIME", std::move(description),
      [&value, name, of_day](const std::string& text) { value = parse_time(name, text, of_day); },
      std::move(rules)};
}

Argument duration(const std::string& name, std::chrono::milliseconds& value,
                  std::string description, ArgumentRules rules) {
  rules.any_text = true;
  return {name, "DURATION", std::move(description),
          [&value, name](const std::string& text) { value = parse_duration(name, text); },
          std::move(rules)};
}

Argument event_store(std::string& event_store_id) {
  return positional("EVENT_STORE", event_store_id, "Event store id, for instance POKEMONS",
                    {.required = true});
}

Argument aggregate(std::string& aggregate_id) {
  return positional("AGGREGATE", aggregate_id, "Aggregate id; after -- where it begins with a dash",
                    {.required = true});
}

Argument allow_version_gaps(bool& allow) {
  return flag("--allow-version-gaps", allow,
              "Accept a version that is not the aggregate's newest + 1");
}

Argument unchecked(bool& unchecked, ArgumentRules rules) {
  return flag("--unchecked", unchecked,
              "Store what the plugin does not know, cannot read or forbids, too", std::move(rules));
}

Argument null(bool& null) {
  return flag("-0,--null", null, "End each id with NUL and escape nothing, for xargs -0",
              {.text_only = true});
}

}  // namespace castore::cli
