#pragma once

#include <castore/event.hpp>
#include <string>
#include <string_view>

namespace castore::cli {

/// Appends a message, or JSON, for people to read: escaped as in JSON is what breaks a line, steers
/// a terminal or turns the direction of writing around; U+FFFD stands for a byte that is no UTF-8.
/// JSON means the same afterwards.
void append_readable(std::string& out, std::string_view text);

/// Appends an id or a type: as `append_readable`, and a backslash is `\\`, so that two texts never
/// look the same.
void append_printable(std::string& out, std::string_view text);

/// Appends a stored event as one line of text: version, timestamp, type, payload and metadata,
/// between tabs. \throws MalformedEventError  its payload or metadata is no JSON
void append_text(std::string& out, std::string_view event_store_id, const EventView& event);

/// Appends an id and the end of the line; or, for `xargs -0`, the id as it is and NUL.
void append_id(std::string& out, std::string_view id, bool null);

}  // namespace castore::cli
