#include <castore/error.hpp>
#include <castore/event_json.hpp>
#include <castore/json/scanner.hpp>
#include <castore/json/text.hpp>
#include <castore/timestamp.hpp>
#include <charconv>
#include <cstddef>
#include <ostream>

namespace castore {
namespace {

/// An event as one object; `append_value` appends its payload and its metadata.
template <class AppendValue>
void append_event(std::string& out, const EventView& event, const AppendValue& append_value) {
  out += "{\"aggregateId\":";
  append_json_string(out, event.aggregate_id);
  out += ",\"version\":";
  out += std::to_string(event.version);
  out += ",\"type\":";
  append_json_string(out, event.type);
  out += ",\"timestamp\":\"";
  append_timestamp(out, event.timestamp);
  out += '"';
  if (event.payload) {
    out += ",\"payload\":";
    append_value("payload", *event.payload);
  }
  if (event.metadata) {
    out += ",\"metadata\":";
    append_value("metadata", *event.metadata);
  }
  out += '}';
}

/// The fields of one JSON object, picked by name; the errors carry the field's path.
class FieldReader {
 public:
  FieldReader(std::string_view json, std::string_view path) : json_(json), path_(path) {}

  /// Calls `take(name, raw)` for each member; it returns whether it knows the name.
  template <class Take>
  void read(Take&& take) {
    JsonScanner scanner(json_);
    try {
      scanner.object(max_json_depth + 2,
                     [&](std::string_view name) { take(name, scanner.value(max_json_depth + 1)); });
      scanner.expect_end();
    } catch (const JsonSyntaxError& error) {
      throw InvalidEventError(whole(), to_string(error));
    }
  }

  template <class Value>
  void once(std::optional<Value>& field, std::string_view name, Value value) const {
    if (field) fail(name, "is given twice");
    field = std::move(value);
  }

  [[nodiscard]] std::string text(std::string_view name, std::string_view raw) const {
    if (raw.front() != '"') fail(name, "must be a string");
    return unquote(raw);
  }

  [[nodiscard]] Version version(std::string_view name, std::string_view raw) const {
    Version value = 0;
    const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), value);
    if (error != std::errc() || end != raw.data() + raw.size()) {
      fail(name, "must be an integer of at least 1");
    }
    return value;
  }

  template <class Value>
  Value required(std::optional<Value>& field, std::string_view name) const {
    if (!field) fail(name, "is missing");
    return *std::move(field);
  }

  [[nodiscard]] std::string field_path(std::string_view name) const {
    return std::string(path_) + std::string(name);
  }

  [[noreturn]] void fail(std::string_view name, const std::string& reason) const {
    throw InvalidEventError(field_path(name), reason);
  }

 private:
  /// The path of the object itself: "event." names the fields of "event".
  [[nodiscard]] std::string whole() const {
    return path_.empty() ? "event" : std::string(path_.substr(0, path_.size() - 1));
  }

  std::string_view json_;
  std::string_view path_;
};

/// \param read_timestamp  makes a `Timestamp` of its text
template <class ReadTimestamp>
NewEventDetail read_event(std::string_view json, std::string_view path,
                          ReadTimestamp&& read_timestamp) {
  FieldReader reader(json, path);
  std::optional<std::string> aggregate_id;
  std::optional<Version> version;
  std::optional<std::string> type;
  NewEventDetail event;
  reader.read([&](std::string_view name, std::string_view raw) {
    if (name == "aggregateId") {
      reader.once(aggregate_id, name, reader.text(name, raw));
    } else if (name == "version") {
      reader.once(version, name, reader.version(name, raw));
    } else if (name == "type") {
      reader.once(type, name, reader.text(name, raw));
    } else if (name == "timestamp") {
      reader.once(event.timestamp, name, read_timestamp(reader.text(name, raw)));
    } else if (name == "payload") {
      reader.once(event.payload, name, std::string(raw));
    } else if (name == "metadata") {
      reader.once(event.metadata, name, std::string(raw));
    }
  });
  event.aggregate_id = reader.required(aggregate_id, "aggregateId");
  event.version = reader.required(version, "version");
  event.type = reader.required(type, "type");
  return event;
}

}  // namespace

void append_json(std::string& out, const EventView& event) {
  append_event(out, event,
               [&](const char*, std::string_view json) { append_compact_json(out, json); });
}

void append_stored_json(std::string& out, std::string_view event_store_id, const EventView& event) {
  const std::size_t before = out.size();
  append_event(out, event, [&](const char* name, std::string_view json) {
    const std::string problem = append_checked_json(out, json);
    if (problem.empty()) return;
    out.resize(before);
    throw MalformedEventError(std::string(event_store_id), std::string(event.aggregate_id),
                              event.version, std::string(event.type), name + (' ' + problem));
  });
}

std::ostream& operator<<(std::ostream& out, const EventView& event) {
  std::string line;
  append_json(line, event);
  return out << line;
}

std::ostream& operator<<(std::ostream& out, const EventDetail& event) {
  return out << to_view(event);
}

NewEventDetail parse_event(std::string_view json, std::string_view path) {
  return read_event(json, path, parse_timestamp);
}

EventLine parse_event_line(std::string_view json, const ParseEventLineOptions& options) {
  FieldReader reader(json, {});
  std::optional<std::string> event_store_id;
  std::optional<NewEventDetail> event;
  bool truncated = false;
  const auto read_timestamp = [&](const std::string& text) {
    if (!options.truncate_timestamp) return parse_timestamp(text);
    const TruncatedTimestamp read = parse_truncated_timestamp(text);
    truncated = read.truncated;
    return read.timestamp;
  };
  reader.read([&](std::string_view name, std::string_view raw) {
    if (name == "eventStoreId") {
      reader.once(event_store_id, name, reader.text(name, raw));
    } else if (name == "event") {
      reader.once(event, name, read_event(raw, "event.", read_timestamp));
    }
  });
  return {reader.required(event_store_id, "eventStoreId"), reader.required(event, "event"),
          truncated};
}

}  // namespace castore
