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
