/// \file
/// The guide's chapter on decorators.

#include <castore/castore.hpp>
#include <charconv>
#include <cstddef>
#include <guide/chapters.hpp>
#include <guide/pokemons.hpp>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace {

constexpr unsigned char key = 0x5a;

constexpr std::string_view mark = "\"sealed:";

/// Makes a JSON string of hexadecimal digits.
std::string seal(std::string_view json) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string sealed(mark);
  for (const unsigned char c : json) {
    const unsigned mixed = c ^ key;
    sealed += {digits[mixed / 16], digits[mixed % 16]};
  }
  return sealed + '"';
}

std::string unseal(std::string_view stored) {
  if (!stored.starts_with(mark)) return std::string(stored);  // pushed without the decorator
  std::string json;
  for (std::size_t i = mark.size(); i + 2 < stored.size(); i += 2) {
    unsigned mixed = 0;
    std::from_chars(stored.data() + i, stored.data() + i + 2, mixed, 16);
    json += static_cast<char>(mixed ^ key);
  }
  return json;
}

class SealingAdapter final : public castore::ForwardingEventStorageAdapter {
 public:
  using ForwardingEventStorageAdapter::ForwardingEventStorageAdapter;

  castore::PushAnswer push_event(std::string_view event_store_id,
                                 const castore::NewEventView& event,
                                 const castore::PushEventOptions& options) override {
    if (!event.payload) return inner().push_event(event_store_id, event, options);
    const std::string payload = seal(*event.payload);
    castore::NewEventView sealed = event;
    sealed.payload = payload;
    return inner().push_event(event_store_id, sealed, options);
  }

  void for_each_event(std::string_view event_store_id, std::string_view aggregate_id,
                      const castore::EventsQueryOptions& options,
                      castore::EventVisitor visitor) const override {
    const auto unsealing = [&](castore::EventView event) {
      if (!event.payload) return visitor(event);
      const std::string payload = unseal(*event.payload);
      event.payload = payload;
      return visitor(event);
    };
    inner().for_each_event(event_store_id, aggregate_id, options, unsealing);
  }

  [[nodiscard]] std::unique_ptr<castore::EventFeed> open_event_feed(
      castore::FeedQuery query) const override {
    const auto unsealing = [](castore::FeedEvent& fed) {
      if (fed.event.payload) fed.event.payload = unseal(*fed.event.payload);
    };
    return std::make_unique<castore::ForwardingEventFeed>(inner().open_event_feed(std::move(query)),
                                                          unsealing);
  }
};

void push_a_group(const Pokemons& pokemons, const Trainers& trainers) {
  castore::push_event_group(
      pokemons.group_event(castore::NewEvent<PokemonCaught>{
          .aggregate_id = "pikachu", .version = 2, .payload = {.trainer_id = "ash"}}),
      trainers.group_event(castore::NewEvent<TrainerCaughtPokemon>{
          .aggregate_id = "ash", .version = 1, .payload = {.pokemon_id = "pikachu"}}));
}

/// Prints the payloads as an adapter has them.
void print(const castore::EventStorageAdapter& adapter) {
  const auto feed = adapter.open_event_feed({});
  for (const castore::FeedEvent& fed : feed->next_page()) {
    std::cout << fed.event.type << ' ' << *fed.event.payload << '\n';
  }
}

}  // namespace

void chapters::decorator() {
  const auto adapter = std::make_shared<castore::InMemoryEventStorageAdapter>();
  const auto sealing = std::make_shared<SealingAdapter>(adapter);
  const Pokemons pokemons("POKEMONS", PokemonReducer{}, sealing);
  const Trainers trainers("TRAINERS", TrainerReducer{}, adapter);

  pokemons.push_event(castore::NewEvent<PokemonAppeared>{
      .aggregate_id = "pikachu", .version = 1, .payload = {"Pikachu", 42}});
  push_a_group(pokemons, trainers);

  print(*adapter);
  print(*sealing);
  const Pokemon pikachu = pokemons.get_existing_aggregate("pikachu");
  std::cout << pikachu.name << " of " << *pikachu.trainer_id << ", "
            << pokemons.list_aggregate_ids().aggregate_ids.size() << " pokemon\n";
}
