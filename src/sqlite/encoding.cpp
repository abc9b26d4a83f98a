#include "sqlite/encoding.hpp"

namespace castore::sqlite {
namespace {

constexpr auto same_text = "SELECT ?1";

/// Without an end at the first other byte, which compilers make the faster one of.
bool is_ascii(std::string_view text) noexcept {
  unsigned char bits = 0;
  for (const char c : text) bits |= static_cast<unsigned char>(c);
  return bits < 0x80;
}

}  // namespace

std::optional<std::string_view> storable(Connection& connection, std::string_view text) {
  if (is_ascii(text) || connection.is_utf8()) return text;
  const auto same = connection.borrow(same_text);
  same->bind(1, text);
  same->step();
  if (same->optional_text(0) != text) return std::nullopt;
  return text;
}

}  // namespace castore::sqlite
