#include <string>
#include <type_traits>
#include <utility>

#include "commands.hpp"
#include "driver_impl.hpp"

namespace conformance {
namespace {

/// Pushes what a rival does at that very place.
class Rival {
 public:
  explicit Rival(const DomainStores& stores) : stores_(stores) {}

  void push(const std::string& store, const std::string& id, castore::Version version,
            castore::Timestamp timestamp) const {
    if (store == "POKEMONS") return push_pokemon(id, version, timestamp);
    if (store == "TRAINERS") return push_trainer(id, version, timestamp);
    push_counter(id, version, timestamp);
  }

 private:
  template <class P>
  static castore::NewEvent<P> event(const std::string& id, castore::Version version,
                                    castore::Timestamp timestamp, P payload) {
    return {id, version, timestamp, std::move(payload), {}};
  }

  void push_pokemon(const std::string& id, castore::Version version,
                    castore::Timestamp timestamp) const {
    if (version == 1) {
      stores_.pokemons.push_event(event(id, version, timestamp, appeared("Rival", 1)));
    } else {
      stores_.pokemons.push_event(event(id, version, timestamp, LevelledUp{}));
    }
  }
  void push_trainer(const std::string& id, castore::Version version,
                    castore::Timestamp timestamp) const {
    if (version == 1) {
      stores_.trainers.push_event(event(id, version, timestamp, GameStarted{"Rival"}));
    } else {
      stores_.trainers.push_event(event(id, version, timestamp, PokemonCaught{"rival"}));
    }
  }
  void push_counter(const std::string& id, castore::Version version,
                    castore::Timestamp timestamp) const {
    if (version == 1) {
      CounterCreated payload;
      payload.json = json{{"startCount", 100}};
      stores_.counters.push_event(event(id, version, timestamp, std::move(payload)));
    } else {
      CounterIncremented payload;
      payload.json = json{{"by", 10}};
      stores_.counters.push_event(event(id, version, timestamp, std::move(payload)));
    }
  }

  const DomainStores& stores_;
};

/// The command of that id; nothing where it has no output.
json run(const std::string& id, const DomainStores& stores, const Input& input,
         const BeforePush& before_push, castore::CommandOptions options) {
  const auto with = [&](const auto& command) -> json {
    using Output = typename std::remove_cvref_t<decltype(command)>::Output;
    if constexpr (std::is_void_v<Output>) {
      command(input, before_push);
      return nullptr;
    } else {
      return command(input, before_push);
    }
  };
  if (id == "START_POKEMON_GAME") {
    return with(make_start_pokemon_game(stores.trainers, std::move(options)));
  }
  if (id == "WILD_POKEMON_APPEAR") {
    return with(make_wild_pokemon_appear(stores.pokemons, std::move(options)));
  }
  if (id == "CATCH_POKEMON") {
    return with(make_catch_pokemon(stores.pokemons, stores.trainers, std::move(options)));
  }
  if (id == "LEVEL_UP_POKEMON") {
    return with(make_level_up_pokemon(stores.pokemons, std::move(options)));
  }
  if (id == "INCREMENT_COUNTER") {
    return with(make_increment_counter(stores.counters, std::move(options)));
  }
  throw std::invalid_argument("there is no command " + id);
}

}  // namespace

json Driver::Impl::run_command(const json& args) {
  std::int64_t attempts = 0;
  std::int64_t interferences = integer(args, "interfere").value_or(0);
  const Rival rival(stores);
  const BeforePush before_push = [&](const std::string& store, const std::string& id,
                                     castore::Version version, castore::Timestamp timestamp) {
    ++attempts;
    if (interferences-- > 0) rival.push(store, id, version, timestamp);
  };
  json conflicts = json::array();
  castore::CommandOptions options{
      .on_event_already_exists = [&](const castore::EventAlreadyExistsError& error,
                                     const castore::CommandAttempt& attempt) {
        conflicts.push_back({{"eventStoreId", error.event_store_id()},
                             {"aggregateId", error.aggregate_id()},
                             {"version", error.version()},
                             {"attemptNumber", attempt.attempt_number},
                             {"retriesLeft", attempt.retries_left}});
      }};
  if (const auto retries = integer(args, "retries")) {
    options.event_already_exists_retries = static_cast<int>(*retries);
  }
  json answer = {{"status", "ok"}};
  try {
    json output = run(args.at("command").get<std::string>(), stores, Input{args.at("input")},
                      before_push, std::move(options));
    if (!output.is_null()) answer["output"] = std::move(output);
  } catch (...) {
    json error = current_exception_answer().at("error");
    if (error.at("kind") == "EventAlreadyExists") error.erase("message");  // the fields say it all
    answer = {{"status", "rejected"}, {"error", std::move(error)}};
  }
  answer["attempts"] = attempts;
  answer["conflicts"] = std::move(conflicts);
  return answer;
}

}  // namespace conformance
