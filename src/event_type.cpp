#include <castore/event_type.hpp>

#include <utility>
#include <vector>

#include "exception_text.hpp"

namespace castore::detail {

namespace {

/// The pointer to what is at fault, and why. Called in a catch clause.
struct Fault {
  std::string pointer;
  std::string reason;
};

Fault current_fault() {
  try {
    throw;
  } catch (const FieldError& error) {
    return {error.pointer(), error.what()};
  } catch (...) {
    return {{}, text_of_current_exception()};
  }
}

}  // namespace

void throw_unwritable(const char* part) {
  const Fault fault = current_fault();
  throw InvalidEventError(part, "cannot be written: " + fault.reason, fault.pointer);
}

void throw_unreadable(const char* part) {
  const Fault fault = current_fault();
  throw InvalidEventError(part, "cannot be read: " + fault.reason, fault.pointer);
}

void throw_malformed(std::string_view event_store_id, const EventView& event, const char* part) {
  const Fault fault = current_fault();
  const std::string path = part;
  std::vector<ErrorField> where =
      fault.pointer.empty() ? std::vector<ErrorField>{{"path", path}}
                            : std::vector<ErrorField>{{"path", path}, {"pointer", fault.pointer}};
  throw MalformedEventError(std::string(event_store_id), std::string(event.aggregate_id),
                            event.version, std::string(event.type),
                            path + fault.pointer + " cannot be read: " + fault.reason, {},
                            std::move(where));
}

}  // namespace castore::detail
