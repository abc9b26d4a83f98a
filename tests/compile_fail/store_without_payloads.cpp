// expect: an event store needs at least one event payload
#include <pokemon/pokemon.hpp>

using Store = castore::EventStore<pokemon::Pokemon>;
const std::vector<std::string_view> types = Store::event_types();
