// expect: deleted
#include <castore/message.hpp>

const castore::EventDetail* event(const castore::NotificationMessage& message) {
  return castore::event_of(message);
}
