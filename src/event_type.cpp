#include <castore/event_type.hpp>

#include "exception_text.hpp"

namespace castore::detail {

void throw_unwritable(const char* part) {
  throw InvalidEventError(part, "cannot be written: " + text_of_current_exception());
}

void throw_unreadable(const char* part) {
  const std::string path = part;
  try {
    throw;
  } catch (const FieldError& error) {
    const bool separated = !error.path().empty() && error.path().front() != '[';
    throw InvalidEventError(path + (separated ? "." : "") + error.path(),
                            std::string("cannot be read: ") + error.what());
  } catch (...) {
    throw InvalidEventError(path, "cannot be read: " + text_of_current_exception());
  }
}

void throw_malformed(std::string_view event_store_id, const EventView& event, const char* part) {
  throw MalformedEventError(std::string(event_store_id), std::string(event.aggregate_id),
                            event.version, std::string(event.type),
                            std::string(part) + " cannot be read: " + text_of_current_exception());
}

}  // namespace castore::detail
