#pragma once

/// \file
/// A fuzz target takes any bytes, and aborts where a promise does not hold for them. libFuzzer
/// looks for such bytes (`scripts/fuzz`); `replay.cpp` runs those that are kept in `corpus/`.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace castore::fuzz {

/// \param promise  a sentence that has to be true of every input
inline void require(bool holds, std::string_view promise) {
  if (holds) return;
  std::cerr << "broken: " << promise << std::endl;
  std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) noexcept {
  return size == 0 ? std::string_view()
                   : std::string_view(reinterpret_cast<const char*>(data), size);
}

/// Takes `rest` apart: what stands before the next `separator`, or all.
inline std::string_view take_until(char separator, std::string_view& rest) noexcept {
  const std::size_t end = rest.find(separator);
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return part;
}

}  // namespace castore::fuzz
