#include <doctest/doctest.h>
#include <castore/event_store.hpp>
#include <castore/in_memory/event_storage_adapter.hpp>

#include <type_traits>

#include "pokemon/pokemon.hpp"
#include "support/errors.hpp"
#include "support/events.hpp"

namespace castore::testing {
namespace {

using pokemon::appeared;
using pokemon::caught;
using pokemon::caught_pokemon;
using pokemon::created;
using pokemon::leveled_up;
using pokemon::make_pokemons;
using pokemon::make_trainers;
using pokemon::Pokemon;
using pokemon::PokemonAppeared;
using pokemon::PokemonCaught;
using pokemon::PokemonLeveledUp;
using pokemon::PokemonReducer;
using pokemon::Pokemons;
using pokemon::Trainers;

const Timestamp day_1 = at("2022-01-01T00:00:00.000Z");
const Timestamp day_2 = at("2022-01-02T00:00:00.000Z");
const Timestamp day_3 = at("2022-01-03T00:00:00.000Z");

std::shared_ptr<EventStorageAdapter> make_adapter() {
  return std::make_shared<InMemoryEventStorageAdapter>([] { return day_1; });
}

/// pikachu: appeared at level 42, caught by ash, leveled up.
Pokemons make_store(std::shared_ptr<EventStorageAdapter> adapter = make_adapter(),
                    Pokemons::Options options = {}) {
  Pokemons store = make_pokemons(std::move(adapter), std::move(options));
  store.push_event(appeared("pikachu", "Pikachu", 42));
  store.push_event(caught("pikachu", 2, "ash"));
  store.push_event(leveled_up("pikachu", 3));
  return store;
}

Version version_of(const Pokemons::AnyEvent& event) {
  return std::visit([](const auto& e) { return e.version; }, event);
}

std::vector<Version> versions_of(const std::vector<Pokemons::AnyEvent>& events) {
  std::vector<Version> result;
  for (const auto& event : events) result.push_back(version_of(event));
  return result;
}

template <class P>
Event<P> event_at(Version version, Timestamp timestamp, P payload = {}) {
  return {"pikachu", version, timestamp, std::move(payload)};
}

// --- Reading ----------------------------------------------------------------------------------

TEST_CASE("events are read as their types") {
  const auto store = make_store();
  const auto events = store.get_events("pikachu");
  REQUIRE(events.size() == 3);
  CHECK(std::get<Event<PokemonAppeared>>(events[0]).payload == PokemonAppeared{"Pikachu", 42});
  CHECK(std::get<Event<PokemonCaught>>(events[1]).payload.trainer_id == "ash");
  CHECK(std::get<Event<PokemonLeveledUp>>(events[2]) == event_at<PokemonLeveledUp>(3, day_1));
}

TEST_CASE("events are read within bounds and order and limit") {
  const auto store = make_store();
  CHECK(versions_of(store.get_events("pikachu", {.min_version = 2})) == std::vector<Version>{2, 3});
  CHECK(versions_of(store.get_events("pikachu", {.max_version = 2, .reverse = true})) ==
        std::vector<Version>{2, 1});
  CHECK(versions_of(store.get_events("pikachu", {.limit = 1, .reverse = true})) ==
        std::vector<Version>{3});
  CHECK(store.get_events("mew").empty());
  CHECK(code_of([&] { static_cast<void>(store.get_events("pikachu", {.limit = 0})); }) ==
        "InvalidOption");
}

TEST_CASE("a visitor of events may answer whether to go on") {
  const auto store = make_store();
  std::vector<Version> seen;
  store.for_each_event("pikachu", {}, [&](Pokemons::AnyEvent&& event) {
    seen.push_back(version_of(event));
    return seen.size() < 2;
  });
  CHECK(seen == std::vector<Version>{1, 2});
}

TEST_CASE("a visitor of events may answer nothing") {
  const auto store = make_store();
  std::vector<Version> seen;
  store.for_each_event("pikachu", {.reverse = true},
                       [&](const Pokemons::AnyEvent& event) { seen.push_back(version_of(event)); });
  CHECK(seen == std::vector<Version>{3, 2, 1});
}

TEST_CASE("an event type that the store does not know is refused when read") {
  const auto adapter = make_adapter();
  const auto store = make_store(adapter);
  NewEventDetail evolved = new_event("pikachu", 4);
  evolved.type = "POKEMON_EVOLVED";
  push(*adapter, "POKEMONS", evolved);

  const auto error =
      thrown<MalformedEventError>([&] { static_cast<void>(store.get_events("pikachu")); });
  REQUIRE(error);
  CHECK(error->type() == "POKEMON_EVOLVED");
  CHECK(error->version() == 4);
  CHECK(error->aggregate_id() == "pikachu");
  CHECK(error->event_store_id() == "POKEMONS");
  CHECK(code_of([&] { static_cast<void>(store.get_aggregate("pikachu")); }) == "MalformedEvent");
  SUBCASE("but not where it is not read") {
    CHECK(store.get_aggregate("pikachu", {.max_version = 3})->level == 43);
  }
}

struct AnyLife {
  std::string aggregate_id;
  Version version = 0;
  std::vector<std::string> types;
};

TEST_CASE("other payloads stand for every event type that the store does not name") {
  struct Reducer {
    AnyLife operator()(AnyLife life, const Event<PokemonAppeared>&) const {
      life.types.emplace_back("appeared");
      return life;
    }
    AnyLife operator()(AnyLife life, const Event<OtherPayload>& event) const {
      life.types.push_back(event.payload.type + event.payload.json.value_or(""));
      return life;
    }
  };
  const auto adapter = make_adapter();
  static_cast<void>(make_store(adapter));
  const EventStore<AnyLife, OtherPayload, PokemonAppeared> store("POKEMONS", Reducer{}, adapter);

  const auto life = store.get_existing_aggregate("pikachu");
  CHECK(life.types == std::vector<std::string>{"appeared", R"(POKEMON_CAUGHT{"trainer_id":"ash"})",
                                               "POKEMON_LEVELED_UP"});
  CHECK(store.event_types() == std::vector<std::string_view>{"POKEMON_APPEARED"});
  SUBCASE("and are pushed as what they carry") {
    store.push_event(NewEvent<OtherPayload>{
        .aggregate_id = "pikachu", .version = 4, .payload = {"POKEMON_LEVELED_UP", std::nullopt}});
    CHECK(make_pokemons(adapter).get_existing_aggregate("pikachu").level == 44);
  }
}

TEST_CASE(
    "another payload under a type that the store names is checked, told of and folded as that") {
  struct Reducer {
    AnyLife operator()(AnyLife life, const Event<PokemonAppeared>& event) const {
      life.types.push_back("appeared " + event.payload.name);
      return life;
    }
    AnyLife operator()(AnyLife life, const Event<OtherPayload>& event) const {
      life.types.push_back("other " + event.payload.type);
      return life;
    }
  };
  using Lives = EventStore<AnyLife, OtherPayload, PokemonAppeared>;
  const auto adapter = std::make_shared<InMemoryEventStorageAdapter>();
  std::vector<bool> told_of_other;
  Lives lives("POKEMONS", Reducer{}, adapter);
  lives.set_on_event_pushed([&](const Lives::Pushed& pushed) {
    told_of_other.push_back(std::holds_alternative<Event<OtherPayload>>(pushed.event));
  });
  const auto mew = [](std::string type, std::optional<std::string> json,
                      std::optional<RawJson> metadata = std::nullopt) {
    return NewEvent<OtherPayload>{.aggregate_id = "mew",
                                  .version = 1,
                                  .payload = {std::move(type), std::move(json)},
                                  .metadata = std::move(metadata)};
  };
  const auto place = [](const InvalidEventError& error) {
    return error.path() + std::string(error.pointer());
  };
  const auto refused = [&](const NewEvent<OtherPayload>& event, const std::string& expected) {
    const auto alone = thrown<InvalidEventError>([&] { lives.push_event(event); });
    REQUIRE(alone);
    CHECK(place(*alone) == expected);
    const auto grouped =
        thrown<InvalidEventError>([&] { push_event_group(lives.group_event(event)); });
    REQUIRE(grouped);
    CHECK(place(*grouped) == expected);
    CHECK_FALSE(lives.get_aggregate("mew"));
  };
  refused(mew("POKEMON_APPEARED", R"({"name":7,"level":5})"), "payload/name");
  refused(mew("POKEMON_APPEARED", std::nullopt), "payload");
  refused(mew("POKEMON_APPEARED", R"({"name":"Mew","level":5})", RawJson{R"({"trigger":1})"}),
          "metadata/trigger");

  SUBCASE("pushed alone") {
    const auto pushed = lives.push_event(mew("POKEMON_APPEARED", R"({"name":"Mew","level":5})"));
    CHECK(pushed.next_aggregate.value().types == std::vector<std::string>{"appeared Mew"});
    CHECK(told_of_other == std::vector<bool>{false});
  }
  SUBCASE("in a group") {
    const auto [pushed] =
        push_event_group(lives.group_event(mew("POKEMON_APPEARED", R"({"name":"Mew","level":5})")));
    CHECK(pushed.next_aggregate.value().types == std::vector<std::string>{"appeared Mew"});
    CHECK(told_of_other == std::vector<bool>{false});
  }
  SUBCASE("and under another type as what it is") {
    const auto pushed = lives.push_event(mew("UNHEARD_OF", "[]"));
    CHECK(pushed.next_aggregate.value().types == std::vector<std::string>{"other UNHEARD_OF"});
    CHECK(told_of_other == std::vector<bool>{true});
  }
  CHECK(lives.get_existing_aggregate("mew").types.size() == 1);
}

// --- Metadata ---------------------------------------------------------------------------------

}  // namespace

namespace shop {

struct Request {
  std::string user;
  static constexpr auto fields = castore::fields("user", &Request::user);
  friend bool operator==(const Request&, const Request&) = default;
};
Request castore_metadata(AnyEventType);

struct Opened {
  static constexpr std::string_view type = "OPENED";
};
struct Closed {
  static constexpr std::string_view type = "CLOSED";
};
struct Counted {
  static constexpr std::string_view type = "COUNTED";
  struct Metadata {
    int clerk = 0;
    static constexpr auto fields = castore::fields("clerk", &Metadata::clerk);
  };
};

struct Shop {
  std::string aggregate_id;
  Version version = 0;
};

}  // namespace shop

namespace {

static_assert(std::same_as<MetadataOf<shop::Opened>, shop::Request>);
static_assert(std::same_as<MetadataOf<shop::Counted>, shop::Counted::Metadata>);
static_assert(std::same_as<MetadataOf<PokemonCaught>, NoMetadata>);

TEST_CASE("event types of a namespace share a metadata type, which their event store supplies") {
  using Shops = EventStore<shop::Shop, shop::Opened, shop::Closed, OtherPayload>;
  const auto keep = [](shop::Shop aggregate, const auto&) { return aggregate; };
  std::optional<shop::Request> request = shop::Request{"ash"};
  const auto adapter = make_adapter();
  const Shops shops("SHOPS", keep, adapter, {.metadata = [&] { return request; }});
  const shop::Shop mart = Shops::new_aggregate("mart");

  CHECK(shops.append(mart, shop::Opened{}).event.metadata == shop::Request{"ash"});
  const auto own = shops.push_event(NewEvent<shop::Closed>{
      .aggregate_id = "mart", .version = 2, .metadata = shop::Request{"misty"}});
  CHECK(own.event.metadata == shop::Request{"misty"});
  const auto [grouped] = push_event_group(shops.group_event(
      NewEvent<OtherPayload>{.aggregate_id = "mart", .version = 3, .payload = {"MOVED", {}}}));
  CHECK(grouped.event.metadata == RawJson{R"({"user":"ash"})"});

  SUBCASE("not where it has none to supply") {
    request.reset();
    CHECK_FALSE(shops.append(Shops::new_aggregate("other"), shop::Opened{}).event.metadata);
  }
  SUBCASE("and not to a stored event that is pushed again") {
    const Shops silent("SHOPS", keep, adapter);
    const auto stored = silent.append(Shops::new_aggregate("old"), shop::Opened{}).event;
    CHECK_FALSE(shops.push_event(stored, {.force = true}).event.metadata);
    const auto [again] = push_event_group({.force = true}, shops.group_event(stored));
    CHECK_FALSE(again.event.metadata);
  }
  SUBCASE("and what it throws keeps the event from being stored") {
    const Shops failing("SHOPS", keep, adapter, {.metadata = []() -> shop::Request {
                          throw std::runtime_error("nobody");
                        }});
    CHECK_THROWS_WITH_AS(failing.append(Shops::new_aggregate("new"), shop::Opened{}), "nobody",
                         std::runtime_error);
    CHECK_FALSE(shops.get_aggregate("new"));
  }
}

// --- Aggregates -------------------------------------------------------------------------------

TEST_CASE("an aggregate is its events folded") {
  const auto store = make_store();
  CHECK(store.get_existing_aggregate("pikachu") == Pokemon{"pikachu", 3, "Pikachu", 43, "ash"});
  CHECK(store.get_aggregate("pikachu") == store.get_existing_aggregate("pikachu"));
  SUBCASE("up to a version in the past") {
    CHECK(store.get_aggregate("pikachu", {.max_version = 1}) ==
          Pokemon{"pikachu", 1, "Pikachu", 42, ""});
    CHECK(store.get_aggregate("pikachu", {.max_version = 99})->version == 3);
  }
}

TEST_CASE("an aggregate without events is absent") {
  const auto store = make_store();
  CHECK_FALSE(store.get_aggregate("mew"));
  CHECK_FALSE(store.get_aggregate("pikachu", {.max_version = 0}));
}

TEST_CASE("an existing aggregate without events is an error that names it") {
  const auto store = make_store();
  const auto error = thrown<AggregateNotFoundError>(
      [&] { static_cast<void>(store.get_existing_aggregate("mew")); });
  REQUIRE(error);
  CHECK(error->event_store_id() == "POKEMONS");
  CHECK(error->aggregate_id() == "mew");
  CHECK(std::string_view(error->what()) == "Unable to find aggregate mew in event store POKEMONS.");
  CHECK(code_of([&] {
          static_cast<void>(store.get_existing_aggregate("pikachu", {.max_version = 0}));
        }) == "AggregateNotFound");
}

TEST_CASE("the store sets id and version of an aggregate whatever the reducer says") {
  struct Careless {
    Pokemon operator()(const Pokemon&, const Event<PokemonAppeared>&) const { return {}; }
    Pokemon operator()(Pokemon pokemon, const Event<PokemonCaught>&) const {
      pokemon.aggregate_id = "somebody else";
      pokemon.version = -5;
      return pokemon;
    }
    Pokemon operator()(Pokemon pokemon, const Event<PokemonLeveledUp>&) const { return pokemon; }
  };
  const auto adapter = make_adapter();
  static_cast<void>(make_store(adapter));
  const Pokemons store("POKEMONS", Careless{}, adapter);
  const Pokemon pikachu = store.get_existing_aggregate("pikachu", {.max_version = 2});
  CHECK(pikachu.aggregate_id == "pikachu");
  CHECK(pikachu.version == 2);
}

TEST_CASE("an aggregate is built from events without reading") {
  const auto store = make_pokemons();
  const std::vector<Pokemons::AnyEvent> events = {
      event_at(1, day_1, PokemonAppeared{"Pikachu", 42}), event_at<PokemonLeveledUp>(2, day_1)};

  CHECK(store.build_aggregate(events) == Pokemon{"pikachu", 2, "Pikachu", 43, ""});
  CHECK_FALSE(store.build_aggregate({}));

  SUBCASE("on top of an earlier one") {
    const Pokemon before{"pikachu", 7, "Pika", 10, "ash"};
    const std::vector<Pokemons::AnyEvent> more = {event_at<PokemonLeveledUp>(8, day_1)};
    CHECK(store.build_aggregate(more, before) == Pokemon{"pikachu", 8, "Pika", 11, "ash"});
    CHECK(store.build_aggregate({}, before) == before);
  }
  SUBCASE("in the order given") {
    const std::vector<Pokemons::AnyEvent> turned = {events[1], events[0]};
    CHECK(store.build_aggregate(turned)->level == 42);
    CHECK(store.build_aggregate(turned)->version == 1);
  }
}

// --- Simulating -------------------------------------------------------------------------------

TEST_CASE("a simulation orders events by timestamp and numbers them anew") {
  const auto store = make_pokemons();
  const std::vector<Pokemons::AnyEvent> events = {
      event_at(9, day_3, PokemonCaught{"misty"}),
      event_at(4, day_2, PokemonCaught{"ash"}),
      event_at<PokemonLeveledUp>(12, day_2),
      event_at(5, day_1, PokemonAppeared{"Pikachu", 42}),
  };
  CHECK(store.simulate_aggregate(events) == Pokemon{"pikachu", 4, "Pikachu", 43, "misty"});

  SUBCASE("and leaves out what comes after its date") {
    CHECK(store.simulate_aggregate(events, {.simulation_date = day_2}) ==
          Pokemon{"pikachu", 3, "Pikachu", 43, "ash"});
    CHECK(store.simulate_aggregate(events, {.simulation_date = day_1})->version == 1);
    CHECK_FALSE(store.simulate_aggregate(
        events, {.simulation_date = day_1 - std::chrono::microseconds{1}}));
  }
}

TEST_CASE("in a simulation the later of two events with one version counts") {
  const auto store = make_pokemons();
  const std::vector<Pokemons::AnyEvent> events = {
      event_at(1, day_1, PokemonAppeared{"Pikachu", 42}),
      event_at(2, day_1, PokemonCaught{"ash"}),
      event_at(2, day_1, PokemonCaught{"misty"}),
  };
  CHECK(store.simulate_aggregate(events) == Pokemon{"pikachu", 2, "Pikachu", 42, "misty"});
  CHECK_FALSE(store.simulate_aggregate({}));
}

TEST_CASE("in a simulation events of one timestamp keep the order of versions") {
  const auto store = make_pokemons();
  const std::vector<Pokemons::AnyEvent> events = {
      event_at(3, day_1, PokemonCaught{"misty"}),
      event_at(2, day_1, PokemonCaught{"ash"}),
      event_at(1, day_1, PokemonAppeared{"Pikachu", 42}),
  };
  CHECK(store.simulate_aggregate(events)->trainer_id == "misty");
}

TEST_CASE("a side effect decides what a simulation books") {
  Pokemons::Options options;
  // To be caught with an empty trainer is to be set free: it takes back the last catch.
  options.simulate_side_effect = [](auto& indexed, const Pokemons::AnyEvent& event) {
    const auto* freed = std::get_if<Event<PokemonCaught>>(&event);
    if (freed != nullptr && freed->payload.trainer_id.empty()) {
      indexed.erase(freed->version - 1);
    } else {
      indexed.insert_or_assign(version_of(event), event);
    }
  };
  const auto store = make_pokemons(nullptr, options);
  const std::vector<Pokemons::AnyEvent> events = {
      event_at(1, day_1, PokemonAppeared{"Pikachu", 42}),
      event_at(2, day_2, PokemonCaught{"ash"}),
      event_at(3, day_2, PokemonCaught{""}),
      event_at<PokemonLeveledUp>(4, day_3),
  };
  CHECK(store.simulate_aggregate(events) == Pokemon{"pikachu", 2, "Pikachu", 43, ""});
  CHECK(store.build_aggregate(events)->version == 4);
}

// --- Pushing ----------------------------------------------------------------------------------

TEST_CASE("a push answers the complete event") {
  const auto store = make_pokemons(make_adapter());
  auto event = appeared("pikachu", "Pikachu", 42);
  event.metadata = PokemonAppeared::Metadata{"random"};

  const auto result = store.push_event(event);

  CHECK(result.event.aggregate_id == "pikachu");
  CHECK(result.event.version == 1);
  CHECK(result.event.timestamp == day_1);
  CHECK(result.event.payload == PokemonAppeared{"Pikachu", 42});
  CHECK(result.event.metadata == PokemonAppeared::Metadata{"random"});
  CHECK(std::get<Event<PokemonAppeared>>(store.get_events("pikachu").front()) == result.event);
}

TEST_CASE("a push keeps the timestamp that is given") {
  const auto store = make_pokemons(make_adapter());
  auto event = appeared("pikachu", "Pikachu", 42);
  event.timestamp = day_3;
  CHECK(store.push_event(event).event.timestamp == day_3);
}

TEST_CASE("the next aggregate is known after an initial event") {
  const auto store = make_pokemons(make_adapter());
  CHECK(store.push_event(appeared("pikachu", "Pikachu", 42)).next_aggregate ==
        Pokemon{"pikachu", 1, "Pikachu", 42, ""});
}

TEST_CASE("the next aggregate is known where the one before is given") {
  const auto store = make_store();
  CHECK_FALSE(store.push_event(leveled_up("pikachu", 4)).next_aggregate);
  const auto before = store.get_aggregate("pikachu");
  const auto result = store.push_event(leveled_up("pikachu", 5), {.prev_aggregate = before});
  CHECK(result.next_aggregate == store.get_aggregate("pikachu"));
  SUBCASE("which is trusted") {
    const Pokemon other{"raichu", 1, "Raichu", 7, ""};
    CHECK(store.push_event(leveled_up("pikachu", 6), {.prev_aggregate = other}).next_aggregate ==
          Pokemon{"pikachu", 6, "Raichu", 8, ""});
  }
}

TEST_CASE("a push that loses the optimistic lock stores nothing") {
  const auto store = make_store();
  const auto error =
      thrown<EventAlreadyExistsError>([&] { store.push_event(caught("pikachu", 2, "misty")); });
  REQUIRE(error);
  CHECK(error->event_store_id() == "POKEMONS");
  CHECK(error->current_version() == 3);
  CHECK(store.get_existing_aggregate("pikachu").trainer_id == "ash");
}

TEST_CASE("a version gap is refused unless the store allows gaps") {
  const auto adapter = make_adapter();
  const auto strict = make_store(adapter);
  CHECK(code_of([&] { strict.push_event(leveled_up("pikachu", 5)); }) == "VersionGap");
  CHECK(code_of([&] { push_event_group(strict.group_event(leveled_up("pikachu", 5))); }) ==
        "VersionGap");

  Pokemons::Options options;
  options.allow_version_gaps = true;
  const auto lenient = make_pokemons(adapter, options);
  lenient.push_event(leveled_up("pikachu", 5));
  push_event_group(lenient.group_event(leveled_up("pikachu", 7)));
  CHECK(versions_of(strict.get_events("pikachu")) == std::vector<Version>{1, 2, 3, 5, 7});
}

TEST_CASE("force overwrites a stored event") {
  const auto store = make_store();
  store.push_event(caught("pikachu", 2, "misty"), {.force = true});
  CHECK(store.get_existing_aggregate("pikachu").trainer_id == "misty");
  CHECK(store.get_events("pikachu").size() == 3);
}

TEST_CASE("a stored event is pushed again with its own timestamp") {
  const auto from = make_store();
  const auto to =
      make_pokemons(std::make_shared<InMemoryEventStorageAdapter>([] { return day_3; }));
  for (const auto& any : from.get_events("pikachu")) {
    std::visit([&](const auto& event) { to.push_event(event); }, any);
  }
  CHECK(to.get_events("pikachu") == from.get_events("pikachu"));
}

TEST_CASE("an event that breaks a rule is not stored") {
  const auto store = make_pokemons(make_adapter());
  CHECK(code_of([&] { store.push_event(appeared("", "Pikachu", 1)); }) == "InvalidEvent");
  CHECK(code_of([&] { store.push_event(appeared("pikachu", "\xFF", 1)); }) == "InvalidEvent");
  CHECK(code_of([&] { store.push_event(leveled_up("pikachu", 0)); }) == "InvalidEvent");
  CHECK(store.list_aggregate_ids().aggregate_ids.empty());
}

TEST_CASE("aggregate ids are listed a page at a time") {
  const auto store = make_pokemons(make_adapter());
  for (const auto* id : {"c", "a", "b"}) store.push_event(appeared(id, id, 1));
  const auto first = store.list_aggregate_ids({.limit = 2});
  CHECK(ids(first) == std::vector<std::string>{"a", "b"});
  REQUIRE(first.next_page_token);
  CHECK(ids(store.list_aggregate_ids({.page_token = first.next_page_token})) ==
        std::vector<std::string>{"c"});
  CHECK(code_of([&] {
          static_cast<void>(make_trainers(make_adapter())
                                .list_aggregate_ids({.page_token = first.next_page_token}));
        }) == "InvalidPageToken");
}

// --- Groups -----------------------------------------------------------------------------------

TEST_CASE("a group of several event stores is stored as one") {
  const auto adapter = make_adapter();
  const auto pokemons = make_store(adapter);
  const auto trainers = make_trainers(adapter);
  const auto before = pokemons.get_aggregate("pikachu");

  const auto [again, ash] = push_event_group(
      pokemons.group_event(caught("pikachu", 4, "ash"), {.prev_aggregate = before}),
      trainers.group_event(created("ash", "Ash")));

  static_assert(std::is_same_v<decltype(again), const PushEventResult<Pokemon, PokemonCaught>>);
  CHECK(again.event.version == 4);
  CHECK(again.event.timestamp == ash.event.timestamp);
  CHECK(again.next_aggregate == pokemons.get_aggregate("pikachu"));
  CHECK(ash.next_aggregate == trainers.get_aggregate("ash"));
}

TEST_CASE("a group that fails stores nothing and tells nobody") {
  const auto adapter = make_adapter();
  int told = 0;
  auto pokemons = make_store(adapter);
  pokemons.set_on_event_pushed([&](const auto&) { ++told; });
  const auto trainers = make_trainers(adapter);

  CHECK(code_of([&] {
          push_event_group(trainers.group_event(created("ash", "Ash")),
                           pokemons.group_event(caught("pikachu", 2, "ash")));
        }) == "EventAlreadyExists");
  CHECK_FALSE(trainers.get_aggregate("ash"));
  CHECK(told == 0);
}

TEST_CASE("options of a group come first and force all of it") {
  const auto adapter = make_adapter();
  const auto pokemons = make_store(adapter);
  const auto trainers = make_trainers(adapter);
  trainers.push_event(created("ash", "Ash"));

  push_event_group({.force = true}, pokemons.group_event(caught("pikachu", 2, "gary")),
                   trainers.group_event(created("ash", "Gary")));

  CHECK(pokemons.get_existing_aggregate("pikachu").trainer_id == "gary");
  CHECK(trainers.get_existing_aggregate("ash").name == "Gary");
}

TEST_CASE("a group may be put together at run time") {
  const auto adapter = make_adapter();
  const auto pokemons = make_store(adapter);
  const auto trainers = make_trainers(adapter);
  auto first = trainers.group_event(created("ash", "Ash"));
  std::vector<decltype(pokemons.group_event(leveled_up("pikachu", 4)))> more;
  for (Version version = 4; version <= 6; ++version) {
    more.push_back(pokemons.group_event(leveled_up("pikachu", version)));
  }
  CHECK_THROWS_AS(static_cast<void>(first.result()), std::bad_optional_access);

  std::vector<GroupedEventRef> group = {first};
  group.insert(group.end(), more.begin(), more.end());
  push_event_group(group);

  CHECK(first.result().event.timestamp == day_1);
  CHECK(first.result().next_aggregate->name == "Ash");
  CHECK(more.back().result().event.version == 6);
  CHECK_FALSE(more.back().result().next_aggregate);
  CHECK(pokemons.get_existing_aggregate("pikachu").version == 6);
  SUBCASE("and pushed again by force") {
    push_event_group(group, {.force = true});
    CHECK(first.result().event.aggregate_id == "ash");
    CHECK(first.result().event.payload.name == "Ash");
    CHECK(first.result().next_aggregate->name == "Ash");
    CHECK(trainers.get_existing_aggregate("ash").name == "Ash");
    CHECK(pokemons.get_existing_aggregate("pikachu").version == 6);
  }
  SUBCASE("and an empty one is refused") {
    CHECK(code_of([] { push_event_group(std::span<const GroupedEventRef>()); }) ==
          "InvalidEventGroup");
  }
}

TEST_CASE("a group of events of one type is a vector") {
  const auto store = make_store(make_adapter());  // with three events
  std::vector<GroupedEvent<pokemon::Pokemon, pokemon::PokemonLeveledUp>> group;
  CHECK(code_of([&] { push_event_group(group); }) == "InvalidEventGroup");
  for (Version version = 4; version <= 6; ++version) {
    group.push_back(store.group_event(leveled_up("pikachu", version)));
  }
  push_event_group(group);
  CHECK(group.back().result().position == 6);
  push_event_group(group, {.force = true});
  CHECK(store.get_existing_aggregate("pikachu").version == 6);
}

TEST_CASE("an event is appended to an aggregate in hand") {
  const auto store = make_store();
  const Pokemon pikachu = store.get_existing_aggregate("pikachu");
  const auto pushed = store.append(pikachu, PokemonLeveledUp{});
  CHECK(pushed.event.version == 4);
  CHECK(pushed.next_aggregate == store.get_existing_aggregate("pikachu"));
  CHECK(pushed.next_aggregate.value().level == 44);

  SUBCASE("and loses the optimistic lock if another one was faster") {
    CHECK(code_of([&] { store.append(pikachu, PokemonLeveledUp{}); }) == "EventAlreadyExists");
    CHECK(code_of([&] { store.append(pikachu, PokemonLeveledUp{}, PokemonLeveledUp{}); }) ==
          "EventAlreadyExists");
    CHECK(store.get_events("pikachu").size() == 4);
  }
  SUBCASE("with a timestamp and metadata of its own") {
    const auto raichu =
        store.append(Pokemons::new_aggregate("raichu"), PokemonAppeared{"Raichu", 60},
                     {.timestamp = day_3, .metadata = PokemonAppeared::Metadata{"scripted"}});
    CHECK(raichu.event.version == 1);
    CHECK(raichu.event.timestamp == day_3);
    CHECK(raichu.event.metadata == PokemonAppeared::Metadata{"scripted"});
    CHECK(raichu.next_aggregate.value().level == 60);
  }
}

TEST_CASE("several events are appended to an aggregate as one group") {
  const auto store = make_store();
  const Pokemon pikachu = store.get_existing_aggregate("pikachu");
  const auto [levels, trainer, more] =
      store.append(pikachu, PokemonLeveledUp{}, PokemonCaught{"misty"}, PokemonLeveledUp{});
  CHECK(levels.event.version == 4);
  CHECK(more.event.version == 6);
  CHECK(levels.next_aggregate.value().level == 44);
  CHECK(trainer.next_aggregate.value().trainer_id == "misty");
  CHECK(more.next_aggregate == store.get_existing_aggregate("pikachu"));
}

TEST_CASE("events that follow aggregates in hand are grouped") {
  const auto adapter = make_adapter();
  const auto pokemons = make_store(adapter);
  const auto trainers = make_trainers(adapter);
  const auto [pikachu, ash] = push_event_group(
      pokemons.group_event(pokemons.get_existing_aggregate("pikachu"), PokemonCaught{"ash"}),
      trainers.group_event(Trainers::new_aggregate("ash"), pokemon::TrainerCreated{"Ash"},
                           {.timestamp = day_2}));
  CHECK(pikachu.event.version == 4);
  CHECK(pikachu.next_aggregate == pokemons.get_existing_aggregate("pikachu"));
  CHECK(ash.event.timestamp == day_2);
  CHECK(ash.next_aggregate == trainers.get_existing_aggregate("ash"));
}

TEST_CASE("a reducer that throws leaves the aggregates of a group after it unknown") {
  struct Failing {
    Pokemon operator()(Pokemon, const Event<PokemonCaught>&) const {
      throw std::runtime_error("no trainers");
    }
    Pokemon operator()(Pokemon aggregate, const Event<PokemonLeveledUp>&) const {
      return aggregate;
    }
  };
  using Store = EventStore<Pokemon, PokemonCaught, PokemonLeveledUp>;
  std::vector<bool> known;
  const Store store("POKEMONS", Failing{}, make_adapter(),
                    {.on_event_pushed = [&](const Store::Pushed& pushed) {
                      known.push_back(pushed.next_aggregate.has_value());
                    }});
  CHECK_THROWS_WITH_AS(store.append(Store::new_aggregate("mew"), PokemonLeveledUp{},
                                    PokemonCaught{"ash"}, PokemonLeveledUp{}),
                       "no trainers", std::runtime_error);
  CHECK(known == std::vector<bool>{true, false, false});
}

TEST_CASE("a group that is known at run time owns its events") {
  const auto adapter = make_adapter();
  const auto pokemons = make_store(adapter);
  const auto trainers = make_trainers(adapter);
  EventGroup group;
  CHECK(group.empty());
  CHECK(code_of([&] { group.push(); }) == "InvalidEventGroup");

  const Pokemon pikachu = pokemons.get_existing_aggregate("pikachu");
  const auto& leveled = group.append(pokemons, pikachu, PokemonLeveledUp{});
  for (int i = 0; i < 20; ++i) group.append(pokemons, pikachu, PokemonLeveledUp{});
  auto& ash = group.add(trainers, created("ash", "Ash"));
  CHECK(group.size() == 22);
  CHECK(pokemons.get_events("pikachu").size() == 3);

  const std::vector<PushedGroupEvent> pushed = group.push();
  REQUIRE(pushed.size() == 22);
  CHECK(pushed.front().event_store_id == "POKEMONS");
  CHECK(pushed.front().answer.version == 4);
  CHECK(pushed[20].answer.version == 24);
  CHECK(pushed.back().aggregate_id == "ash");
  CHECK(pushed.back().type == "TRAINER_CREATED");
  CHECK(pushed.back().answer.position == 25);
  CHECK(leveled.result().next_aggregate.value().level == 44);
  CHECK(ash.result().next_aggregate == trainers.get_existing_aggregate("ash"));
  CHECK(pokemons.get_existing_aggregate("pikachu").level == 64);

  SUBCASE("and can be pushed again where it was refused") {
    EventGroup later;
    later.append(pokemons, pokemons.get_existing_aggregate("pikachu"), PokemonLeveledUp{});
    later.add(trainers, created("ash", "Ash"));
    CHECK(code_of([&] { later.push(); }) == "EventAlreadyExists");
    CHECK(pokemons.get_events("pikachu").size() == 24);
    CHECK(later.push({.force = true}).size() == 2);
  }
  SUBCASE("and refuses an event without changing") {
    EventGroup later;
    CHECK(code_of([&] { later.add(pokemons, appeared("", "Nobody", 1)); }) == "none");
    CHECK(code_of([&] { later.add(pokemons, appeared("mew", "\xFF", 1)); }) == "InvalidEvent");
    CHECK(later.size() == 1);
    CHECK(code_of([&] { later.push(); }) == "InvalidEvent");
  }
}

TEST_CASE("a push tells the position of its event") {
  const auto adapter = make_adapter();
  const auto store = make_store(adapter);  // with three events
  CHECK(store.push_event(leveled_up("pikachu", 4)).position == 4);
  CHECK(store.push_event(leveled_up("pikachu", 2), {.force = true}).position == 2);
  const auto [fifth, sixth] = push_event_group(store.group_event(leveled_up("pikachu", 5)),
                                               store.group_event(leveled_up("pikachu", 6)));
  CHECK(fifth.position == 5);
  CHECK(sixth.position == 6);
}

TEST_CASE("copies of an event store share its adapter and its callback") {
  const auto here = make_adapter();
  auto store = make_store(here);
  auto copy = store;
  int told = 0;
  copy.set_on_event_pushed([&](const auto&) { ++told; });
  store.push_event(leveled_up("pikachu", 4));
  CHECK(told == 1);

  const auto elsewhere = make_adapter();
  SUBCASE("exchanged for one it is exchanged for all") {
    store.set_event_storage_adapter(elsewhere);
    CHECK(&copy.event_storage_adapter() == elsewhere.get());
    const auto moved = std::move(copy);
    store.set_event_storage_adapter(here);
    CHECK(&moved.event_storage_adapter() == here.get());
    CHECK(&copy.event_storage_adapter() == here.get());
  }
  SUBCASE("but the same store on an adapter shares neither") {
    auto other = store.on_adapter(elsewhere);
    other.push_event(pokemon::appeared("pikachu", "Pikachu", 42));
    CHECK(told == 1);
    other.set_event_storage_adapter(nullptr);
    CHECK(&store.event_storage_adapter() == here.get());
  }
  SUBCASE("and an assigned one what it was assigned") {
    auto other = make_store(elsewhere);
    other = store;
    other.set_event_storage_adapter(elsewhere);
    CHECK(&store.event_storage_adapter() == elsewhere.get());
  }
}

TEST_CASE("a grouped event keeps the adapter its store had") {
  const auto here = make_adapter();
  auto store = make_store(here);
  auto grouped = store.group_event(leveled_up("pikachu", 4));
  store.set_event_storage_adapter(make_adapter());
  push_event_group(std::move(grouped));
  CHECK(store.get_events("pikachu").empty());
  store.set_event_storage_adapter(here);
  CHECK(store.get_existing_aggregate("pikachu").version == 4);
}

TEST_CASE("a group over stores on two databases is refused") {
  const auto pokemons = make_store();
  const auto trainers = make_trainers(make_adapter());
  const auto error = thrown<InvalidEventGroupError>([&] {
    push_event_group(pokemons.group_event(leveled_up("pikachu", 4)),
                     trainers.group_event(created("ash", "Ash")));
  });
  REQUIRE(error);
  CHECK(error->reason() == InvalidEventGroupError::Reason::different_databases);
  CHECK(pokemons.get_existing_aggregate("pikachu").version == 3);
}

// --- Callbacks --------------------------------------------------------------------------------

TEST_CASE("a callback is told of each pushed event after it is stored") {
  auto store = make_store();
  std::vector<Version> told;
  std::optional<Pokemon> next;
  store.set_on_event_pushed([&](const Pokemons::Pushed& pushed) {
    told.push_back(version_of(pushed.event));
    next = pushed.next_aggregate;
    CHECK(store.get_existing_aggregate("pikachu").version == told.back());
  });

  store.push_event(leveled_up("pikachu", 4));
  CHECK_FALSE(next);
  store.push_event(leveled_up("pikachu", 5), {.prev_aggregate = store.get_aggregate("pikachu")});
  CHECK(told == std::vector<Version>{4, 5});
  REQUIRE(next);
  CHECK(next->version == 5);
  SUBCASE("and of none that was refused") {
    CHECK(code_of([&] { store.push_event(leveled_up("pikachu", 5)); }) == "EventAlreadyExists");
    CHECK(told.size() == 2);
  }
  SUBCASE("until it is taken away") {
    store.set_on_event_pushed(nullptr);
    store.push_event(leveled_up("pikachu", 6));
    CHECK(told.size() == 2);
  }
}

TEST_CASE("what a callback throws comes out although the event is stored") {
  auto store = make_store();
  store.set_on_event_pushed([](const auto&) { throw std::runtime_error("no mail today"); });
  CHECK_THROWS_WITH_AS(store.push_event(leveled_up("pikachu", 4)), "no mail today",
                       std::runtime_error);
  CHECK(store.get_existing_aggregate("pikachu").version == 4);
}

/// Fails at a pokemon's first event.
struct MoodyReducer : PokemonReducer {
  using PokemonReducer::operator();
  Pokemon operator()(Pokemon, const Event<PokemonAppeared>&) const {
    throw std::runtime_error("not today");
  }
};

TEST_CASE("what a reducer throws comes out although the event is stored and told of") {
  Pokemons store("POKEMONS", MoodyReducer{}, make_adapter());
  std::vector<Pokemons::Pushed> told;
  store.set_on_event_pushed([&](const auto& pushed) { told.push_back(pushed); });
  const auto push = [&] { store.push_event(appeared("pikachu", "Pikachu", 42)); };
  SUBCASE("without a next aggregate") {
    CHECK_THROWS_WITH_AS(push(), "not today", std::runtime_error);
    REQUIRE(told.size() == 1);
    CHECK(version_of(told[0].event) == 1);
    CHECK_FALSE(told[0].next_aggregate);
  }
  SUBCASE("before what the callback throws") {
    store.set_on_event_pushed([](const auto&) { throw std::runtime_error("no mail today"); });
    CHECK_THROWS_WITH_AS(push(), "not today", std::runtime_error);
  }
  SUBCASE("and not where it is not asked") {
    CHECK_THROWS_AS(push(), std::runtime_error);
    store.push_event(leveled_up("pikachu", 2));
    CHECK(told.size() == 2);
  }
  CHECK(store.get_events("pikachu").front() ==
        Pokemons::AnyEvent(
            Event<PokemonAppeared>{"pikachu", 1, day_1, {.name = "Pikachu", .level = 42}}));
}

TEST_CASE("callbacks of a group run after all of it is stored") {
  const auto adapter = make_adapter();
  auto pokemons = make_store(adapter);
  auto trainers = make_trainers(adapter);
  std::string told;
  pokemons.set_on_event_pushed([&](const Pokemons::Pushed&) {
    told += "pokemon ";
    CHECK(trainers.get_aggregate("ash"));
  });
  trainers.set_on_event_pushed([&](const Trainers::Pushed& pushed) {
    told += "trainer " + pushed.next_aggregate.value().name;
  });

  push_event_group(pokemons.group_event(caught("pikachu", 4, "ash")),
                   trainers.group_event(created("ash", "Ash")));

  CHECK(told == "pokemon trainer Ash");
}

TEST_CASE("in a group one failing callback does not keep the others from running") {
  const auto adapter = make_adapter();
  auto pokemons = make_store(adapter);
  auto trainers = make_trainers(adapter);
  bool told = false;
  pokemons.set_on_event_pushed([](const auto&) { throw std::runtime_error("first"); });
  trainers.set_on_event_pushed([&](const auto&) {
    told = true;
    throw std::runtime_error("second");
  });

  CHECK_THROWS_WITH_AS(push_event_group(pokemons.group_event(caught("pikachu", 4, "ash")),
                                        trainers.group_event(created("ash", "Ash"))),
                       "first", std::runtime_error);

  CHECK(told);
  CHECK(pokemons.get_existing_aggregate("pikachu").version == 4);
  CHECK(trainers.get_aggregate("ash"));
}

TEST_CASE("in a group one failing reducer does not keep anybody from being told") {
  const auto adapter = make_adapter();
  Pokemons pokemons("POKEMONS", MoodyReducer{}, adapter);
  auto trainers = make_trainers(adapter);
  std::vector<Pokemons::Pushed> told_of_pokemons;
  std::vector<Trainers::Pushed> told_of_trainers;
  pokemons.set_on_event_pushed([&](const auto& pushed) { told_of_pokemons.push_back(pushed); });
  trainers.set_on_event_pushed([&](const auto& pushed) {
    told_of_trainers.push_back(pushed);
    throw std::runtime_error("second");
  });
  auto appears = pokemons.group_event(appeared("pikachu", "Pikachu", 42));
  auto ash = trainers.group_event(created("ash", "Ash"));

  SUBCASE("before the others") {
    CHECK_THROWS_WITH_AS(
        push_event_group(std::vector<GroupedEventRef>{std::ref(appears), std::ref(ash)}),
        "not today", std::runtime_error);
  }
  SUBCASE("behind the others") {
    CHECK_THROWS_WITH_AS(
        push_event_group(std::vector<GroupedEventRef>{std::ref(ash), std::ref(appears)}),
        "not today", std::runtime_error);
  }
  REQUIRE(told_of_pokemons.size() == 1);
  CHECK_FALSE(told_of_pokemons[0].next_aggregate);
  REQUIRE(told_of_trainers.size() == 1);
  CHECK(told_of_trainers[0].next_aggregate.value().name == "Ash");
  CHECK(appears.result().event.timestamp == day_1);
  CHECK_FALSE(appears.result().next_aggregate);
  CHECK(ash.result().next_aggregate);
  CHECK(pokemons.get_events("pikachu").size() == 1);
  CHECK(trainers.get_aggregate("ash"));
}

// --- The adapter ------------------------------------------------------------------------------

TEST_CASE("a store without an adapter says so wherever it needs one") {
  const auto store = make_pokemons();
  const auto error = thrown<UndefinedEventStorageAdapterError>(
      [&] { static_cast<void>(store.get_events("pikachu")); });
  REQUIRE(error);
  CHECK(error->event_store_id() == "POKEMONS");
  CHECK(std::string_view(error->what()) ==
        "EventStorageAdapter not found for event store POKEMONS");

  constexpr std::string_view undefined = "UndefinedEventStorageAdapter";
  CHECK(code_of([&] { static_cast<void>(store.event_storage_adapter()); }) == undefined);
  CHECK(code_of([&] { static_cast<void>(store.get_aggregate("x")); }) == undefined);
  CHECK(code_of([&] { static_cast<void>(store.get_existing_aggregate("x")); }) == undefined);
  CHECK(code_of([&] { store.push_event(leveled_up("x", 1)); }) == undefined);
  CHECK(code_of([&] { static_cast<void>(store.group_event(leveled_up("x", 1))); }) == undefined);
  CHECK(code_of([&] { static_cast<void>(store.list_aggregate_ids()); }) == undefined);
  CHECK(store.event_types().size() == 3);
}

TEST_CASE("an adapter is given later or exchanged or taken away") {
  auto store = make_pokemons();
  store.set_event_storage_adapter(make_adapter());
  store.push_event(appeared("pikachu", "Pikachu", 42));
  CHECK(store.get_aggregate("pikachu"));
  store.set_event_storage_adapter(make_adapter());
  CHECK_FALSE(store.get_aggregate("pikachu"));
  store.set_event_storage_adapter(nullptr);
  CHECK(code_of([&] { static_cast<void>(store.get_aggregate("pikachu")); }) ==
        "UndefinedEventStorageAdapter");
}

TEST_CASE("a copy of a store works on after the original is gone") {
  std::optional<Pokemons> copy;
  {
    const auto store = make_store();
    copy = store;
  }
  CHECK(copy->get_existing_aggregate("pikachu").level == 43);
}

}  // namespace
}  // namespace castore::testing
