#include <algorithm>
#include <array>
#include <castore/json/text.hpp>
#include <castore/timestamp.hpp>

#include "answer.hpp"
#include "arguments.hpp"
#include "commands/commands.hpp"
#include "context.hpp"
#include "text.hpp"

namespace castore::cli {
namespace {

constexpr auto description =
    R"(List the event stores in the file. Shows how many aggregates and events each
has, their earliest and latest timestamp, and the position of the newest event in
the order of commit. Reads all events.)";

constexpr auto footer = R"(
Example:
  castore-cli --db pokemons.db list-stores
  castore-cli --db pokemons.db --format jsonl list-stores | jq .eventCount)";

using Row = std::array<std::string, 6>;
using Widths = std::array<std::size_t, std::tuple_size_v<Row>>;

void append_object(std::string& out, const EventStoreSummary& store) {
  out += "{\"eventStoreId\":";
  append_json_string(out, store.event_store_id);
  out += ",\"aggregateCount\":" + std::to_string(store.aggregate_count);
  out += ",\"eventCount\":" + std::to_string(store.event_count);
  out += ",\"firstTimestamp\":\"";
  append_timestamp(out, store.first_timestamp);
  out += "\",\"lastTimestamp\":\"";
  append_timestamp(out, store.last_timestamp);
  out += "\",\"lastPosition\":" + std::to_string(store.last_position) + '}';
}

const Row& heading() {
  static const Row row{"EVENT STORE", "AGGREGATES", "EVENTS", "FIRST", "LAST", "POSITION"};
  return row;
}

Row to_row(const EventStoreSummary& store) {
  std::string id;
  append_printable(id, store.event_store_id);
  return {id,
          std::to_string(store.aggregate_count),
          std::to_string(store.event_count),
          format_timestamp(store.first_timestamp),
          format_timestamp(store.last_timestamp),
          std::to_string(store.last_position)};
}

void widen(Widths& widths, const Row& row) {
  for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
}

void append_row(std::string& out, const Row& row, const Widths& widths) {
  for (std::size_t i = 0; i + 1 < row.size(); ++i) {
    out += row[i];
    out.append(widths[i] + 2 - row[i].size(), ' ');
  }
  out += row.back() + '\n';
}

}  // namespace

void list_stores(const Context& context, Answer& answer) {
  const auto stores = context.open_for_reading()->list_event_stores();
  Widths widths{};
  widen(widths, heading());
  for (const EventStoreSummary& store : stores) widen(widths, to_row(store));
  List list{.name = "eventStores"};
  append_row(list.heading, heading(), widths);
  answer.begin_list(list);
  for (const EventStoreSummary& store : stores) {
    answer.item({.json = [&](std::string& out) { append_object(out, store); },
                 .text = [&](std::string& out) { append_row(out, to_row(store), widths); }});
  }
  answer.end_list();
}

Command list_stores_command() { return {"list-stores", description, footer, {}, list_stores}; }

}  // namespace castore::cli
