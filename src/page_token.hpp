#pragma once

/// \file
/// Opaque tokens: fields as text, a checksum in front, base64url around it. Damage does not go
/// unnoticed, but a token is no secret and no permission.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace castore {

/// Writes the fields of a token.
class PageTokenWriter {
 public:
  /// \pre no NUL in it
  void put(std::string_view text);
  void put(std::optional<std::int64_t> number);
  [[nodiscard]] std::string finish() const;

 private:
  std::string fields_;
};

/// Reads the fields of a token, in the order in which they were written.
/// \throws InvalidPageTokenError  from every member: this is none, or it is damaged
class PageTokenReader {
 public:
  explicit PageTokenReader(std::string_view token);

  std::string text();
  std::optional<std::int64_t> number();

 private:
  std::string fields_;
  std::size_t at_ = 0;
};

}  // namespace castore
