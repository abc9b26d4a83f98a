#include "json_text.hpp"

#include <algorithm>
#include <castore/event_json.hpp>
#include <castore/json_scanner.hpp>

#include "text.hpp"

namespace castore::cli {
namespace {

/// "a" and "\u0061" are one name: as castore writes it.
std::string canonical_name(std::string_view name) {
  std::string canonical;
  append_json_string(canonical, name);
  return canonical;
}

void new_line(std::string& out, int depth) {
  out += '\n';
  out.append(static_cast<std::size_t>(depth) * 2, ' ');
}

void append_pretty_value(std::string& out, JsonScanner& json, int depth) {
  const char open = json.peek();
  if (open != '{' && open != '[') {
    append_readable(out, json.value(0));
    return;
  }
  bool empty = true;
  out += open;
  const auto next_line = [&] {
    if (!empty) out += ',';
    empty = false;
    new_line(out, depth + 1);
  };
  if (open == '{') {
    json.object(max_json_depth, [&](std::string_view name) {
      next_line();
      append_readable(out, canonical_name(name));
      out += ": ";
      append_pretty_value(out, json, depth + 1);
    });
  } else {
    json.array(max_json_depth, [&] {
      next_line();
      append_pretty_value(out, json, depth + 1);
    });
  }
  if (!empty) new_line(out, depth);
  out += open == '{' ? '}' : ']';
}

}  // namespace

bool is_json_object(std::string_view json) { return JsonScanner(json).peek() == '{'; }

void append_pretty_json(std::string& out, std::string_view json) {
  JsonScanner scanner(json);
  append_pretty_value(out, scanner, 0);
}

void MergedObject::apply(std::string_view patch) {
  JsonScanner scanner(patch);
  scanner.object(max_json_depth, [&](std::string_view member) {
    const std::string name = canonical_name(member);
    const std::string_view value = scanner.value(max_json_depth);
    if (value == "null") {
      erase(name);
    } else {
      set(name, value);
    }
  });
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
