#pragma once

/// \file
/// C++ values as JSON text and back: what a field, a payload, metadata, and the input or output of
/// a command can be.
///
/// - `bool`, integers of up to 64 bits, `float`, `double`: `true`, `42`, `4.2`
/// - `std::string`, in UTF-8: a string
/// - `std::optional<T>`: as `T`; as a member it is left out when empty, elsewhere `null`
/// - `std::unique_ptr<T>`, `std::shared_ptr<T>`: as `T`, or `null`
/// - `std::vector`, `std::deque`, `std::list`, `std::set`, `std::unordered_set`, …: an array
/// - `std::array<T, n>`, `std::pair`, `std::tuple`: an array of just so many elements
/// - `std::map`, `std::unordered_map` by text (a string, a named enumeration, a transparent struct
///   of these): an object; by anything else: an array of pairs
/// - a struct that lists its `fields`: an object
/// - a struct that is `transparent`: as its one member
/// - an enumeration with `enum_names`: a string
/// - a `std::variant` with `variant_tags`: an object with a tag
/// - `castore::Timestamp`: `"2022-01-01T00:00:00.000Z"`
/// - `std::chrono::year_month_day`: `"2022-01-01"`
/// - `std::chrono::milliseconds` and the other durations with a name, from nanoseconds to weeks: an
///   integer
/// - `std::vector<std::byte>`, `std::array<std::byte, n>`: a string in base64
/// - `RawJson`, `nlohmann::json`: as it is
/// - a type with nlohmann's `to_json` and `from_json`: as these say
///
/// A value is read back as it was written; a type of which that is not so does not compile:
/// a `std::multimap`, a `long double`, an integer of more than 64 bits, and an optional (or a
/// pointer) of something that can be `null` itself, unless it is a member, where empty is absent
/// and `null` is a value. A value owns what it holds: views and pointers do not compile, since the
/// JSON that they would look into is gone when the reading is over.
///
/// JSON that does not fit is an error, where nlohmann_json would round, cut off or write `null`:
/// 300 into a `std::uint8_t`, 1.5 or `true` into an `int`, NaN into text, two equal elements into a
/// set. Members that JSON has and a list has not are skipped; they have to be JSON, but their
/// numbers may be of any size. A listed member that is missing is an error, but for an optional and
/// for what `or_default` names. Of a member given twice, under the same or another of its names,
/// both have to fit, and the last counts.
///
/// A list of fields means the same as `NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE`: one can be replaced by
/// the other, and what one has written the other reads. And what lists its fields or its names can
/// stand wherever nlohmann_json wants `to_json` and `from_json`.

#include <castore/detail/shared.hpp>
#include <castore/json/enum_names.hpp>
#include <castore/json/fields.hpp>
#include <castore/json/scanner.hpp>
#include <castore/json/variant_tags.hpp>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace castore {

/// JSON kept as its text: a field, or a `Metadata`, that the application does not look into. It is
/// one JSON value, which is checked when it is written; empty text is none.
struct RawJson {
  std::string text;

  friend bool operator==(const RawJson&, const RawJson&) = default;
};

/// JSON that does not fit a value, or a value that JSON cannot hold.
class FieldError : public std::invalid_argument {
 public:
  /// \param reason  such as "expected an integer, found \"a\"" or "it is missing"
  FieldError(const std::string& reason, std::string pointer)
      : std::invalid_argument(reason), pointer_(std::move(pointer)) {}

  /// RFC 6901: the part at fault, as in "/moves/1/name"; empty where it is the value as a whole.
  [[nodiscard]] const std::string& pointer() const noexcept { return *pointer_; }

 private:
  detail::Shared<std::string> pointer_;
};

template <class T>
concept WrittenAsJson = std::is_constructible_v<nlohmann::json, const T&>;

template <class T>
concept ReadFromJson = requires(const nlohmann::json& json) {
  json.template get<T>();
};

/// Returns `value` as JSON text. \throws FieldError  it holds what JSON cannot, such as NaN
template <class T>
[[nodiscard]] std::string write_json(const T& value);

/// Reads `json` over `value`, of which nothing is left but its memory. After an error it is
/// anything.
/// \throws FieldError  `json` is not JSON, or does not fit; it says where and why
template <class T>
void read_json(std::string_view json, T& value);

template <class T>
[[nodiscard]] T read_json(std::string_view json);

/// For a `JsonCodec` of your own: appends `value` as JSON.
/// \throws std::exception  it holds what JSON cannot
template <class T>
void append_value(std::string& out, const T& value);

/// For a `JsonCodec` of your own: reads the value that comes next over `value`, as `read_json`
/// does.
/// \throws JsonSyntaxError, std::exception  it does not fit
template <class T>
void read_value(JsonScanner& json, T& value, int depth);

}  // namespace castore

#include <castore/impl/json/values.hpp>  // IWYU pragma: export
