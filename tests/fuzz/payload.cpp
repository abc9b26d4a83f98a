/// \file
/// Any JSON text is a payload of the type or a MalformedEventError, and what is read is written so
/// that it means the same again.

#include <castore/event_type.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fuzz.hpp"

template <class T>
struct nlohmann::adl_serializer<std::optional<T>> {
  static void to_json(nlohmann::json& json, const std::optional<T>& value) {
    if (value) {
      json = *value;
    } else {
      json = nullptr;
    }
  }
  static void from_json(const nlohmann::json& json, std::optional<T>& value) {
    value = json.is_null() ? std::nullopt : std::optional<T>(json.get<T>());
  }
};

namespace castore::fuzz {
namespace {

/// Every member has to be there.
struct Small {
  static constexpr std::string_view type = "SMALL";
  std::string name;
  int level = 0;
  friend bool operator==(const Small&, const Small&) = default;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Small, name, level)

/// Members of every kind, any of which may be missing.
struct Large {
  static constexpr std::string_view type = "LARGE";
  std::string text;
  std::int8_t tiny = 0;
  std::int64_t number = 0;
  std::uint64_t natural = 0;
  double real = 0;
  bool flag = false;
  std::optional<std::int64_t> maybe;
  Small small;
  std::vector<std::string> list;
  std::vector<Small> smalls;
  std::map<std::string, std::optional<double>> named;
  friend bool operator==(const Large&, const Large&) = default;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Large, text, tiny, number, natural, real, flag,
                                                maybe, small, list, smalls, named)

template <class P>
std::optional<P> decoded(std::string_view json) {
  try {
    return decode<P>("STORE", {.aggregate_id = "pikachu",
                               .version = 1,
                               .type = P::type,
                               .timestamp = min_timestamp,
                               .payload = json,
                               .metadata = std::nullopt})
        .payload;
  } catch (const MalformedEventError&) {
    return std::nullopt;
  }
}

template <class P>
void check_payload(std::string_view json) {
  const std::optional<P> payload = decoded<P>(json);
  if (!payload) return;
  const std::string written = encode(*payload, {}).payload.value();
  const std::optional<P> again = decoded<P>(written);
  require(again == payload, "a payload is read as it was written");
  require(encode(*again, {}).payload == written, "a payload is always written alike");
}

void check(std::string_view input) {
  check_payload<Small>(input);
  check_payload<Large>(input);
}

}  // namespace
}  // namespace castore::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  castore::fuzz::check(castore::fuzz::text_of(data, size));
  return 0;
}
