#include <algorithm>
#include <array>
#include <castore/error.hpp>
#include <castore/json/text.hpp>
#include <castore/json/values.hpp>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base64.hpp"
#include "exception_text.hpp"
#include "json_pointer.hpp"

namespace castore::detail {
namespace {

/// A value that JSON has and a type has not.
class UnexpectedValue : public std::invalid_argument {
 public:
  UnexpectedValue(std::size_t byte, const std::string& expected)
      : std::invalid_argument("expected " + expected), byte_(byte) {}

  [[nodiscard]] std::size_t byte() const noexcept { return byte_; }

 private:
  std::size_t byte_;
};

/// The name of a member that a map has no key for.
class UnexpectedName : public std::invalid_argument {
 public:
  UnexpectedName(std::size_t byte, const std::string& message)
      : std::invalid_argument(message), byte_(byte) {}

  [[nodiscard]] std::size_t byte() const noexcept { return byte_; }

 private:
  std::size_t byte_;
};

/// A member that an object lacks.
class MissingMember : public std::invalid_argument {
 public:
  MissingMember(std::string_view name, std::size_t end)
      : std::invalid_argument("it is missing"), name_(std::string(name)), end_(end) {}

  [[nodiscard]] const std::string& name() const noexcept { return *name_; }
  [[nodiscard]] std::size_t end() const noexcept { return end_; }

 private:
  Shared<std::string> name_;
  std::size_t end_;
};

// --- Pointers ------------------------------------------------------------------------------------

/// Appends the way to the innermost value that `byte` is in or right behind, each level of which is
/// read once more: the deepest are not gone into.
// NOLINTNEXTLINE(misc-no-recursion): bounded by levels
void append_pointer(std::string& pointer, std::string_view json, std::size_t byte, int levels) {
  if (levels == 0) return;
  JsonScanner scanner(json);
  const auto take = [&](std::string_view step) {
    const std::string name(step);
    const std::string_view value = scanner.value(max_json_depth);
    const auto begin = static_cast<std::size_t>(value.data() - json.data());
    if (byte < begin || byte > begin + value.size()) return;
    append_pointer_step(pointer, name);
    append_pointer(pointer, value, byte - begin, levels - 1);
  };
  if (scanner.peek() == '{') {
    scanner.object(max_json_depth, take);
  } else if (scanner.peek() == '[') {
    std::size_t index = 0;
    scanner.array(max_json_depth, [&] { take(std::to_string(index++)); });
  }
}

std::string pointer_to(std::string_view json, std::size_t byte) {
  constexpr int most_levels = 16;
  std::string pointer;
  try {
    append_pointer(pointer, json, byte, most_levels);
  } catch (const JsonSyntaxError&) {
    // as far as it is JSON
  }
  return pointer;
}

/// The way to the value that a text ends before or in.
class WrittenPath {
 public:
  /// \param written  as we write it, without white space
  explicit WrittenPath(std::string_view written) {
    for (std::size_t i = 0; i < written.size(); ++i) {
      if (written[i] != '"') {
        take(written[i]);
      } else if (const std::size_t size = take_string(written.substr(i)); size > 0) {
        i += size - 1;
      } else {
        break;  // it ends in this string
      }
    }
  }

  [[nodiscard]] std::string pointer() const {
    std::string pointer;
    for (const Level& level : levels_) {
      if (level.name) append_pointer_step(pointer, *level.name);
      if (!level.object) append_pointer_step(pointer, std::to_string(level.index));
    }
    return pointer;
  }

 private:
  struct Level {
    bool object;
    std::optional<std::string> name{};  ///< of an object; none: it comes next
    std::size_t index = 0;
  };

  void take(char c) {
    if (c == '{' || c == '[') {
      levels_.push_back({.object = c == '{'});
    } else if (c == '}' || c == ']') {
      levels_.pop_back();
    } else if (c == ',') {
      levels_.back().name.reset();
      ++levels_.back().index;
    }
  }

  /// \returns its size; 0: it has no end
  std::size_t take_string(std::string_view rest) {
    try {
      const std::string_view literal = JsonScanner(rest).string();
      const bool is_name = !levels_.empty() && levels_.back().object && !levels_.back().name;
      if (is_name) levels_.back().name = unquote(literal);
      return literal.size();
    } catch (const JsonSyntaxError&) {
      return 0;
    }
  }

  std::vector<Level> levels_;
};

// --- Messages ------------------------------------------------------------------------------------

/// A value for a message: a scalar as it is, up to some length.
/// \throws JsonSyntaxError  there is none
std::string shown_at(std::string_view json, std::size_t byte) {
  constexpr std::size_t most = 64;
  JsonScanner scanner(json);
  scanner.rewind(byte);
  const std::string_view value = scanner.value(max_json_depth);
  if (value.front() == '{') return "an object";
  if (value.front() == '[') return value == "[]" ? "an empty array" : "an array";
  if (value.size() <= most) return std::string(value);
  std::size_t end = most;
  while ((static_cast<unsigned char>(value[end]) & 0xC0) == 0x80) --end;  // whole characters
  return std::string(value.substr(0, end)) + "…";
}

[[noreturn]] void throw_mismatch(std::string_view json, std::size_t byte,
                                 const std::string& expected) {
  throw FieldError(expected + ", found " + shown_at(json, byte), pointer_to(json, byte));
}

[[noreturn]] void throw_not_json(const JsonSyntaxError& error) {
  throw FieldError("it " + to_string(error), {});
}

/// Makes a `FieldError` of an error whose place is known. Called in a catch clause.
/// \throws JsonSyntaxError  the text is not JSON there
[[noreturn]] void rethrow_with_place(std::string_view json, std::size_t position) {
  try {
    throw;
  } catch (const JsonRangeError& error) {
    throw_mismatch(json, error.byte,
                   "expected an integer from " + std::to_string(error.min) + " to " +
                       std::to_string(error.max));
  } catch (const JsonMismatch& error) {
    throw_mismatch(json, error.byte, error.reason);
  } catch (const UnexpectedValue& error) {
    throw_mismatch(json, error.byte(), error.what());
  } catch (const UnexpectedName& error) {
    throw FieldError(error.what(), pointer_to(json, error.byte()));
  } catch (const MissingMember& missing) {
    std::string pointer = pointer_to(json, missing.end());
    append_pointer_step(pointer, missing.name());
    throw FieldError(missing.what(), std::move(pointer));
  } catch (const JsonSyntaxError&) {
    throw;
  } catch (...) {  // of a type that nlohmann_json reads
    throw FieldError(text_of_current_exception(), pointer_to(json, position));
  }
}

}  // namespace

void throw_unreadable(std::string_view json, std::size_t position) {
  try {
    rethrow_with_place(json, position);
  } catch (const JsonSyntaxError& error) {
    throw_not_json(error);
  }
}

void throw_unwritable(std::string_view written) {
  try {
    throw;
  } catch (...) {
    throw FieldError(text_of_current_exception(), WrittenPath(written).pointer());
  }
}

void throw_unexpected(std::size_t byte, const std::string& expected) {
  throw UnexpectedValue(byte, expected);
}

void throw_missing(std::string_view name, std::size_t end) { throw MissingMember(name, end); }

void throw_no_json(const std::string& what) { throw std::domain_error("JSON has no " + what); }

// --- Scalars -------------------------------------------------------------------------------------

void append_text(std::string& out, std::string_view text) {
  if (!is_utf8(text)) throw std::domain_error("expected UTF-8, found other bytes");
  append_json_string(out, text);
}

namespace {

template <class Number>
std::string_view digits_of(Number value, std::array<char, 32>& digits) {
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return {digits.data(), static_cast<std::size_t>(end - digits.data())};
}

}  // namespace

void append_integer(std::string& out, std::int64_t value) {
  std::array<char, 32> digits;  // NOLINT(cppcoreguidelines-pro-type-member-init): written first
  out += digits_of(value, digits);
}

void append_unsigned(std::string& out, std::uint64_t value) {
  std::array<char, 32> digits;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  out += digits_of(value, digits);
}

void append_floating(std::string& out, double value) {
  if (!std::isfinite(value)) throw std::domain_error("JSON has no NaN and no infinity");
  std::array<char, 32> digits;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  const std::string_view number = digits_of(value, digits);
  out += number;
  // A reader that does not know the type is to see a floating-point number.
  if (number.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void append_raw(std::string& out, std::string_view json) {
  if (const std::string problem = check_json(json); !problem.empty()) {
    throw std::domain_error("expected one JSON value, found text that " + problem);
  }
  out += json;
}

float read_float(JsonScanner& json) {
  const std::size_t begin = begin_of_value(json);
  const double value = json.floating();
  constexpr double largest = std::numeric_limits<float>::max();
  if (value > largest || value < -largest) {
    throw_unexpected(begin, "a number within the range of floats");
  }
  return static_cast<float>(value);
}

// --- Byte strings --------------------------------------------------------------------------------

void append_bytes(std::string& out, std::span<const std::byte> bytes) {
  out += '"';
  append_base64(out, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  out += '"';
}

namespace {

std::string read_base64(JsonScanner& json, std::size_t begin, const std::string& expected) {
  std::string text;
  json.string(text);
  std::optional<std::string> bytes = from_base64(text);
  if (!bytes) throw_unexpected(begin, expected);
  return *std::move(bytes);
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace

std::vector<std::byte> read_bytes(JsonScanner& json) {
  const std::string text = read_base64(json, begin_of_value(json), "bytes in base64");
  const auto bytes = bytes_of(text);
  return {bytes.begin(), bytes.end()};
}

void read_bytes(JsonScanner& json, std::span<std::byte> bytes) {
  const std::size_t begin = begin_of_value(json);
  const std::string expected = std::to_string(bytes.size()) + " bytes in base64";
  const std::string text = read_base64(json, begin, expected);
  if (text.size() != bytes.size()) throw_unexpected(begin, expected);
  std::ranges::copy(bytes_of(text), bytes.begin());
}

// --- Times ---------------------------------------------------------------------------------------

Timestamp read_timestamp(JsonScanner& json) {
  const std::size_t begin = begin_of_value(json);
  std::string text;
  json.string(text);
  try {
    return parse_timestamp(text);
  } catch (const InvalidTimestampError&) {
    throw_unexpected(begin, "a timestamp as 2022-01-01T00:00:00.000Z");
  }
}

namespace {

constexpr std::string_view date_form = "0000-00-00";

/// \returns a day that is none if the text is not a date
std::chrono::year_month_day parse_date(std::string_view text) {
  using namespace std::chrono;
  constexpr year_month_day none{year{0}, month{0}, day{0}};
  if (text.size() != date_form.size()) return none;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (date_form[i] == '0' ? !digit : text[i] != '-') return none;
  }
  const auto number = [&](std::size_t at, std::size_t size) {
    unsigned value = 0;
    std::from_chars(text.data() + at, text.data() + at + size, value);
    return value;
  };
  return {year{static_cast<int>(number(0, 4))}, month{number(5, 2)}, day{number(8, 2)}};
}

}  // namespace

void append_date(std::string& out, std::chrono::year_month_day date) {
  if (!date.ok() || date.year() < std::chrono::year{0} || date.year() > std::chrono::year{9999}) {
    throw std::domain_error("expected a day of the years 0000 to 9999");
  }
  const auto append = [&](unsigned value, std::size_t size) {
    const std::string digits = std::to_string(value);
    out.append(size - digits.size(), '0');
    out += digits;
  };
  out += '"';
  append(static_cast<unsigned>(static_cast<int>(date.year())), 4);
  out += '-';
  append(static_cast<unsigned>(date.month()), 2);
  out += '-';
  append(static_cast<unsigned>(date.day()), 2);
  out += '"';
}

std::chrono::year_month_day read_date(JsonScanner& json) {
  const std::size_t begin = begin_of_value(json);
  std::string text;
  json.string(text);
  const std::chrono::year_month_day date = parse_date(text);
  if (!date.ok()) throw_unexpected(begin, "a day as 2022-01-31");
  return date;
}

// --- Choices -------------------------------------------------------------------------------------

std::size_t choice(std::string_view text, std::span<const std::string_view> texts) {
  return static_cast<std::size_t>(std::find(texts.begin(), texts.end(), text) - texts.begin());
}

std::size_t read_choice(JsonScanner& json, std::span<const std::string_view> texts) {
  const std::string_view literal = json.string();
  const std::string_view text = literal.substr(1, literal.size() - 2);
  if (text.find('\\') != std::string_view::npos) return choice(unquote(literal), texts);
  return choice(text, texts);
}

namespace {

std::string one_of(std::span<const std::string_view> texts) {
  std::string list = texts.size() == 1 ? "" : "one of ";
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) list += ", ";
    append_json_string(list, texts[i]);
  }
  return list;
}

}  // namespace

void throw_no_choice(std::size_t byte, std::span<const std::string_view> texts) {
  throw_unexpected(byte, one_of(texts));
}

void throw_no_name(std::size_t byte, std::string_view name,
                   std::span<const std::string_view> names) {
  std::string message = "expected " + one_of(names) + " as the name, found ";
  append_json_string(message, name);
  throw UnexpectedName(byte, message);
}

Tag read_tag(JsonScanner& json, std::string_view name, int depth,
             std::span<const std::string_view> texts) {
  std::size_t place = texts.size();
  const auto read = [&] {
    const std::size_t begin = begin_of_value(json);
    place = read_choice(json, texts);
    if (place == texts.size()) throw_no_choice(begin, texts);
  };
  if (json.skip_name(name)) {
    read();
    const bool more = json.skip(',');
    return {.place = place, .first = true, .ended = !more};
  }
  const bool ended = json.peek() == '}';
  const std::size_t members = json.position();
  for (bool more = !ended; more; more = json.skip(',')) {
    if (json.name() != name) {
      json.value(depth);
    } else if (place != texts.size()) {
      json.fail("the tag is given twice");
    } else {
      read();
    }
  }
  if (place == texts.size()) {
    json.expect('}', "expected ',' or '}'");
    throw_missing(name, json.position());
  }
  json.rewind(members);
  return {.place = place, .first = false, .ended = ended};
}

}  // namespace castore::detail
