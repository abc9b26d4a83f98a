// The consumer's aggregates, for castore-cli.
#include "counters.hpp"

extern "C" void castore_register(castore::Registry& registry) {
  registry.add(Counters("COUNTERS", CounterReducer{}));
}
