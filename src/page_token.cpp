#include "page_token.hpp"

#include <castore/error.hpp>
#include <charconv>
#include <utility>

#include "base64.hpp"

namespace castore {
namespace {

std::uint64_t checksum(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace

void PageTokenWriter::put(std::string_view text) { (fields_ += text) += '\0'; }

void PageTokenWriter::put(std::optional<std::int64_t> number) {
  put(std::string_view(number ? std::to_string(*number) : std::string()));
}

std::string PageTokenWriter::finish() const {
  return to_base64url(std::to_string(checksum(fields_)) + '\0' + fields_);
}

PageTokenReader::PageTokenReader(std::string_view token) {
  auto fields = from_base64url(token);
  if (!fields) throw InvalidPageTokenError();
  fields_ = *std::move(fields);
  const std::string sum = text();
  if (sum != std::to_string(checksum(std::string_view(fields_).substr(at_)))) {
    throw InvalidPageTokenError();
  }
}

std::string PageTokenReader::text() {
  const std::size_t end = fields_.find('\0', at_);
  if (end == std::string::npos) throw InvalidPageTokenError();
  std::string field = fields_.substr(at_, end - at_);
  at_ = end + 1;
  return field;
}

std::optional<std::int64_t> PageTokenReader::number() {
  const std::string field = text();
  if (field.empty()) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc() || end != field.data() + field.size()) throw InvalidPageTokenError();
  return value;
}

}  // namespace castore
