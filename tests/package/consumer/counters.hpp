#pragma once

#include <castore/castore.hpp>
#include <string>
#include <string_view>

struct CounterStarted {
  static constexpr std::string_view type = "COUNTER_STARTED";
  int from = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CounterStarted, from)

struct Counter {
  std::string aggregate_id;
  castore::Version version = 0;
  int value = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Counter, aggregate_id, version, value)

struct CounterReducer {
  Counter operator()(Counter counter, const castore::Event<CounterStarted>& event) const {
    counter.value = event.payload.from;
    return counter;
  }
};

using Counters = castore::EventStore<Counter, CounterStarted>;
