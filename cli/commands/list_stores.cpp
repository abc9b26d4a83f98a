#include <algorithm>
#include <array>
#include <castore/json/text.hpp>
#include <castore/timestamp.hpp>

#include "commands/commands.hpp"
#include "context.hpp"

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

Row text_row(const EventStoreSummary& store) {
  std::string id;
  append_printable(id, store.event_store_id);
  return {id,
          std::to_string(store.aggregate_count),
          std::to_string(store.event_count),
          format_timestamp(store.first_timestamp),
          format_timestamp(store.last_timestamp),
          std::to_string(store.last_position)};
}

std::string text_table(const std::vector<EventStoreSummary>& stores) {
  std::vector<Row> rows{{"EVENT STORE", "AGGREGATES", "EVENTS", "FIRST", "LAST", "POSITION"}};
  std::transform(stores.begin(), stores.end(), std::back_inserter(rows), text_row);
  std::array<std::size_t, std::tuple_size_v<Row>> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string table;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      table += row[i];
      table.append(widths[i] + 2 - row[i].size(), ' ');
    }
    table += row.back() + '\n';
  }
  return table;
}

void list_stores(const Context& context) {
  const auto stores = context.open_for_reading()->list_event_stores();
  if (context.output.format == Format::text) {
    context.output.print(text_table(stores));
    return;
  }
  const bool lines = context.output.format == Format::jsonl;
  std::string json = lines ? "" : "{\"eventStores\":[";
  for (const EventStoreSummary& store : stores) {
    if (!lines && &store != &stores.front()) json += ',';
    append_object(json, store);
    if (lines) json += '\n';
  }
  if (!lines) json += "]}\n";
  context.output.print(json);
}

}  // namespace

Command list_stores_command() { return {"list-stores", description, footer, {}, list_stores}; }

}  // namespace castore::cli
