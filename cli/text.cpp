#include "text.hpp"

#include <castore/error.hpp>
#include <castore/event_json.hpp>
#include <castore/json/scanner.hpp>
#include <castore/json/text.hpp>
#include <castore/timestamp.hpp>

namespace castore::cli {
namespace {

/// Tells whether a character ends the line or moves the cursor (C0, C1, DEL, the separators of
/// lines and paragraphs) or lets text be read in another order than it is stored in.
constexpr bool steers(unsigned code) {
  return code < 0x20 || (code >= 0x7F && code <= 0x9F) || code == 0x061C || code == 0x200E ||
         code == 0x200F || (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

/// Returns the code of a character of up to three bytes; none above steers. \pre `character` is
/// UTF-8
unsigned code_of(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  if (character.size() == 1) return byte(0);
  if (character.size() == 2) return (byte(0) & 0x1FU) << 6 | (byte(1) & 0x3FU);
  if (character.size() == 3) {
    return (byte(0) & 0xFU) << 12 | (byte(1) & 0x3FU) << 6 | (byte(2) & 0x3FU);
  }
  return 0x10000;
}

/// Counts the bytes at the front that can be shown as they are.
std::size_t readable_prefix(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] >= 0x20 && text[at] < 0x7F) {
      ++at;
      continue;
    }
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0 || steers(code_of(text.substr(at, length)))) return at;
    at += length;
  }
  return at;
}

void append_escape(std::string& out, unsigned code) {
  static constexpr char hex[] = "0123456789abcdef";
  if (code == '\n') {
    out += "\\n";
  } else if (code == '\r') {
    out += "\\r";
  } else if (code == '\t') {
    out += "\\t";
  } else {
    out += "\\u";
    for (const int shift : {12, 8, 4, 0}) out += hex[code >> shift & 0xF];
  }
}

void append_json_column(std::string& out, std::string_view event_store_id, const EventView& event,
                        const char* name, std::string_view json) {
  const std::size_t before = out.size();
  if (const std::string problem = append_checked_json(out, json); !problem.empty()) {
    throw MalformedEventError(std::string(event_store_id), std::string(event.aggregate_id),
                              event.version, std::string(event.type), name + (' ' + problem));
  }
  const std::string_view column = std::string_view(out).substr(before);
  if (readable_prefix(column) == column.size()) return;
  std::string readable;
  append_readable(readable, column);
  out.replace(before, std::string::npos, readable);
}

}  // namespace

void append_readable(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t readable = readable_prefix(text);
    out += text.substr(0, readable);
    text.remove_prefix(readable);
    if (text.empty()) return;
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else {
      append_escape(out, code_of(text.substr(0, length)));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

void append_printable(std::string& out, std::string_view text) {
  for (auto at = text.find('\\'); at != text.npos; at = text.find('\\')) {
    append_readable(out, text.substr(0, at));
    out += "\\\\";
    text.remove_prefix(at + 1);
  }
  append_readable(out, text);
}

void append_text(std::string& out, std::string_view event_store_id, const EventView& event) {
  out += std::to_string(event.version);
  out += '\t';
  append_timestamp(out, event.timestamp);
  out += '\t';
  append_printable(out, event.type);
  out += '\t';
  if (event.payload) append_json_column(out, event_store_id, event, "payload", *event.payload);
  if (event.metadata) {
    out += '\t';
    append_json_column(out, event_store_id, event, "metadata", *event.metadata);
  }
  out += '\n';
}

void append_id(std::string& out, std::string_view id, bool null) {
  if (null) {
    out += id;
    out += '\0';
  } else {
    append_printable(out, id);
    out += '\n';
  }
}

}  // namespace castore::cli
