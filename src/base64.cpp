#include "base64.hpp"

#include <cstddef>

namespace castore {
namespace {

constexpr std::string_view standard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view for_urls =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void append_encoded(std::string& out, std::string_view bytes, std::string_view alphabet) {
  out.reserve(out.size() + (bytes.size() + 2) / 3 * 4);
  unsigned buffer = 0;
  int bits = 0;
  for (const char c : bytes) {
    buffer = (buffer << 8 | static_cast<unsigned char>(c)) & 0xFFFFFF;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      out += alphabet[buffer >> bits & 0x3F];
    }
  }
  if (bits > 0) out += alphabet[buffer << (6 - bits) & 0x3F];
}

std::optional<std::string> decoded(std::string_view text, std::string_view alphabet) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() * 3 / 4);
  unsigned buffer = 0;
  int bits = 0;
  for (const char c : text) {
    const std::size_t value = alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    buffer = (buffer << 6 | static_cast<unsigned>(value)) & 0xFFFFFF;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>(buffer >> bits & 0xFF);
    }
  }
  const unsigned rest = buffer & ((1U << bits) - 1);
  if (rest != 0) return std::nullopt;
  return out;
}

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
  append_encoded(out, bytes, standard);
  out.append((3 - bytes.size() % 3) % 3, '=');
}

std::string to_base64(std::string_view bytes) {
  std::string out;
  append_base64(out, bytes);
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  return decoded(text, standard);
}

std::string to_base64url(std::string_view bytes) {
  std::string out;
  append_encoded(out, bytes, for_urls);
  return out;
}

std::optional<std::string> from_base64url(std::string_view text) { return decoded(text, for_urls); }

}  // namespace castore
