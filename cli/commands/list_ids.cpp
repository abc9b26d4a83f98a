#include <algorithm>
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
    R"(List the ids of an event store's aggregates. They come by the timestamp of their
first event, then by id. With --limit, one page of them; the token of the next
page is in the JSON, and in a note on standard error in the other formats.)";

constexpr auto footer = R"(
Example:
  castore-cli --db pokemons.db list-ids POKEMONS
  castore-cli --db pokemons.db list-ids POKEMONS -0 |
    xargs -0 -I ID castore-cli --db pokemons.db get-aggregate POKEMONS -- ID
  castore-cli --db pokemons.db list-ids POKEMONS --limit 20 \
    --after 2022-01-01 --before 2022-01-31 --reverse --format json)";

/// Without --limit the listing is read in pages of this size, so that memory does not grow with it.
constexpr std::int64_t page_size = 1000;

void append_object(std::string& out, const ListedAggregateId& id) {
  out += "{\"aggregateId\":";
  append_json_string(out, id.aggregate_id);
  out += ",\"initialEventTimestamp\":\"";
  append_timestamp(out, id.initial_event_timestamp);
  out += "\"}";
}

/// Returns whether more are wanted.
bool give(const std::vector<ListedAggregateId>& ids, bool null, Answer& answer) {
  return std::all_of(ids.begin(), ids.end(), [&](const ListedAggregateId& id) {
    return answer.item({.json = [&](std::string& out) { append_object(out, id); },
                        .text = [&](std::string& out) { append_id(out, id.aggregate_id, null); }});
  });
}

std::optional<Note> next_page(const std::optional<std::string>& token) {
  if (!token) return std::nullopt;
  return Note{"NextPage", "there are more: --page-token " + *token, {{"nextPageToken", *token}}};
}

/// Notes why a listing is empty: there is nothing, the options leave nothing, or no aggregate
/// begins with version 1. \throws Error  `ErrorCode::event_store_not_found`
void explain_empty_listing(const std::string& event_store_id, const EventStorageAdapter& storage,
                           const Context& context, Answer& answer) {
  context.require_event_store(event_store_id, storage);
  // whether one that the application knows has events could be told only by reading all of them
  if (context.registry.find_event_store(event_store_id) != nullptr) return;
  if (!storage.list_aggregate_ids(event_store_id, {.limit = 1}).aggregate_ids.empty()) return;
  answer.note({"NoInitialEvent",
               "event store " + event_store_id +
                   " has events, but no aggregate with a version 1, which alone are listed",
               {{"eventStoreId", event_store_id}}});
}

}  // namespace

void list_ids(const ListIdsOptions& options, const Context& context, Answer& answer) {
  const auto storage = context.open_for_reading();
  ListAggregateIdsOptions query = options.query;
  if (options.reverse) query.reverse = true;
  // the token of a page carries the size of the page
  const bool one_page = query.limit || query.page_token;
  if (!one_page) query.limit = page_size;
  auto page = storage->list_aggregate_ids(options.event_store_id, query);
  if (page.aggregate_ids.empty()) {
    explain_empty_listing(options.event_store_id, *storage, context, answer);
  }
  answer.begin_list({.name = "aggregateIds"});
  bool more = give(page.aggregate_ids, options.null, answer);
  while (more && !one_page && page.next_page_token) {
    page = storage->list_aggregate_ids(options.event_store_id,
                                       {.page_token = std::move(page.next_page_token)});
    more = give(page.aggregate_ids, options.null, answer);
  }
  answer.end_list(one_page ? next_page(page.next_page_token) : std::nullopt);
}

Command list_ids_command() {
  return make_command<ListIdsOptions>(
      "list-ids", description, footer,
      [](ListIdsOptions& options) -> std::vector<Argument> {
        return {event_store(options.event_store_id),
                integer("--limit", options.query.limit, 1, "The most ids on a page"),
                time("--after", options.query.initial_event_after, OfDay::first,
                     "Only with a first event at that time, or date, or later"),
                time("--before", options.query.initial_event_before, OfDay::last,
                     "Only with a first event at that time, or date, or earlier"),
                flag("--reverse", options.reverse, "Newest first"),
                null(options.null),
                option("--page-token", "TOKEN", options.query.page_token,
                       "Go on after an earlier page, with the options of that listing")};
      },
      list_ids);
}

}  // namespace castore::cli
