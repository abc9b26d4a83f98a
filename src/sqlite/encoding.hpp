#pragma once

/// \file
/// The encoding of a database: UTF-8, or UTF-16 where the host has made it so (`PRAGMA encoding`).
/// SQLite then translates what is bound and what is read, and compares text by the bytes of UTF-16.

#include <optional>
#include <string_view>

#include "sqlite/connection.hpp"

namespace castore::sqlite {

/// `text`, unless the database cannot hold it: on the way into UTF-16, SQLite makes U+FFFD of
/// U+FFFE, of U+FFFF and of what is not UTF-8. Bound to a comparison, none is NULL, which is equal
/// to nothing, where the text would be equal to another one.
[[nodiscard]] std::optional<std::string_view> storable(Connection& connection,
                                                       std::string_view text);

}  // namespace castore::sqlite
