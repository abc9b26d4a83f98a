#pragma once

/// \file
/// Events as JSON text in the original's field names: what `castore-cli` prints and reads, and
/// what JSON Lines files hold. Payload and metadata pass through as text: no number is rounded and
/// no member reordered.

#include <castore/event.hpp>
#include <castore/timestamp.hpp>
#include <string>
#include <string_view>

namespace castore {

/// Appends `{"aggregateId":…,"version":…,"type":…,"timestamp":…,"payload":…,"metadata":…}` on one
/// line; an absent payload or metadata is left out, white space between JSON tokens is dropped.
void append_json(std::string& out, const EventView& event);

/// As `append_json`, of an event that a storage has handed out: its payload and metadata need not
/// be JSON, if something else than castore has written to the file.
/// \throws MalformedEventError  they are none; `out` is as it was
void append_stored_json(std::string& out, std::string_view event_store_id, const EventView& event);

/// Reads an event as `append_json` writes it; `timestamp` may be missing, members it does not know
/// are ignored (as the original does), a member given twice is an error.
/// \param path  prefixes the path of errors: "event." gives "event.version"
/// \throws InvalidEventError      a field is missing or of the wrong kind; `path()` says which
/// \throws InvalidTimestampError  the timestamp is text, but no timestamp
[[nodiscard]] NewEventDetail parse_event(std::string_view json, std::string_view path = {});

/// A line of an import: the event and the store it belongs to.
struct EventLine {
  std::string event_store_id;
  NewEventDetail event;
  bool timestamp_truncated = false;  ///< its timestamp was up to a microsecond later

  friend bool operator==(const EventLine&, const EventLine&) = default;
};

struct ParseEventLineOptions {
  /// Read the timestamp by `parse_truncated_timestamp`.
  bool truncate_timestamp = false;
};

/// Reads `{"eventStoreId":…,"event":{…}}`. Throws like `parse_event`.
[[nodiscard]] EventLine parse_event_line(std::string_view json,
                                         const ParseEventLineOptions& options = {});

}  // namespace castore
