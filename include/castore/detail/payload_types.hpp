#pragma once

/// \file
/// The payloads of an event store: which one an event is of, found by its type's name.

#include <array>
#include <castore/error.hpp>
#include <castore/event_type.hpp>
#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace castore {

template <class P, class... Payloads>
concept OneOf = (std::same_as<P, Payloads> || ...);

namespace detail {

template <class... Payloads>
consteval bool types_are_unique() {
  std::array<std::string_view, sizeof...(Payloads)> types{};
  std::size_t count = 0;
  const auto add = [&]<class P>(std::type_identity<P>) {
    if constexpr (NamesItsType<P>) {
      types[count++] = P::type;
    } else {
      types[count++] = "";
    }
  };
  (add(std::type_identity<Payloads>{}), ...);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t k = i + 1; k < count; ++k) {
      if (types[i] == types[k]) return false;
    }
  }
  return true;
}

template <class P>
consteval bool type_is_free() {
  if constexpr (NamesItsType<P>) {
    const std::string_view type = P::type;
    return !type.empty() && type != "__REPLAYED__" && type != "__AGGREGATE_EXISTS__";
  } else {
    return true;
  }
}

/// The metadata type that all payloads have, but for `OtherPayload`; `NoMetadata` if they have not
/// one.
template <class... Payloads>
struct SharedMetadata {
  using type = NoMetadata;
};
template <class P, class... Rest>
struct SharedMetadata<OtherPayload, P, Rest...> : SharedMetadata<P, Rest...> {};
template <class P, class... Rest>
requires(!std::same_as<P, OtherPayload> &&
         ((std::same_as<castore::MetadataOf<P>, castore::MetadataOf<Rest>> ||
           std::same_as<Rest, OtherPayload>)&&...)) struct SharedMetadata<P, Rest...> {
  using type = castore::MetadataOf<P>;
};

/// In the place of a source of metadata, for payloads that have not one type of it.
struct PayloadsDifferInMetadata {};

/// A function that supplies the metadata of events.
template <class... Payloads>
using MetadataSource =
    std::conditional_t<std::same_as<typename SharedMetadata<Payloads...>::type, NoMetadata>,
                       PayloadsDifferInMetadata,
                       std::function<std::optional<typename SharedMetadata<Payloads...>::type>()>>;

/// One call for the payload that an event is of, out of several.
template <class... Payloads>
struct PayloadTypes {
  using AnyEvent = std::variant<Event<Payloads>...>;

  /// In the order of the template arguments; `OtherPayload` has none.
  [[nodiscard]] static std::vector<std::string_view> names() {
    std::vector<std::string_view> names;
    const auto add = [&]<class P>(std::type_identity<P>) {
      if constexpr (NamesItsType<P>) names.push_back(type_name<P>());
    };
    (add(std::type_identity<Payloads>{}), ...);
    return names;
  }

  /// Calls `use(std::type_identity<P>())` with the payload `P` that `type` names, an `OtherPayload`
  /// if no other. \returns whether there is one
  template <class Use>
  static bool visit(std::string_view type, Use&& use) {
    const auto try_payload = [&]<class P>(std::type_identity<P> payload) {
      if constexpr (NamesItsType<P>) {
        if (type != type_name<P>()) return false;
        use(payload);
        return true;
      } else {
        return false;
      }
    };
    if ((try_payload(std::type_identity<Payloads>{}) || ...)) return true;
    if constexpr (OneOf<OtherPayload, Payloads...>) {
      use(std::type_identity<OtherPayload>{});
      return true;
    } else {
      return false;
    }
  }

  /// The same for a stored event. \throws MalformedEventError  there is none
  template <class Use>
  static void visit(std::string_view event_store_id, const EventView& event, Use&& use) {
    if (visit(event.type, std::forward<Use>(use))) return;
    throw MalformedEventError(std::string(event_store_id), std::string(event.aggregate_id),
                              event.version, std::string(event.type),
                              "the event store does not know this event type");
  }

  /// \throws MalformedEventError
  [[nodiscard]] static AnyEvent decode(std::string_view event_store_id, const EventView& event) {
    std::optional<AnyEvent> decoded;
    visit(event_store_id, event, [&]<class P>(std::type_identity<P>) {
      decoded.emplace(castore::decode<P>(event_store_id, event));
    });
    return *std::move(decoded);
  }

  /// Checks that an event to be pushed can be read. \throws InvalidEventError
  static void check_new(std::string_view event_store_id, const NewEventView& event) {
    const bool known =
        visit(event.type, [&]<class P>(std::type_identity<P>) { check_readable<P>(event); });
    if (!known) {
      throw InvalidEventError("type", std::string(event.type) + " is unknown to event store " +
                                          std::string(event_store_id));
    }
  }
};

}  // namespace detail
}  // namespace castore
