#include <array>
#include <castore/json/fields.hpp>
#include <castore/json/text.hpp>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace castore::detail {

namespace {

/// A member that an object lacks.
class MissingMember : public std::invalid_argument {
 public:
  MissingMember(std::string_view name, std::size_t end)
      : std::invalid_argument('"' + std::string(name) + "\" is missing"), name_(name), end_(end) {}

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::size_t end() const noexcept { return end_; }

 private:
  std::string name_;
  std::size_t end_;
};

void append_step(std::string& path, std::string_view name) {
  if (!path.empty()) path += '.';
  path += name;
}

/// Appends the way to the innermost value that `byte` is in or right behind, each level of which is
/// read once more: the deepest are not gone into.
void append_path(std::string& path, std::string_view json, std::size_t byte, int levels) {
  if (levels == 0) return;
  JsonScanner scanner(json);
  const auto take = [&](const auto& append) {
    const std::string_view value = scanner.value(max_json_depth);
    const auto begin = static_cast<std::size_t>(value.data() - json.data());
    if (byte < begin || byte > begin + value.size()) return;
    append();
    append_path(path, value, byte - begin, levels - 1);
  };
  if (scanner.peek() == '{') {
    scanner.object(max_json_depth, [&](std::string_view member) {
      const std::string name(member);
      take([&] { append_step(path, name); });
    });
  } else if (scanner.peek() == '[') {
    std::size_t index = 0;
    scanner.array(max_json_depth, [&] {
      take([&] { path += '[' + std::to_string(index) + ']'; });
      ++index;
    });
  }
}

std::string path_to(std::string_view json, std::size_t byte) {
  constexpr int most_levels = 16;
  std::string path;
  try {
    append_path(path, json, byte, most_levels);
  } catch (const JsonSyntaxError&) {
    // as far as it is JSON
  }
  return path;
}

}  // namespace

void throw_unreadable(std::string_view json, std::string_view name) {
  try {
    throw;
  } catch (const JsonSyntaxError& error) {
    std::string message = error.reason;
    if (!name.empty()) message += ", in or after \"" + std::string(name) + '"';
    message += ", at byte " + std::to_string(error.byte);
    throw FieldError(message, path_to(json, error.byte));
  } catch (const MissingMember& missing) {
    std::string path = path_to(json, missing.end());
    append_step(path, missing.name());
    throw FieldError(missing.what(), std::move(path));
  } catch (const FieldError& error) {
    throw FieldError(error.what(),
                     {});  // of a field that nlohmann_json reads: its path begins there
  }
}

void throw_missing(std::string_view name, std::size_t end) { throw MissingMember(name, end); }

void append_text(std::string& out, std::string_view text) {
  if (!is_utf8(text)) throw std::domain_error("a text is not UTF-8");
  append_json_string(out, text);
}

void append_floating(std::string& out, double value) {
  if (!std::isfinite(value)) throw std::domain_error("JSON has no NaN and no infinity");
  std::array<char, 32> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  const std::string_view number(text.data(), static_cast<std::size_t>(end - text.data()));
  out += number;
  // A reader that does not know the type is to see a floating-point number.
  if (number.find_first_of(".e") == std::string_view::npos) out += ".0";
}

}  // namespace castore::detail
