#include <castore/json/scanner.hpp>
#include <castore/json/text.hpp>
#include <cstddef>

namespace castore {
namespace {

constexpr std::string_view white_space = " \t\r\n";

/// Appends the value that comes next, token for token; what is copied is checked as well.
void append_tokens(std::string& out, JsonScanner& json,  // NOLINT(misc-no-recursion)
                   int depth) {
  const char open = json.peek();
  if (open != '{' && open != '[') {
    out += json.value(0);
    return;
  }
  if (depth <= 0) json.fail("nested too deeply");
  const bool object = open == '{';
  const char close = object ? '}' : ']';
  json.skip(open);
  out += open;
  bool more = !json.skip(close);
  while (more) {
    if (object) {
      out += json.string();
      json.expect(':', "expected ':'");
      out += ':';
    }
    append_tokens(out, json, depth - 1);
    more = json.skip(',');
    if (more) {
      out += ',';
    } else {
      json.expect(close, object ? "expected ',' or '}'" : "expected ',' or ']'");
    }
  }
  out += close;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  out += '"';
  std::size_t copied = 0;
  for (std::size_t i = plain_prefix(text); i < text.size(); i += plain_prefix(text.substr(i))) {
    const char c = text[i++];
    if (static_cast<unsigned char>(c) >= 0x80) continue;
    out.append(text, copied, i - 1 - copied);
    copied = i;
    out += '\\';
    switch (c) {
      case '\n':
        out += 'n';
        break;
      case '\r':
        out += 'r';
        break;
      case '\t':
        out += 't';
        break;
      case '"':
      case '\\':
        out += c;
        break;
      default:
        out += "u00";
        out += hex[c >> 4];
        out += hex[c & 0xF];
    }
  }
  out.append(text, copied);
  out += '"';
}

void append_compact_json(std::string& out, std::string_view json) {
  if (json.find_first_of(white_space) == std::string_view::npos) {
    out += json;
    return;
  }
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      out += c;
      if (c == '\\' && i + 1 < json.size()) out += json[++i];
      if (c == '"') in_string = false;
    } else if (white_space.find(c) == std::string_view::npos) {
      out += c;
      in_string = c == '"';
    }
  }
}

std::string append_checked_json(std::string& out, std::string_view json) {
  const std::size_t before = out.size();
  JsonScanner scanner(json);
  try {
    append_tokens(out, scanner, max_json_depth);
    scanner.expect_end();
    return {};
  } catch (const JsonSyntaxError& error) {
    out.resize(before);
    return to_string(error);
  }
}

std::string check_json(std::string_view json) {
  JsonScanner scanner(json);
  try {
    static_cast<void>(scanner.value(max_json_depth));
    scanner.expect_end();
    return {};
  } catch (const JsonSyntaxError& error) {
    return to_string(error);
  }
}

}  // namespace castore
