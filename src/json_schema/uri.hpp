#pragma once

/// \file
/// References to schemas by URI (RFC 3986). Nothing here opens one.

#include <string>
#include <string_view>

namespace castore::json_schema {

struct UriReference {
  std::string uri;       ///< without the fragment
  std::string fragment;  ///< without '#', decoded; empty where there is none
};

/// \throws std::invalid_argument  a '%' that no two hexadecimal digits follow
[[nodiscard]] UriReference split_fragment(std::string_view reference);

/// RFC 3986, 5.2. \param base, reference  without fragment; `base` may be empty or relative
[[nodiscard]] std::string resolve(std::string_view base, std::string_view reference);

}  // namespace castore::json_schema
