#pragma once

#include <castore/event_storage_adapter.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "errors.hpp"
#include "history/event_check.hpp"
#include "history/lines.hpp"

namespace castore::cli {

/// An event of a history and where it stands there; borrowed for the call.
struct PlacedEvent {
  Location location;
  std::string_view event_store_id;
  NewEventView event;  ///< with its timestamp
};

[[nodiscard]] std::vector<PlacedEvent> to_views(std::span<const PlacedLine> lines);

/// Writes events of a history to a file, so that it can be done again: an event that is there
/// already, and the same, is skipped. The same is type, timestamp, payload and metadata, the latter
/// two token by token as text.
class EventWriter {
 public:
  struct Counts {
    std::int64_t inserted = 0;
    std::int64_t skipped = 0;
  };

  using OpenFile = std::function<std::shared_ptr<sqlite::Database>()>;

  EventWriter(const EventCheck& check, OpenFile open_file, const PushEventOptions& options);

  /// Opens the file now, instead of with the first batch.
  void open();

  /// Writes all of `batch` in one transaction, or nothing of it. The errors name the place of the
  /// event. \param before_each  called before each event; its exceptions end the batch, and
  /// propagate \throws EventAlreadyExistsError  another event is stored at that version \throws
  /// Error  of the check, before the file is opened
  Counts write(std::span<const PlacedEvent> batch, const std::function<void()>& before_each = {});

 private:
  void check(const PlacedEvent& placed) const;
  bool insert(const PlacedEvent& placed);
  [[nodiscard]] bool is_stored(const PlacedEvent& placed) const;

  EventCheck check_;
  OpenFile open_file_;
  std::optional<SqliteEventStorageAdapter> storage_;  ///< once it is open
  PushEventOptions options_;
};

}  // namespace castore::cli
