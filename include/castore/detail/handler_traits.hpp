#pragma once

/// \file
/// The signature of a command's handler, taken apart.

#include <tuple>
#include <type_traits>

namespace castore::detail {

/// `Output handler(Input, Stores, Context...)`, taken apart.
template <class Signature>
struct HandlerSignature;
template <class Output_, class Input_, class Stores_, class... Context_>
struct HandlerSignature<Output_(Input_, Stores_, Context_...)> {
  using Output = Output_;
  using Input = std::remove_cvref_t<Input_>;
  using Stores = std::remove_cvref_t<Stores_>;
};

/// `EventStores<…>`, as values.
template <class Stores>
struct StoreValues {
  static_assert(!sizeof(Stores),
                "the second parameter of a command's handler is `const "
                "castore::EventStores<...>&`");
};
template <class... Stores>
struct StoreValues<std::tuple<const Stores&...>> {
  using type = std::tuple<Stores...>;
};

/// An event store that a command is given, and the one that its handler takes there.
template <class Given, class Taken>
struct RequireEventStore {
  static_assert(std::is_same_v<Given, Taken>,
                "a command is given the event stores that its handler takes, in that order: "
                "`castore::event_stores(pokemons, trainers)`; the one given and the one taken are "
                "named above");
  static constexpr bool holds = std::is_same_v<Given, Taken>;
};

template <class Stores>
inline constexpr int count_of = -1;
template <class... Stores>
inline constexpr int count_of<std::tuple<const Stores&...>> = sizeof...(Stores);

template <class Given, class Taken, bool same_count = count_of<Given> == count_of<Taken>>
struct RequireEventStores {
  static_assert(std::is_same_v<Given, Taken>,
                "a command is given the event stores that its handler takes, in that order: "
                "`castore::event_stores(pokemons, trainers)`");
  static constexpr bool holds = std::is_same_v<Given, Taken>;
};
template <class... Given, class... Taken>
struct RequireEventStores<std::tuple<const Given&...>, std::tuple<const Taken&...>, true> {
  static constexpr bool holds = (RequireEventStore<Given, Taken>::holds && ...);
};

/// Returns what a command is given, if that is what its handler takes. Else a tuple would make its
/// references of whatever converts, of what is gone soon as well.
template <class Taken, class Given>
const Taken& require_event_stores(const Given& given) noexcept {
  if constexpr (RequireEventStores<Given, Taken>::holds) return given;
}

template <class T>
struct MemberSignature {};
template <class R, class C, class... Args>
struct MemberSignature<R (C::*)(Args...) const> {
  using type = R(Args...);
};
template <class R, class C, class... Args>
struct MemberSignature<R (C::*)(Args...) const noexcept> {
  using type = R(Args...);
};

template <class Handler>
struct SignatureOf {
  static_assert(
      requires { &Handler::operator(); },
      "a command's handler needs one call operator, const and without `auto` "
      "parameters: Output (const Input&, const castore::EventStores<...>&, Context...)");
  using type = typename MemberSignature<decltype(&Handler::operator())>::type;
};
template <class R, class... Args>
struct SignatureOf<R (*)(Args...)> {
  using type = R(Args...);
};

template <class Handler>
using HandlerTraits = HandlerSignature<typename SignatureOf<Handler>::type>;

}  // namespace castore::detail
