#pragma once

/// \file
/// The shop of docs/payloads.md.

#include <array>
#include <castore/castore.hpp>
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace shop {

struct CustomerId {
  std::string value;

  static constexpr auto fields = castore::transparent(&CustomerId::value);
  friend auto operator<=>(const CustomerId&, const CustomerId&) = default;
};

enum class Currency { eur, usd };

}  // namespace shop

template <>
inline constexpr auto castore::enum_names<shop::Currency> =
    castore::names("EUR", shop::Currency::eur, "USD", shop::Currency::usd);

namespace shop {

struct Money {
  std::int64_t cents = 0;
  Currency currency = Currency::eur;

  static constexpr auto fields =
      castore::fields("cents", &Money::cents, "currency", &Money::currency);
};

struct Card {
  std::string number;

  static constexpr auto fields = castore::fields("number", &Card::number);
};
struct Invoice {
  std::chrono::year_month_day due{};

  static constexpr auto fields = castore::fields("due", &Invoice::due);
};
struct Cash {};

using Payment = std::variant<Card, Invoice, Cash>;

}  // namespace shop

template <>
inline constexpr auto castore::variant_tags<shop::Payment> =
    castore::tags("method", castore::tag<shop::Card>("CARD"),
                  castore::tag<shop::Invoice>("INVOICE"), castore::tag<shop::Cash>("CASH"));

namespace shop {

struct OrderPlaced {
  static constexpr std::string_view type = "ORDER_PLACED";
  CustomerId customer;
  std::map<std::string, int> items;
  std::set<std::string> vouchers;
  Payment payment;
  std::map<Currency, std::int64_t> rates;
  std::optional<std::string> comment{};
  castore::Timestamp promised{};
  std::chrono::minutes preparation{};
  std::array<double, 2> location{};
  std::vector<std::byte> signature;
  castore::RawJson tracking{"{}"};
  bool checked = false;  // only while the order is being placed

  static constexpr auto fields =
      castore::fields("customer", &OrderPlaced::customer, "items", &OrderPlaced::items, "vouchers",
                      &OrderPlaced::vouchers, "payment", &OrderPlaced::payment, "rates",
                      &OrderPlaced::rates, "comment", &OrderPlaced::comment, "promised",
                      &OrderPlaced::promised, "preparation_minutes", &OrderPlaced::preparation,
                      "location", &OrderPlaced::location, "signature", &OrderPlaced::signature,
                      "tracking", &OrderPlaced::tracking, castore::ignored(&OrderPlaced::checked));
};

}  // namespace shop
