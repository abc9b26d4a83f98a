/// \file
/// A page token is one that castore made, or an InvalidPageTokenError: as it comes, with a checksum
/// that fits, and damaged on the way.

#include <algorithm>
#include <castore/adapter_support.hpp>
#include <castore/in_memory/event_storage_adapter.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <memory>
#include <string>
#include <vector>

#include "fuzz.hpp"
#include "support/errors.hpp"
#include "support/events.hpp"

namespace castore::fuzz {
namespace {

using testing::at;
using testing::code_of;
using Ids = std::vector<ListedAggregateId>;

constexpr std::string_view event_store_id = "POKEMONS";

void fill(EventStorageAdapter& adapter) {
  Timestamp timestamp = at("2022-01-01T00:00:00Z");
  for (const auto* id : {"pikachu", "bulbasaur", "\u00e9voli", "0", "~", "mew", "mewtwo"}) {
    testing::push(adapter, event_store_id, testing::new_event(id, 1, timestamp));
    // two of a moment: their ids decide
    testing::push(adapter, event_store_id, testing::new_event(id + std::string("'"), 1, timestamp));
    timestamp += std::chrono::minutes{1};
  }
  testing::push(adapter, "TRAINERS", testing::new_event("ash", 1, timestamp));
}

struct Adapters {
  InMemoryEventStorageAdapter in_memory;
  SqliteEventStorageAdapter sqlite{sqlite::Database::open(":memory:")};
  std::vector<std::string> tokens;  ///< of real listings

  Adapters() {
    fill(in_memory);
    fill(sqlite);
    add_token({.limit = 1});
    add_token({.limit = 5, .reverse = true});
    add_token({.limit = 2,
               .initial_event_after = at("2022-01-01T00:01:00Z"),
               .initial_event_before = at("2022-01-01T00:04:00Z")});
    add_token({.limit = 2, .max_position = 9});
  }

  void add_token(const ListAggregateIdsOptions& options) {
    tokens.push_back(in_memory.list_aggregate_ids(event_store_id, options).next_page_token.value());
  }
};

const Adapters& adapters() {
  static const Adapters instance;
  return instance;
}

/// What `make_page_token` does to its fields, whatever they are.
std::string sealed(std::string_view fields) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : fields) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  const std::string bytes = std::to_string(hash) + '\0' + std::string(fields);
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string token;
  unsigned buffer = 0;
  unsigned bits = 0;
  for (const char c : bytes) {
    buffer = (buffer << 8 | static_cast<unsigned char>(c)) & 0xFFFF;
    for (bits += 8; bits >= 6; bits -= 6) token += digits[buffer >> (bits - 6) & 0x3F];
  }
  if (bits > 0) token += digits[buffer << (6 - bits) & 0x3F];
  return token;
}

bool is_in(const ListedAggregateId& listed, const ListAggregateIdsQuery& query) {
  const auto key = [](const ListedAggregateId& id) {
    return std::pair(id.initial_event_timestamp, std::string_view(id.aggregate_id));
  };
  if (query.initial_event_after && listed.initial_event_timestamp < *query.initial_event_after) {
    return false;
  }
  if (query.initial_event_before && listed.initial_event_timestamp > *query.initial_event_before) {
    return false;
  }
  return query.reverse ? key(listed) < key(*query.last) : key(listed) > key(*query.last);
}

/// What the listing behind a token has to be, from the whole list.
Ids expected_page(const ListAggregateIdsQuery& query) {
  const auto all =
      adapters().in_memory.list_aggregate_ids(event_store_id, {.reverse = query.reverse});
  Ids page;
  for (std::size_t i = 0; i < all.aggregate_ids.size(); ++i) {
    if (query.limit && page.size() == static_cast<std::uint64_t>(*query.limit)) break;
    if (query.max_position && all.positions[i] > *query.max_position) continue;
    if (is_in(all.aggregate_ids[i], query)) page.push_back(all.aggregate_ids[i]);
  }
  return page;
}

/// Answers whether the token is accepted.
bool check_token(const std::string& token) {
  const ListAggregateIdsOptions options{.page_token = token};
  const auto list = [&](const EventStorageAdapter& adapter, ListAggregateIdsResult& result) {
    return code_of([&] { result = adapter.list_aggregate_ids(event_store_id, options); });
  };
  ListAggregateIdsResult in_memory;
  ListAggregateIdsResult sqlite;
  const std::string_view code = list(adapters().in_memory, in_memory);
  require(code == "none" || code == "InvalidPageToken", "a token is accepted or invalid");
  require(list(adapters().sqlite, sqlite) == code, "all adapters accept the same tokens");
  if (code != "none") return false;

  const ListAggregateIdsQuery query = resolve_list_query(event_store_id, options);
  require(make_page_token(event_store_id, query) == token, "an accepted token is one of ours");
  require(in_memory.aggregate_ids == expected_page(query), "a token continues its listing");
  require(sqlite.aggregate_ids == in_memory.aggregate_ids &&
              sqlite.next_page_token == in_memory.next_page_token,
          "all adapters answer the same page");
  if (in_memory.next_page_token) {
    require(code_of([&] {
              static_cast<void>(
                  resolve_list_query(event_store_id, {.page_token = in_memory.next_page_token}));
            }) == "none",
            "the next page's token is accepted");
  }
  return true;
}

void check_damage(std::string_view input) {
  if (input.size() < 3) return;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(input[i]); };
  const auto& tokens = adapters().tokens;
  std::string token = tokens[byte(0) % tokens.size()];
  require(check_token(token), "a token of ours is accepted");
  token[byte(1) % token.size()] = input[2];
  require(check_token(token) == (token == tokens[byte(0) % tokens.size()]),
          "a token with a wrong character is refused");
}

void check(std::string_view input) {
  check_token(std::string(input));
  check_token(sealed(input));
  check_damage(input);
}

}  // namespace
}  // namespace castore::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  castore::fuzz::check(castore::fuzz::text_of(data, size));
  return 0;
}
