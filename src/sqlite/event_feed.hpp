#pragma once

#include <castore/event_feed.hpp>
#include <castore/sqlite/database.hpp>
#include <memory>

namespace castore::sqlite {

/// \throws InvalidOptionError, StorageError
[[nodiscard]] std::unique_ptr<EventFeed> open_event_feed(std::shared_ptr<Database> database,
                                                         FeedQuery query);

}  // namespace castore::sqlite
