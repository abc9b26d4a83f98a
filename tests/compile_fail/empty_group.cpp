// expect: an event group needs at least one event
#include <castore/event_store.hpp>

void push() { castore::push_event_group(castore::PushEventGroupOptions{}); }
