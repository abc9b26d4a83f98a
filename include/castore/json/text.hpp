#pragma once

/// \file
/// JSON text, checked and written without building values.

#include <string>
#include <string_view>

namespace castore {

/// Appends `text` as a JSON string. \pre `text` is UTF-8
void append_json_string(std::string& out, std::string_view text);

/// Appends `json` without the white space between its tokens. \pre `json` is valid JSON
void append_compact_json(std::string& out, std::string_view json);

/// `json` is one JSON value by RFC 8259, in UTF-8, at most `max_json_depth` deep.
/// Answers what is wrong with it, with the byte it is wrong at, or an empty string.
[[nodiscard]] std::string check_json(std::string_view json);

/// `append_compact_json` and `check_json` at once, for text that may be damaged. Answers what is
/// wrong with it, as `check_json`, and appends nothing then.
[[nodiscard]] std::string append_checked_json(std::string& out, std::string_view json);

}  // namespace castore
