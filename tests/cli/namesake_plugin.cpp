/// \file
/// One of two plugins whose types have the same names, and nothing else in common: of accounts, or,
/// with CASTORE_TEST_TICKETS, of tickets.

#include <castore/castore.hpp>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Of JSON that has a member of that name.
struct Schema final : castore::JsonSchema {
  explicit Schema(std::string_view member) : member_(member) {}
  [[nodiscard]] std::vector<castore::SchemaViolation> validate(
      std::string_view json) const override {
    if (json.find('"' + member_ + '"') != std::string_view::npos) return {};
    return {{"", "has no " + member_}};
  }

 private:
  std::string member_;
};

struct Schemas final : castore::JsonSchemaCompiler {
  [[nodiscard]] std::shared_ptr<const castore::JsonSchema> compile(
      std::string_view member) override {
    return std::make_shared<Schema>(member);
  }
};

#ifdef CASTORE_TEST_TICKETS

struct Note {
  std::string text;
  static constexpr auto fields = castore::fields("text", &Note::text);
};

struct Opened {
  static constexpr std::string_view type = "TICKET_OPENED";
  static std::string_view payload_schema() { return "title"; }
  std::string title;
  std::vector<Note> notes;
  int level = 1;
  static constexpr auto fields = castore::fields("title", &Opened::title, "notes", &Opened::notes,
                                                 castore::or_default("level"), &Opened::level);
};

struct Closed {
  static constexpr char type[] = "TICKET_CLOSED";
};

struct Owner {
  std::string team;
};

struct State {
  std::string aggregate_id;
  castore::Version version = 0;
  std::vector<Note> notes;
  std::string title;
  bool closed = false;
  static constexpr auto fields =
      castore::fields("aggregate_id", &State::aggregate_id, "version", &State::version, "notes",
                      &State::notes, "title", &State::title, "closed", &State::closed);
};

struct Open {
  std::string id;
  std::string title;
  static constexpr auto fields = castore::fields("id", &Open::id, "title", &Open::title);
};

struct Answer {
  std::string title;
  std::size_t notes = 0;
  static constexpr auto fields = castore::fields("title", &Answer::title, "notes", &Answer::notes);
};

inline Opened opened(const Open& input) { return {input.title, {{"new"}, {"urgent"}}, 3}; }
inline Answer answer(const State& state) { return {state.title, state.notes.size()}; }
inline State reduced(State state, const Opened& opened) {
  state.title = opened.title;
  state.notes = opened.notes;
  return state;
}

constexpr auto store_id = "TICKETS";
constexpr auto command_id = "OPEN_TICKET";
constexpr auto refusal = "there is no such ticket";

#else

struct Note {
  double rate = 0;
  std::optional<std::string> currency;
  static constexpr auto fields = castore::fields("rate", &Note::rate, "currency", &Note::currency);
};

struct Opened {
  static constexpr std::string_view type = "ACCOUNT_OPENED";
  static std::string_view payload_schema() { return "balance"; }
  int balance = 0;
  std::map<std::string, Note> notes;
  static constexpr auto fields =
      castore::fields("balance", &Opened::balance, "notes", &Opened::notes);
};

struct Closed {
  static constexpr char type[] = "ACCOUNT_CLOSED";
};

struct Owner {
  int number = 0;
};

struct State {
  std::string aggregate_id;
  castore::Version version = 0;
  bool closed = false;
  int balance = 0;
  static constexpr auto fields =
      castore::fields("closed", &State::closed, "balance", &State::balance, "aggregate_id",
                      &State::aggregate_id, "version", &State::version);
};

struct Open {
  int balance = 0;
  std::string id;
  static constexpr auto fields = castore::fields("balance", &Open::balance, "id", &Open::id);
};

struct Answer {
  int balance = 0;
  static constexpr auto fields = castore::fields("balance", &Answer::balance);
};

inline Opened opened(const Open& input) {
  return {input.balance, {{"interest", {0.5, std::nullopt}}}};
}
inline Answer answer(const State& state) { return {state.balance}; }
inline State reduced(State state, const Opened& opened) {
  state.balance += opened.balance;
  return state;
}

constexpr auto store_id = "ACCOUNTS";
constexpr auto command_id = "OPEN_ACCOUNT";
constexpr auto refusal = "there is no such account";

#endif

/// A list of fields for a struct that one cannot change.
template <>
struct castore::FieldsOf<Owner> {
#ifdef CASTORE_TEST_TICKETS
  static constexpr auto value = castore::fields("team", &Owner::team);
#else
  static constexpr auto value = castore::fields("number", &Owner::number);
#endif
};

struct Changed {
  static constexpr std::string_view type = "OWNER_CHANGED";
  using Metadata = Owner;
  Owner owner;
  static constexpr auto fields = castore::fields("owner", &Changed::owner);
};

/// Of one name as well, and caught by it in the program.
struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Reducer {
  State operator()(State state, const castore::Event<Opened>& event) const {
    return reduced(std::move(state), event.payload);
  }
  State operator()(State state, const castore::Event<Closed>&) const {
    state.closed = true;
    return state;
  }
  State operator()(State state, const castore::Event<Changed>&) const { return state; }
};

using Store = castore::EventStore<State, Opened, Closed, Changed>;

extern "C" void castore_register(castore::Registry& registry) {
  Store store(store_id, Reducer{}, nullptr, {.schema_compiler = std::make_shared<Schemas>()});
  registry.add(store);
  registry.add(
      castore::Command(command_id, castore::event_stores(store),
                       [](const Open& input, const castore::EventStores<Store>& stores) {
                         const Store& opening = std::get<0>(stores);
                         if (input.id.empty()) throw Refused(refusal);
                         opening.push_event(castore::NewEvent<Opened>{
                             .aggregate_id = input.id, .version = 1, .payload = opened(input)});
                         return answer(opening.get_existing_aggregate(input.id));
                       }));
  // messages of these types, too
  castore::StateCarryingMessageBus<Store> bus("BUS", store);
  const auto adapter = castore::InMemoryMessageBusAdapter::attach_to(bus);
  adapter->on<Opened>(bus, store, [](const auto&) {});
  const castore::ConnectedEventStore connected(store, bus);
}
