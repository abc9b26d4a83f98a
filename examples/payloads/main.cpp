/// \file
/// The code of docs/payloads.md: what a payload can hold, what is refused, and events that were
/// stored in the shapes of years ago.

#include <castore/castore.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>

#include "payloads/evolved.hpp"
#include "payloads/orders.hpp"

namespace {

void write_an_order() {
  using namespace std::chrono_literals;
  const shop::OrderPlaced placed{.customer = {"ash"},
                                 .items = {{"ball", 3}, {"berry", 1}},
                                 .vouchers = {"NEW-YEAR"},
                                 .payment = shop::Invoice{.due = 2040y / 2 / 1},
                                 .rates = {{shop::Currency::usd, 108}},
                                 .promised = castore::parse_timestamp("2040-01-01T12:00:00+01:00"),
                                 .preparation = 90min,
                                 .location = {48.1, 11.6},
                                 .signature = {std::byte{0xCA}, std::byte{0x57}},
                                 .tracking = {R"({"campaign":1.50})"},
                                 .checked = true};
  std::cout << castore::write_json(placed) << "\n\n";
}

void refuse_what_does_not_fit() {
  const auto refuse = [](std::string_view json) {
    try {
      std::cout << castore::read_json<shop::Money>(json).cents << '\n';
    } catch (const castore::FieldError& error) {
      std::cout << error.pointer() << ": " << error.what() << '\n';
    }
  };
  refuse(R"({"cents":"990","currency":"EUR"})");
  refuse(R"({"cents":9.9,"currency":"EUR"})");
  refuse(R"({"cents":990,"currency":"GBP"})");
  refuse(R"({"cents":990})");
  std::cout << '\n';
}

/// What an older version of the application has left behind.
void import_events(castore::EventStorageAdapter& adapter, const std::string& file) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    const castore::EventLine stored = castore::parse_event_line(line);
    adapter.push_event(stored.event_store_id, castore::to_view(stored.event), {});
  }
}

void read_old_events() {
  const auto database = castore::sqlite::Database::open("parcels.db");
  const auto adapter = std::make_shared<castore::SqliteEventStorageAdapter>(database);
  import_events(*adapter, OLD_SHAPES);

  const evolved::Parcels parcels("PARCELS", evolved::ParcelReducer{}, adapter);
  for (const char* const id : {"p1", "p2"}) {
    const evolved::Parcel parcel = parcels.get_existing_aggregate(id);
    std::cout << parcel.carrier << " to " << parcel.country << ", " << parcel.grams << " g, "
              << parcel.signed_by << " paid " << parcel.paid_cents << '\n';
  }
}

}  // namespace

int main() {
  write_an_order();
  refuse_what_does_not_fit();
  read_old_events();
}
