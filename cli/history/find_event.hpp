#pragma once

#include <castore/event_storage_adapter.hpp>
#include <optional>
#include <string_view>

namespace castore::cli {

/// Returns the event that is stored at that version, if there is one.
[[nodiscard]] std::optional<EventDetail> find_event(const EventStorageAdapter& storage,
                                                    std::string_view event_store_id,
                                                    std::string_view aggregate_id, Version version);

}  // namespace castore::cli
