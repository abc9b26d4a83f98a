#pragma once

#include <castore/adapter_support.hpp>
#include <castore/event_storage_adapter.hpp>
#include <castore/sqlite/database.hpp>
#include <string_view>

namespace castore::sqlite {

/// Lists a page of aggregates in the order of their initial events.
/// \throws MalformedEventError, StorageError
[[nodiscard]] ListAggregateIdsResult list_aggregate_ids(Database& database,
                                                        std::string_view event_store_id,
                                                        ListAggregateIdsQuery query);

}  // namespace castore::sqlite
