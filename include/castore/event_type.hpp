#pragma once

/// \file
/// Event types: plain structs that name their type, and how they become JSON text and back.
///
///     struct PokemonAppeared {
///       static constexpr std::string_view type = "POKEMON_APPEARED";
///       std::string name;
///       int level = 0;
///       static constexpr auto fields = castore::fields("name", &PokemonAppeared::name,
///                                                      "level", &PokemonAppeared::level);
///     };

#include <algorithm>
#include <array>
#include <castore/error.hpp>
#include <castore/event.hpp>
#include <castore/json/values.hpp>
#include <concepts>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace castore {

/// Listed among a store's payloads, it stands for every event type that the list does not name:
/// events of a newer version of the application, or of none. Without it such an event is a
/// `MalformedEventError` when read. Pushed under a type that the list does name, it is checked,
/// told of and folded as that.
struct OtherPayload {
  std::string type;
  std::optional<std::string> json;  ///< the payload's text
  using Metadata = RawJson;

  friend bool operator==(const OtherPayload&, const OtherPayload&) = default;
};

/// The metadata of a payload that declares none. Metadata that is stored all the same is not read.
struct NoMetadata {
  friend bool operator==(const NoMetadata&, const NoMetadata&) = default;
};

/// The conversion of a payload or metadata type to and from JSON text; specialise it to do that
/// your own way.
///
/// By default a type is read and written as `castore/json/values.hpp` says, and an empty struct
/// that neither lists fields nor has JSON functions has no payload at all.
///
/// `encode` returns nothing for "absent"; `decode` is given nothing for it. Both may throw
/// anything: the store turns it into an `InvalidEventError` or a `MalformedEventError` that names
/// the event.
template <class T>
struct JsonCodec {
  /// Whether there is nothing to be said.
  static constexpr bool is_absent = std::is_empty_v<T> && !detail::JsonValue<T>;

  static std::optional<std::string> encode(const T& value) {
    if constexpr (is_absent) {
      return std::nullopt;
    } else {
      return write_json(value);
    }
  }

  static T decode(std::optional<std::string_view> json) {
    static_assert(detail::owns_what_it_holds<T>,
                  "this payload, metadata or command input does not own its text or its elements: "
                  "what is read from JSON would dangle; use std::string, std::vector, or another "
                  "type that owns");
    if constexpr (is_absent) {
      return T{};
    } else {
      return read_json<T>(required(json));
    }
  }

  /// The same over a value that is there already, and whose memory serves again. A specialisation
  /// can do without.
  static void decode(std::optional<std::string_view> json, T& value) {
    if constexpr (is_absent) {
      value = T{};
    } else {
      read_json(required(json), value);
    }
  }

 private:
  static std::string_view required(std::optional<std::string_view> json) {
    if (!json) throw std::invalid_argument("it is absent");
    return *json;
  }
};

template <>
struct JsonCodec<RawJson> {
  static std::optional<std::string> encode(const RawJson& value) { return value.text; }
  static RawJson decode(std::optional<std::string_view> json) {
    return {std::string(json.value_or("null"))};
  }
};

template <class P>
concept NamesItsType = requires {
  typename std::bool_constant<(std::string_view(P::type), true)>;
};

namespace detail {

/// Text as a template argument, and so named by its content wherever it is kept. A static member of
/// the application's is named by the struct instead: where two plugins have a struct of one name,
/// both would get the text of the first.
template <std::size_t size>
struct Characters {
  std::array<char, size + 1> characters{};
};

template <NamesItsType P>
[[nodiscard]] consteval auto type_characters() {
  constexpr std::size_t size = std::string_view(P::type).size();
  Characters<size> copy;
  std::copy_n(std::string_view(P::type).data(), size, copy.characters.data());
  return copy;
}

template <std::size_t size, Characters<size> text>
[[nodiscard]] constexpr std::string_view view_of() noexcept {
  return {text.characters.data(), size};
}

/// `P::type`, for as long as the program runs.
template <NamesItsType P>
[[nodiscard]] constexpr std::string_view type_name() noexcept {
  return view_of<std::string_view(P::type).size(), type_characters<P>()>();
}

}  // namespace detail

/// A struct that can be the payload of an event.
template <class P>
concept EventPayload = std::copyable<P> &&(NamesItsType<P> || std::same_as<P, OtherPayload>);

/// Any event type of a namespace. One that declares, before the first of them,
///
///     RequestMetadata castore_metadata(castore::AnyEventType);  // no definition
///
/// gives all event types in it this type of metadata, but for those that have a `Metadata` of their
/// own.
struct AnyEventType {};

namespace detail {

/// Found in the namespace of `P`.
template <class P>
struct EventTypeOf : AnyEventType {};

template <class P>
concept DeclaresMetadata = requires {
  typename P::Metadata;
};
template <class P>
concept SharesMetadata = !DeclaresMetadata<P> && requires {
  castore_metadata(EventTypeOf<P>{});
};

template <class P>
struct MetadataOf {
  using type = NoMetadata;
};
template <DeclaresMetadata P>
struct MetadataOf<P> {
  using type = typename P::Metadata;
};
template <SharesMetadata P>
struct MetadataOf<P> {
  using type = decltype(castore_metadata(EventTypeOf<P>{}));
};

}  // namespace detail

/// The metadata of a payload: its nested `Metadata`, or that of its namespace (`AnyEventType`), or
/// `NoMetadata`.
template <class P>
using MetadataOf = typename detail::MetadataOf<P>::type;

/// The event type of a payload: `P::type`, or what an `OtherPayload` carries.
template <EventPayload P>
[[nodiscard]] constexpr std::string_view event_type_of(const P& payload) noexcept {
  if constexpr (NamesItsType<P>) {
    return detail::type_name<P>();
  } else {
    return payload.type;
  }
}

/// A stored event, typed: what reducers and readers get.
template <EventPayload P>
struct Event {
  using Payload = P;

  std::string aggregate_id;
  Version version = 0;
  Timestamp timestamp{};
  P payload{};
  std::optional<MetadataOf<P>> metadata{};

  [[nodiscard]] std::string_view type() const noexcept { return event_type_of(payload); }

  friend bool operator==(const Event&, const Event&) = default;
};

/// An event to be pushed. Without `timestamp` the adapter's clock supplies it.
template <EventPayload P>
struct NewEvent {
  using Payload = P;

  std::string aggregate_id;
  Version version = 0;
  std::optional<Timestamp> timestamp{};
  P payload{};
  std::optional<MetadataOf<P>> metadata{};

  [[nodiscard]] std::string_view type() const noexcept { return event_type_of(payload); }

  friend bool operator==(const NewEvent&, const NewEvent&) = default;
};

/// The stored event as one to be pushed again, elsewhere or by force, with its own timestamp.
template <EventPayload P>
[[nodiscard]] NewEvent<P> to_new_event(Event<P> event) {
  return {std::move(event.aggregate_id), event.version, event.timestamp, std::move(event.payload),
          std::move(event.metadata)};
}

/// Payload and metadata of one event as JSON text.
struct EncodedEvent {
  std::optional<std::string> payload;
  std::optional<std::string> metadata;
};

namespace detail {

// Called in a catch clause, whatever was thrown. `std::bad_alloc` propagates as itself.
/// \throws InvalidEventError
[[noreturn]] void throw_unwritable(const char* part);
/// \throws InvalidEventError
[[noreturn]] void throw_unreadable(const char* part);
/// \throws MalformedEventError
[[noreturn]] void throw_malformed(std::string_view event_store_id, const EventView& event,
                                  const char* part);

}  // namespace detail

/// \throws InvalidEventError  the payload or metadata cannot be written as JSON
template <EventPayload P>
[[nodiscard]] EncodedEvent encode(const P& payload, const std::optional<MetadataOf<P>>& metadata) {
  EncodedEvent encoded;
  try {
    if constexpr (std::same_as<P, OtherPayload>) {
      encoded.payload = payload.json;
    } else {
      encoded.payload = JsonCodec<P>::encode(payload);
    }
  } catch (...) {
    detail::throw_unwritable("payload");
  }
  if constexpr (!std::same_as<MetadataOf<P>, NoMetadata>) {
    try {
      if (metadata) encoded.metadata = JsonCodec<MetadataOf<P>>::encode(*metadata);
    } catch (...) {
      detail::throw_unwritable("metadata");
    }
  }
  return encoded;
}

namespace detail {

template <class T>
concept DecodesOver =
    !std::same_as<T, OtherPayload> && requires(std::optional<std::string_view> json, T& value) {
  JsonCodec<T>::decode(json, value);
};

template <class T>
void decode_over(std::optional<std::string_view> json, std::optional<T>& value) {
  if constexpr (DecodesOver<T>) {
    if (value) return JsonCodec<T>::decode(json, *value);
  }
  value.emplace(JsonCodec<T>::decode(json));
}

template <class P>
P decode_payload(const EventView& event) {
  if constexpr (std::same_as<P, OtherPayload>) {
    return {std::string(event.type),
            event.payload ? std::optional<std::string>(*event.payload) : std::nullopt};
  } else {
    return JsonCodec<P>::decode(event.payload);
  }
}

}  // namespace detail

/// Decodes `event` over the one before, if there is one: who reads many needs memory for one.
/// \param event_store_id  only for the error
/// \throws MalformedEventError  the JSON text does not fit `P`
template <EventPayload P>
void decode(std::string_view event_store_id, const EventView& event,
            std::optional<Event<P>>& decoded) {
  try {
    if constexpr (detail::DecodesOver<P>) {
      if (decoded) {
        JsonCodec<P>::decode(event.payload, decoded->payload);
        decoded->aggregate_id = event.aggregate_id;
        decoded->version = event.version;
        decoded->timestamp = event.timestamp;
      }
    } else {
      decoded.reset();
    }
    if (!decoded) {
      decoded.emplace(Event<P>{std::string(event.aggregate_id), event.version, event.timestamp,
                               detail::decode_payload<P>(event)});
    }
  } catch (...) {
    detail::throw_malformed(event_store_id, event, "payload");
  }
  if constexpr (!std::same_as<MetadataOf<P>, NoMetadata>) {
    try {
      if (event.metadata) {
        detail::decode_over(event.metadata, decoded->metadata);
      } else {
        decoded->metadata.reset();
      }
    } catch (...) {
      detail::throw_malformed(event_store_id, event, "metadata");
    }
  }
}

template <EventPayload P>
[[nodiscard]] Event<P> decode(std::string_view event_store_id, const EventView& event) {
  std::optional<Event<P>> decoded;
  decode(event_store_id, event, decoded);
  return *std::move(decoded);
}

/// Checks that an event to be pushed can be read as a `P`, no more and no less than `decode` does.
/// \throws InvalidEventError  its path is "payload", "metadata" or, where it is known, the member:
///     "payload.level"
template <EventPayload P>
void check_readable(const NewEventView& event) {
  if constexpr (!std::same_as<P, OtherPayload>) {
    try {
      static_cast<void>(JsonCodec<P>::decode(event.payload));
    } catch (...) {
      detail::throw_unreadable("payload");
    }
  }
  if constexpr (!std::same_as<MetadataOf<P>, NoMetadata>) {
    if (!event.metadata) return;
    try {
      static_cast<void>(JsonCodec<MetadataOf<P>>::decode(event.metadata));
    } catch (...) {
      detail::throw_unreadable("metadata");
    }
  }
}

}  // namespace castore
