#include <castore/testing/scenario.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <variant>

#include "support/errors.hpp"
#include "support/events.hpp"

namespace castore::testing {
namespace {

struct Opened {
  static constexpr std::string_view type = "OPENED";
  int balance = 0;
  static constexpr auto fields = castore::fields("balance", &Opened::balance);
};

struct Noted {
  static constexpr std::string_view type = "NOTED";
  using Metadata = RawJson;
  RawJson note;
  static constexpr auto fields = castore::fields("note", &Noted::note);
};

struct Account {
  std::string aggregate_id;
  Version version = 0;
  int balance = 0;
};

struct Reduce {
  Account operator()(Account account, const Event<Opened>& event) const {
    account.balance = event.payload.balance;
    return account;
  }
  Account operator()(Account account, const Event<Noted>&) const { return account; }
  Account operator()(Account account, const Event<OtherPayload>&) const { return account; }
};

using Accounts = EventStore<Account, Opened, Noted, OtherPayload>;
using Stores = EventStores<Accounts>;

const Timestamp day_1 = at("2022-01-01T00:00:00.000Z");
const Timestamp day_2 = at("2022-01-02T00:00:00.000Z");

NewEvent<Opened> opened(std::string id, int balance, std::optional<Timestamp> at = std::nullopt) {
  return {.aggregate_id = std::move(id), .version = 1, .timestamp = at, .payload = {balance}};
}

NewEvent<Noted> noted(std::string id, Version version, std::string note) {
  return {.aggregate_id = std::move(id), .version = version, .payload = {{std::move(note)}}};
}

/// What a scenario says that does not come out as said; empty: it does.
std::string failure_of(auto&& action) {
  const auto failure = thrown<ScenarioFailure>(action);
  return failure ? failure->what() : "";
}

bool fails(auto&& action) { return !failure_of(action).empty(); }

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// A command that does that to the accounts, whatever its input.
template <class Do>
auto command(const Accounts& accounts, Do action, CommandOptions options = {}) {
  return Command(
      "A_LONG_COMMAND_ID_THAT_IS_ON_THE_HEAP", event_stores(accounts),
      [action](int, const Stores& stores) { return action(std::get<0>(stores)); },
      std::move(options));
}

struct Bank {
  Accounts accounts{"ACCOUNTS", Reduce{}};

  /// Whether a command that answers `actual` passes where `expected` is expected of it.
  template <class Actual, class Expected>
  bool passes(const Actual& actual, const Expected& expected) const {
    const auto answer = command(accounts, [&actual](const Accounts&) { return actual; });
    return !fails([&] { Scenario(answer).when(1).then_output(expected); });
  }

  /// Whether it passes that `pushed` was pushed where `expected` is expected.
  template <class Pushed, class Expected>
  bool passes_pushed(const Pushed& pushed, const Expected& expected) const {
    const auto push = command(accounts, [&](const Accounts& store) { store.push_event(pushed); });
    return !fails([&] { Scenario(push).when(1).then_pushed(events_of(accounts, expected)); });
  }
};

// --- Events -----------------------------------------------------------------------------------

TEST_CASE_FIXTURE(Bank, "a scenario shows a stored event that the command has overwritten") {
  const auto steal = command(accounts, [](const Accounts& store) {
    store.push_event(opened("a", 0, day_2), {.force = true});
  });
  const auto outcome = Scenario(steal).given(accounts, opened("a", 100, day_1)).when(1);
  const std::string shown =
      "A_LONG_COMMAND_ID_THAT_IS_ON_THE_HEAP changed events that were stored before (- as they "
      "were, + as they are):\n"
      "  ACCOUNTS\n"
      "    - a 1 OPENED at 2022-01-01T00:00:00.000Z payload {\"balance\":100}\n"
      "    + a 1 OPENED at 2022-01-02T00:00:00.000Z payload {\"balance\":0}\n";
  CHECK(failure_of([&] { outcome.then_nothing_pushed(); }) == shown);
  CHECK(failure_of([&] { outcome.then_pushed(); }) == shown);
  CHECK(failure_of([&] { outcome.then_pushed(events_of(accounts, opened("a", 0))); }) == shown);
}

TEST_CASE_FIXTURE(Bank, "a stored event of another time or without its metadata is overwritten") {
  auto note = noted("a", 1, "1");
  note.timestamp = day_1;
  note.metadata = RawJson{"null"};
  auto written = note;
  const auto overwrite =
      command(accounts, [&](const Accounts& store) { store.push_event(written, {.force = true}); });
  Scenario scenario(overwrite);
  scenario.given(accounts, note);
  scenario.when(1).then_nothing_pushed();  // as it was

  SUBCASE("of another time") { written.timestamp = day_1 + std::chrono::microseconds{1}; }
  SUBCASE("without its metadata") { written.metadata.reset(); }
  SUBCASE("with the same value in another spelling") { written.payload.note.text = "1 "; }
  CHECK(fails([&] { scenario.when(1).then_nothing_pushed(); }));
}

TEST_CASE_FIXTURE(Bank, "a scenario sees events of event stores that nobody has named") {
  const auto push_to = [&](const std::string& id) {
    return command(accounts, [id](const Accounts& store) {
      push(store.event_storage_adapter(), id, new_event("x", 1));
    });
  };
  const auto audit = Scenario(push_to("AUDIT")).when(1);
  CHECK(has(failure_of([&] { audit.then_nothing_pushed(); }),
            "  AUDIT\n    + x 1 SOMETHING_HAPPENED\n"));
  CHECK(fails([&] { audit.then_pushed(); }));
  const Accounts others("AUDIT", Reduce{});
  CHECK(has(failure_of([&] { audit.then_pushed(events_of(others)); }),
            "does not require the event store AUDIT"));
  CHECK(fails([&] { Scenario(push_to("ACCOUNTS")).when(1).then_pushed(); }));
}

TEST_CASE_FIXTURE(Bank, "a scenario tells one event from two and their order") {
  const auto push = command(accounts, [](const Accounts& store) {
    store.push_event(opened("b", 1));
    store.push_event(opened("a", 1));
  });
  const auto outcome = Scenario(push).when(1);
  outcome.then_pushed(events_of(accounts, opened("b", 1)), events_of(accounts, opened("a", 1)));
  CHECK(fails([&] { outcome.then_pushed(events_of(accounts, opened("b", 1))); }));
  CHECK(fails([&] { outcome.then_pushed(events_of(accounts, opened("a", 1), opened("b", 1))); }));
  CHECK(fails([&] {
    outcome.then_pushed(events_of(accounts, opened("b", 1), opened("a", 1), opened("c", 1)));
  }));
}

TEST_CASE_FIXTURE(Bank, "what an attempt has pushed before it lost is seen") {
  const auto push = command(accounts, [attempt = std::make_shared<int>()](const Accounts& store) {
    if (++*attempt > 1) return;
    store.push_event(opened("b", 1));
    store.push_event(opened("a", 1));  // loses
  });
  const auto outcome = Scenario(push).given(accounts, opened("a", 1)).when(1);
  CHECK(fails([&] { outcome.then_nothing_pushed(); }));
  outcome.then_pushed(events_of(accounts, opened("b", 1)));
}

TEST_CASE_FIXTURE(Bank, "numbers of payloads are compared by their digits") {
  const auto passes = [&](std::string pushed, std::string expected) {
    return passes_pushed(noted("a", 1, std::move(pushed)), noted("a", 1, std::move(expected)));
  };
  CHECK(passes("18446744073709551615", "18446744073709551615"));
  CHECK_FALSE(passes("18446744073709551615", "-1"));
  CHECK_FALSE(passes("18446744073709551615", "18446744073709551616"));
  CHECK_FALSE(passes("9007199254740993", "9007199254740992.0"));
  CHECK_FALSE(passes("1", "1.0"));
  CHECK_FALSE(passes("100", "1e2"));
  CHECK_FALSE(passes("0", "-0"));
  CHECK_FALSE(passes("1e400", "1e500"));
  CHECK_FALSE(passes("0.1", "0.10000000000000000001"));
}

TEST_CASE_FIXTURE(Bank, "members of payloads are compared in any order and strings by meaning") {
  const auto passes = [&](std::string pushed, std::string expected) {
    return passes_pushed(noted("a", 1, std::move(pushed)), noted("a", 1, std::move(expected)));
  };
  CHECK(passes(R"({"a":1,"b":[true,{"c":null}]})", R"( { "b" : [ true, {"c":null} ], "a":1 } )"));
  CHECK(passes(R"({"\u0061":"\u00e9\/\ud83d\ude00"})", R"({"a":"é/😀"})"));
  CHECK_FALSE(passes(R"({"a":"1"})", R"({"a":1})"));
  CHECK_FALSE(passes(R"({"a":"b\u0000"})", R"({"a":"b"})"));
  CHECK_FALSE(passes("[1,2]", "[2,1]"));
  CHECK_FALSE(passes("[]", "{}"));
  CHECK_FALSE(passes("[[],1]", "[[1]]"));

  CHECK_FALSE(passes(R"({"a":null})", "{}"));
  CHECK_FALSE(passes(R"({"a":1,"a":1})", R"({"a":1})"));
  CHECK_FALSE(passes(R"({"a":1,"a":2})", R"({"a":2,"a":1})"));
  CHECK(passes(R"({"a":1,"b":0,"a":2})", R"({"b":0,"a":1,"\u0061":2})"));

  CHECK_THROWS_AS(passes("1", "1 x"), InvalidEventError);
  CHECK_THROWS_AS(passes("null", ""), InvalidEventError);
}

TEST_CASE_FIXTURE(Bank, "payloads are compared as deep as they may nest") {
  const auto nested = [](const std::string& inside) {
    constexpr int depth = max_json_depth - 1;  // and the payload itself
    std::string text;
    for (int i = 0; i < depth; ++i) text += "[";
    text += inside;
    for (int i = 0; i < depth; ++i) text += "]";
    return noted("a", 1, text);
  };
  CHECK(passes_pushed(nested("1"), nested(" 1 ")));
  CHECK_FALSE(passes_pushed(nested("1"), nested("2")));
  auto far_deeper = noted("a", 1, std::string(1'000'000, '['));
  CHECK_THROWS_AS(passes_pushed(nested("1"), far_deeper), InvalidEventError);
}

TEST_CASE_FIXTURE(Bank, "no metadata and no payload are not null") {
  const auto none = noted("a", 1, "1");
  auto null = none;
  null.metadata = RawJson{"null"};
  CHECK(passes_pushed(null, null));
  CHECK_FALSE(passes_pushed(none, null));
  CHECK_FALSE(passes_pushed(null, none));

  const auto other = [](std::string type, std::optional<std::string> json) {
    return NewEvent<OtherPayload>{
        .aggregate_id = "a", .version = 1, .payload = {std::move(type), std::move(json)}};
  };
  CHECK(passes_pushed(other("OTHER", "[1, 2]"), other("OTHER", "[1,2]")));
  CHECK_FALSE(passes_pushed(other("OTHER", "[1,2]"), other("ANOTHER", "[1,2]")));
  CHECK_FALSE(passes_pushed(other("OTHER", "null"), other("OTHER", std::nullopt)));
}

TEST_CASE("a scenario refuses a command whose event stores have one id") {
  const Accounts live("ACCOUNTS", Reduce{});
  const Accounts archive("ACCOUNTS", Reduce{});
  const Command move("MOVE", event_stores(live, archive),
                     [](int, const EventStores<Accounts, Accounts>&) {});
  CHECK(failure_of([&] { Scenario{move}; }) ==
        "MOVE requires two event stores with the id ACCOUNTS, which a scenario cannot tell apart");
}

TEST_CASE_FIXTURE(Bank, "an event that is overwritten with itself is pushed at another time") {
  const auto repeat = command(
      accounts, [](const Accounts& store) { store.push_event(opened("a", 100), {.force = true}); });
  for (int i = 0; i < 100; ++i) {
    const auto outcome = Scenario(repeat).given(accounts, opened("a", 100)).when(1);
    CHECK(fails([&] { outcome.then_nothing_pushed(); }));
  }
}

// --- Errors -----------------------------------------------------------------------------------

struct Rejected : std::runtime_error {
  using std::runtime_error::runtime_error;
  [[nodiscard]] bool is_final() const noexcept { return false; }
};

auto reject(const Accounts& accounts) {
  return command(accounts, [](const Accounts&) { throw Rejected("no"); });
}

TEST_CASE_FIXTURE(Bank,
                  "nothing pushed by a command that has failed is a failure unless expected") {
  const auto outcome = Scenario(reject(accounts)).when(1);
  const std::string shown =
      "A_LONG_COMMAND_ID_THAT_IS_ON_THE_HEAP threw: no; if that is expected, say so first: "
      "then_error<E>(), and then what it pushed";
  CHECK(failure_of([&] { outcome.then_nothing_pushed(); }) == shown);
  SUBCASE("which another error is not") {
    CHECK(fails([&] { outcome.then_error<std::logic_error>(); }));
    CHECK(fails([&] { outcome.then_error(ErrorCode::storage); }));
    CHECK(fails([&] { outcome.then_error<Rejected>([](const auto&) { return false; }); }));
    CHECK(failure_of([&] { outcome.then_nothing_pushed(); }) == shown);
  }
  outcome.then_error<Rejected>();
  outcome.then_nothing_pushed();
  outcome.then_pushed();
}

TEST_CASE_FIXTURE(Bank, "a command that has failed by its code may have pushed nothing") {
  const auto read = command(accounts, [](const Accounts& store) {
    static_cast<void>(store.get_existing_aggregate("a"));
  });
  Scenario(read).when(1).then_error(ErrorCode::aggregate_not_found).then_nothing_pushed();
}

TEST_CASE_FIXTURE(Bank, "what a command has pushed before it failed is seen") {
  const auto half = command(accounts, [](const Accounts& store) {
    store.push_event(opened("a", 1));
    throw Rejected("no");
  });
  CHECK(fails([&] { Scenario(half).when(1).then_error<Rejected>().then_nothing_pushed(); }));
}

TEST_CASE_FIXTURE(Bank, "the answer of an error's check is heeded") {
  const auto outcome = Scenario(reject(accounts)).when(1);
  CHECK(failure_of([&] {
          outcome.then_error<Rejected>([](const auto& e) { return e.what() == std::string("x"); });
        }) ==
        "A_LONG_COMMAND_ID_THAT_IS_ON_THE_HEAP threw an error of the expected type, but its check "
        "answers false: no");
  CHECK(fails([&] { outcome.then_error<Rejected>(&Rejected::is_final); }));
  outcome.then_error<Rejected>(
      [](const std::exception& e) { return e.what() == std::string("no"); });
  bool called = false;
  outcome.then_error<Rejected>([&](const Rejected&) { called = true; });
  CHECK(called);
}

TEST_CASE_FIXTURE(Bank, "an error's check that is null is a failure") {
  const auto outcome = Scenario(reject(accounts)).when(1);
  void (*const pointer)(const Rejected&) = nullptr;
  const std::string shown =
      "A_LONG_COMMAND_ID_THAT_IS_ON_THE_HEAP is to be checked by a check that is null";
  CHECK(failure_of([&] { outcome.then_error<Rejected>(pointer); }) == shown);
  CHECK(failure_of([&] { outcome.then_error<Rejected>(std::function<bool(const Rejected&)>()); }) ==
        shown);
}

TEST_CASE_FIXTURE(Bank, "a failure of a scenario inside a command is no error of the command") {
  const auto inner = reject(accounts);
  const auto outer =
      command(accounts, [&](const Accounts&) { Scenario(inner).when(1).then_nothing_pushed(); });
  const auto outcome = Scenario(outer).when(1);
  CHECK(has(failure_of([&] { outcome.then_error<std::exception>(); }), "threw: no"));
  CHECK(has(failure_of([&] { outcome.then_error<ScenarioFailure>(); }), "threw: no"));
  CHECK(fails([&] { outcome.then_error(ErrorCode::storage); }));
  CHECK(fails([&] { outcome.then_nothing_pushed(); }));
  CHECK(fails([&] { outcome.then_pushed(); }));
}

TEST_CASE_FIXTURE(Bank, "what a command could not read cannot be given to it") {
  const auto read =
      command(accounts, [](const Accounts& store) { static_cast<void>(store.get_aggregate("a")); });
  const NewEvent<OtherPayload> damaged{
      .aggregate_id = "a", .version = 1, .payload = {"OPENED", R"({"balance":"much"})"}};
  CHECK(has(failure_of([&] { Scenario(read).given(accounts, damaged); }),
            "was given an event that it cannot read: "));
}

TEST_CASE_FIXTURE(Bank, "what cannot be stored cannot be given") {
  const auto read = reject(accounts);
  Scenario scenario(read);
  scenario.given(accounts, opened("a", 1));
  CHECK(code_of([&] { scenario.given(accounts, opened("a", 1)); }) == "EventAlreadyExists");
  CHECK(code_of([&] { scenario.given(accounts, opened("", 1)); }) == "InvalidEvent");
}

// --- Output -----------------------------------------------------------------------------------

constexpr auto highest = std::numeric_limits<std::uint64_t>::max();

TEST_CASE_FIXTURE(Bank, "integers of an output are compared by value") {
  CHECK(passes(highest, highest));
  CHECK_FALSE(passes(highest, -1));
  CHECK_FALSE(passes(-1, highest));
  CHECK_FALSE(passes(std::uint8_t{255}, std::int8_t{-1}));
  CHECK(passes(std::uint64_t{43}, 43));
  const auto answer = command(accounts, [](const Accounts&) { return highest; });
  CHECK(has(failure_of([&] { Scenario(answer).when(1).then_output(-1); }),
            "\n    - -1\n    + 18446744073709551615"));
}

TEST_CASE_FIXTURE(Bank, "integers of an output are compared with floating numbers exactly") {
  constexpr std::int64_t odd = (std::int64_t{1} << 53) + 1;
  CHECK_FALSE(passes(odd, 9007199254740992.0));
  CHECK_FALSE(passes(9007199254740992.0, odd));
  CHECK(passes(odd - 1, 9007199254740992.0));
  CHECK_FALSE(passes(highest, 18446744073709551616.0));
  CHECK_FALSE(passes(std::numeric_limits<std::int64_t>::max(), 9223372036854775808.0F));
  CHECK(passes(std::numeric_limits<std::int64_t>::min(), -9223372036854775808.0));
  CHECK_FALSE(passes(highest, -1.0));
  CHECK_FALSE(passes(1, 1.5));
  CHECK_FALSE(passes(1.5, 1));
  CHECK(passes(-2.0, -2));
  CHECK_FALSE(passes(0, std::numeric_limits<double>::quiet_NaN()));
  CHECK_FALSE(passes(0, std::numeric_limits<double>::infinity()));
  CHECK_FALSE(passes(0.1F, 0.1));
}

TEST_CASE_FIXTURE(Bank, "an output that is optional is compared by what it holds") {
  const std::optional<std::uint64_t> some = highest;
  CHECK(passes(some, highest));
  CHECK_FALSE(passes(some, -1));
  CHECK_FALSE(passes(some, std::optional<int>(-1)));
  CHECK_FALSE(passes(some, std::optional<int>()));
  CHECK_FALSE(passes(some, std::nullopt));
  CHECK_FALSE(passes(highest, std::optional<int>(-1)));
  CHECK_FALSE(passes(0, std::optional<int>()));
  const std::optional<std::uint64_t> none;
  CHECK(passes(none, std::nullopt));
  CHECK(passes(none, std::optional<int>()));
  CHECK_FALSE(passes(none, 0));
  CHECK(passes(std::optional<bool>(false), false));
  CHECK_FALSE(passes(std::optional<bool>(), false));
}

TEST_CASE_FIXTURE(Bank, "an output of several parts is compared part by part") {
  CHECK_FALSE(passes(std::make_tuple(1, highest), std::make_tuple(1, -1)));
  CHECK_FALSE(passes(std::make_pair(1, highest), std::make_pair(1, -1)));
  CHECK(passes(std::make_pair(1, std::string("a")), std::make_pair(1U, "a")));
  using Either = std::variant<std::uint64_t, std::string>;
  CHECK(passes(Either(highest), Either(highest)));
  CHECK_FALSE(passes(Either(highest), Either("a")));
}

TEST_CASE_FIXTURE(Bank, "a bool a character and an enumeration are compared with their own type") {
  enum class Colour { red, green };
  CHECK(passes(true, true));
  CHECK_FALSE(passes(true, false));
  CHECK_FALSE(passes('a', 'b'));
  CHECK_FALSE(passes(Colour::red, Colour::green));
}

TEST_CASE_FIXTURE(Bank, "text of an output is compared beyond a NUL") {
  CHECK(passes(std::string("a"), "a"));
  CHECK_FALSE(passes(std::string("a"), "a\0b"));
  CHECK(passes(std::string("a\0b", 3), "a\0b"));
  CHECK_FALSE(passes(std::optional<std::string>("a"), "a\0b"));
}

TEST_CASE_FIXTURE(Bank, "JSON of an output is compared exactly") {
  using nlohmann::json;
  CHECK(passes(json{{"a", highest}}, json{{"a", highest}}));
  CHECK_FALSE(passes(json{{"a", highest}}, json{{"a", -1}}));
  CHECK_FALSE(passes(json(highest), -1));
  CHECK_FALSE(passes(highest, json(-1)));
  CHECK_FALSE(passes(json(1), json(1.0)));
  CHECK(passes(json(43U), 43));
}

// --- Lives ------------------------------------------------------------------------------------

TEST_CASE_FIXTURE(Bank, "a scenario keeps a temporary command") {
  const auto make = [&] {
    return command(accounts, [](const Accounts& store) { store.push_event(opened("b", 1)); });
  };
  const auto make_const = [&]() -> const decltype(make()) { return make(); };
  const auto passes = [&](auto scenario) {
    scenario.given(accounts, opened("a", 1));
    scenario.when(1).then_pushed(events_of(accounts, opened("b", 1)));
  };
  auto kept = Scenario(make()).given(accounts, opened("c", 1));
  passes(kept);
  passes(Scenario(make_const()));
  auto moved = make();
  passes(Scenario(std::move(moved)));
}

TEST_CASE_FIXTURE(Bank, "a scenario borrows a command that is there") {
  struct Counted {
    explicit Counted(int* count) : copies(count) {}
    Counted(const Counted& other) : copies(other.copies) { ++*copies; }
    Counted& operator=(const Counted&) = delete;
    ~Counted() = default;
    void operator()(int, const Stores&) const {}
    int* copies;
  };
  int copies = 0;
  const Command counted("COUNTED", event_stores(accounts), Counted(&copies));
  copies = 0;
  Scenario scenario(counted);
  scenario.when(1).then_nothing_pushed();
  CHECK(copies == 0);
}

TEST_CASE_FIXTURE(Bank, "an outcome keeps what its output refers to") {
  const auto outcome = Scenario(command(accounts,
                                        [id = std::string("an id that is on the heap, too")](
                                            const Accounts&) -> std::string_view { return id; }))
                           .when(1);
  outcome.then_output("an id that is on the heap, too");

  const Accounts elsewhere("AN_EVENT_STORE_ID_ON_THE_HEAP", Reduce{});
  const auto name = command(
      elsewhere, [](const Accounts& store) -> std::string_view { return store.event_store_id(); });
  const auto named = Scenario(name).when(1);
  named.then_output("AN_EVENT_STORE_ID_ON_THE_HEAP");
}

TEST_CASE_FIXTURE(Bank, "what a scenario answers may be bound to a reference") {
  const auto push = command(accounts, [](const Accounts& store) {
    store.push_event(opened("b", 1));
    return 1;
  });
  auto&& scenario = Scenario(push).given(accounts, opened("a", 1));
  const auto& outcome = scenario.when(1).then_output(1);
  outcome.then_pushed(events_of(accounts, opened("b", 1)));
  CHECK(fails([&] { outcome.then_nothing_pushed(); }));
}

TEST_CASE_FIXTURE(Bank, "an outcome that was moved from is the outcome still") {
  const auto push =
      command(accounts, [](const Accounts& store) { store.push_event(opened("a", 1)); });
  auto outcome = Scenario(push).when(1);
  const auto moved = std::move(outcome);                 // NOLINT(performance-move-const-arg)
  CHECK(fails([&] { outcome.then_nothing_pushed(); }));  // NOLINT(bugprone-use-after-move)
  CHECK(fails([&] { moved.then_nothing_pushed(); }));

  auto failed = Scenario(reject(accounts)).when(1);
  const auto moved_failed = std::move(failed);          // NOLINT(performance-move-const-arg)
  CHECK(fails([&] { failed.then_nothing_pushed(); }));  // NOLINT(bugprone-use-after-move)
  CHECK(fails([&] { moved_failed.then_pushed(); }));
}

TEST_CASE_FIXTURE(Bank, "copies of a scenario go on by themselves") {
  const auto open = command(accounts, [](const Accounts& store) {
    if (!store.get_aggregate("a")) store.push_event(opened("a", 1));
  });
  Scenario scenario(open);
  auto copy = scenario;
  scenario.when(1).then_pushed(events_of(accounts, opened("a", 1)));
  scenario.when(1).then_nothing_pushed();
  auto late_copy = scenario;
  late_copy.when(1).then_nothing_pushed();
  copy.when(1).then_pushed(events_of(accounts, opened("a", 1)));
  copy = scenario;
  copy.when(1).then_nothing_pushed();
}

TEST_CASE_FIXTURE(Bank, "events given after a run are not the run's") {
  const auto nothing = command(accounts, [](const Accounts&) {});
  Scenario scenario(nothing);
  const auto outcome = scenario.when(1);
  scenario.given(accounts, opened("a", 1));
  outcome.then_nothing_pushed();
  scenario.when(1).then_nothing_pushed();
}

TEST_CASE_FIXTURE(Bank, "what a thread pushes after the handler is its outcome's") {
  std::atomic<bool> go = false;
  std::thread thread;
  const auto later = command(accounts, [&](const Accounts& store) {
    if (thread.joinable()) return;
    thread = std::thread([&store, &go] {
      go.wait(false);
      store.push_event(opened("a", 1));
    });
  });
  Scenario scenario(later);
  const auto first = scenario.when(1);
  first.then_nothing_pushed();  // not yet
  go = true;
  go.notify_one();
  thread.join();
  CHECK(fails([&] { first.then_nothing_pushed(); }));
  first.then_pushed(events_of(accounts, opened("a", 1)));
  thread = std::thread([] {});
  const auto second = scenario.when(1);
  thread.join();
  second.then_nothing_pushed();
  second.then_pushed();
}

}  // namespace
}  // namespace castore::testing
