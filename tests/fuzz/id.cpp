/// \file
/// Event store id, event type, aggregate ids, with the byte FF between them: accepted by all
/// adapters or by none, kept byte for byte, listed in the order of their bytes.

#include <castore/adapter_support.hpp>
#include <castore/event_json.hpp>
#include <castore/in_memory/event_storage_adapter.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "fuzz.hpp"
#include "nlohmann.hpp"
#include "support/errors.hpp"
#include "support/events.hpp"

namespace castore::fuzz {
namespace {

using testing::code_of;

constexpr char separator = '\xFF';
constexpr int max_aggregates = 16;  // what is behind them costs time and shows nothing new

bool is_utf8(std::string_view text) {
  try {
    static_cast<void>(nlohmann::json(text).dump());
    return true;
  } catch (const nlohmann::json::type_error&) {
    return false;
  }
}

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= max_id_size && id.find('\0') == std::string_view::npos &&
         is_utf8(id);
}

std::string_view expected_code(std::string_view event_store_id, const NewEventDetail& event) {
  if (!is_id(event_store_id) || !is_id(event.aggregate_id) || !is_id(event.type)) {
    return "InvalidEvent";
  }
  const bool reserved = event.type == "__REPLAYED__" || event.type == "__AGGREGATE_EXISTS__";
  return reserved ? "ReservedEventType" : "none";
}

/// What an adapter makes of ids that it accepted before.
void check_listing(const EventStorageAdapter& adapter, std::string_view event_store_id,
                   const std::set<std::string>& accepted) {
  const std::vector<std::string> in_order(accepted.begin(), accepted.end());
  const auto whole = adapter.list_aggregate_ids(event_store_id, {});
  require(testing::ids(whole) == in_order, "ids are listed in the order of their bytes");
  const auto third = static_cast<std::int64_t>(in_order.size() / 3 + 1);
  require(testing::all_pages(adapter, event_store_id, {.limit = third}) == in_order,
          "pages are the whole list");
  const auto stores = adapter.list_event_stores();
  require(accepted.empty() ? stores.empty()
                           : stores.size() == 1 && stores.front().event_store_id == event_store_id,
          "an event store is listed by its id");
}

void check(std::string_view input) {
  const std::string event_store_id(take_until(separator, input));
  const std::string type(take_until(separator, input));

  static const auto database = sqlite::Database::open(":memory:");
  const sqlite::Transaction taken_back(*database);
  InMemoryEventStorageAdapter in_memory;
  SqliteEventStorageAdapter sqlite(database);
  std::set<std::string> accepted;
  int count = 0;
  do {
    NewEventDetail event =
        testing::new_event(std::string(take_until(separator, input)), 1, min_timestamp);
    event.type = type;
    const bool known = accepted.contains(event.aggregate_id);
    const auto expected = known ? "EventAlreadyExists" : expected_code(event_store_id, event);
    for (EventStorageAdapter* adapter : {static_cast<EventStorageAdapter*>(&in_memory),
                                         static_cast<EventStorageAdapter*>(&sqlite)}) {
      require(code_of([&] { testing::push(*adapter, event_store_id, event); }) == expected,
              "an id is accepted or refused by its rules");
      if (expected != "none") continue;
      require(testing::read(*adapter, event_store_id, event.aggregate_id) ==
                  std::vector{to_detail(to_view(event), min_timestamp)},
              "ids are kept byte for byte");
    }
    if (expected == "none") accepted.insert(event.aggregate_id);
  } while (!input.empty() && ++count < max_aggregates);
  check_listing(in_memory, event_store_id, accepted);
  check_listing(sqlite, event_store_id, accepted);
}

}  // namespace
}  // namespace castore::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  castore::fuzz::check(castore::fuzz::text_of(data, size));
  return 0;
}
