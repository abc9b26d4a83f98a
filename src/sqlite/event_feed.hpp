#pragma once

#include <castore/event_feed.hpp>
#include <castore/sqlite/database.hpp>
#include <cstdint>
#include <memory>

#include "sqlite/connection.hpp"

namespace castore::sqlite {

/// \throws InvalidOptionError, StorageError
[[nodiscard]] std::unique_ptr<EventFeed> open_event_feed(std::shared_ptr<Database> database,
                                                         FeedQuery query);

/// \returns 0 where there is no event
[[nodiscard]] std::int64_t newest_position(Connection& connection);

}  // namespace castore::sqlite
