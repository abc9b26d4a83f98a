#pragma once

/// \file
/// Base64 of RFC 4648.

#include <optional>
#include <string>
#include <string_view>

namespace castore {

/// Section 4, with padding.
[[nodiscard]] std::string to_base64(std::string_view bytes);
/// The same, appended to what there is.
void append_base64(std::string& out, std::string_view bytes);
/// Reads what `to_base64` writes and nothing else: padding has to be there, and bits that stand for
/// nothing are 0. \returns nothing if it is not that
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

/// Section 5, for file names and URLs, without padding.
[[nodiscard]] std::string to_base64url(std::string_view bytes);
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);

}  // namespace castore
