#pragma once

#include <string>
#include <string_view>

namespace castore {

/// Appends one step of a JSON pointer, as RFC 6901 writes it.
inline void append_pointer_step(std::string& pointer, std::string_view name) {
  pointer += '/';
  for (const char c : name) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
}

}  // namespace castore
