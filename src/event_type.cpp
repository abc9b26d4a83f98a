#include <castore/event_type.hpp>

namespace castore::detail {

void throw_malformed(std::string_view event_store_id, const EventView& event, std::string_view part,
                     const std::exception& cause) {
  throw MalformedEventError(std::string(event_store_id), std::string(event.aggregate_id),
                            event.version, std::string(event.type),
                            std::string(part) + " cannot be read: " + cause.what());
}

void throw_unreadable(const char* part) {
  const std::string path = part;
  try {
    throw;
  } catch (const FieldError& error) {
    const bool separated = !error.path().empty() && error.path().front() != '[';
    throw InvalidEventError(path + (separated ? "." : "") + error.path(),
                            std::string("cannot be read: ") + error.what());
  } catch (const std::exception& cause) {
    throw InvalidEventError(path, std::string("cannot be read: ") + cause.what());
  } catch (...) {
    throw InvalidEventError(path, "cannot be read: an exception of unknown type");
  }
}

}  // namespace castore::detail
