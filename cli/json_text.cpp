#include "json_text.hpp"

#include <algorithm>
#include <castore/event_json.hpp>
#include <nlohmann/json.hpp>

namespace castore::cli {
namespace {

constexpr std::string_view white_space = " \t\r\n";

/// Takes valid JSON apart from the left.
class Cursor {
 public:
  explicit Cursor(std::string_view json) : rest_(json) {}

  [[nodiscard]] char peek() {
    skip_space();
    return rest_.empty() ? '\0' : rest_.front();
  }
  bool skip(char c) {
    if (peek() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// A string with its quotes, a number or a literal.
  std::string_view scalar() { return take(peek() == '"' ? string_size() : word_size()); }
  std::string_view value() {
    const char first = peek();
    return first == '{' || first == '[' ? take(container_size()) : scalar();
  }

 private:
  void skip_space() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(white_space), rest_.size()));
  }
  std::string_view take(std::size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  [[nodiscard]] std::size_t string_size(std::size_t from = 0) const {
    std::size_t i = from + 1;
    while (i < rest_.size() && rest_[i] != '"') i += rest_[i] == '\\' ? 2 : 1;
    return i + 1 - from;
  }
  [[nodiscard]] std::size_t word_size() const {
    return std::min(rest_.find_first_of(" \t\r\n,]}"), rest_.size());
  }
  [[nodiscard]] std::size_t container_size() const {
    int depth = 0;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      const char c = rest_[i];
      if (c == '"') i += string_size(i) - 1;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) return i + 1;
    }
    return rest_.size();
  }

  std::string_view rest_;
};

/// "a" and "\u0061" are one name: as castore writes it.
std::string canonical_name(std::string_view name) {
  if (name.find('\\') == std::string_view::npos) return std::string(name);
  std::string canonical;
  append_json_string(canonical, nlohmann::json::parse(name).get<std::string>());
  return canonical;
}

void new_line(std::string& out, int depth) {
  out += '\n';
  out.append(static_cast<std::size_t>(depth) * 2, ' ');
}

void append_pretty_value(std::string& out, Cursor& json, int depth);

void append_pretty_item(std::string& out, Cursor& json, bool named, int depth) {
  new_line(out, depth);
  if (named) {
    out += json.scalar();
    out += ": ";
    json.skip(':');
  }
  append_pretty_value(out, json, depth);
}

void append_pretty_value(std::string& out, Cursor& json, int depth) {
  const char open = json.peek();
  if (open != '{' && open != '[') {
    out += json.scalar();
    return;
  }
  const char close = open == '{' ? '}' : ']';
  json.skip(open);
  out += open;
  if (!json.skip(close)) {
    append_pretty_item(out, json, open == '{', depth + 1);
    while (json.skip(',')) {
      out += ',';
      append_pretty_item(out, json, open == '{', depth + 1);
    }
    json.skip(close);
    new_line(out, depth);
  }
  out += close;
}

}  // namespace

bool is_json_object(std::string_view json) { return Cursor(json).peek() == '{'; }

void append_pretty_json(std::string& out, std::string_view json) {
  Cursor cursor(json);
  append_pretty_value(out, cursor, 0);
}

void MergedObject::apply(std::string_view patch) {
  Cursor cursor(patch);
  cursor.skip('{');
  if (cursor.peek() == '}') return;
  do {
    const std::string name = canonical_name(cursor.scalar());
    cursor.skip(':');
    const std::string_view value = cursor.value();
    if (value == "null") {
      erase(name);
    } else {
      set(name, value);
    }
  } while (cursor.skip(','));
}

void MergedObject::set(std::string_view name, std::string_view patch) {
  auto member = std::find_if(members_.begin(), members_.end(),
                             [name](const auto& known) { return known.first == name; });
  if (member == members_.end()) {
    member = members_.emplace(member, std::string(name), Value());
  }
  Value& value = member->second;
  if (!is_json_object(patch)) {
    value.object.reset();
    value.text.clear();
    append_compact_json(value.text, patch);
    return;
  }
  if (!value.object) value.object = std::make_unique<MergedObject>();
  value.object->apply(patch);
}

void MergedObject::erase(std::string_view name) {
  std::erase_if(members_, [name](const auto& known) { return known.first == name; });
}

void MergedObject::append_to(std::string& out) const {
  out += '{';
  for (const auto& [name, value] : members_) {
    if (out.back() != '{') out += ',';
    out += name;
    out += ':';
    if (value.object) {
      value.object->append_to(out);
    } else {
      out += value.text;
    }
  }
  out += '}';
}

}  // namespace castore::cli
