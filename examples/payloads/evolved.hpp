#pragma once

/// \file
/// Event types that have grown: docs/payloads.md.

#include <castore/castore.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace evolved {

struct ParcelSent {
  static constexpr std::string_view type = "PARCEL_SENT";
  std::string carrier;
  int weight_in_grams = 0;
  std::string country = "DE";              // new: older parcels went to Germany
  std::optional<std::string> tracking_id;  // new: older parcels have none

  static constexpr auto fields = castore::fields(
      castore::renamed("carrier", "shipper"), &ParcelSent::carrier,  // was called shipper
      "weight", &ParcelSent::weight_in_grams,                        // the member was called weight
      castore::or_default("country"), &ParcelSent::country,          //
      "tracking_id", &ParcelSent::tracking_id);
};

/// Stored under this type until it was called PARCEL_SENT.
struct PackageShipped : ParcelSent {
  static constexpr std::string_view type = "PACKAGE_SHIPPED";
};

/// One event for two things; today they are ParcelArrived and ParcelPaid.
struct ParcelDelivered {
  static constexpr std::string_view type = "PARCEL_DELIVERED";
  std::string signed_by;
  int paid_cents = 0;

  static constexpr auto fields = castore::fields("signed_by", &ParcelDelivered::signed_by,
                                                 "paid_cents", &ParcelDelivered::paid_cents);
};
struct ParcelArrived {
  static constexpr std::string_view type = "PARCEL_ARRIVED";
  std::string signed_by;

  static constexpr auto fields = castore::fields("signed_by", &ParcelArrived::signed_by);
};
struct ParcelPaid {
  static constexpr std::string_view type = "PARCEL_PAID";
  int cents = 0;

  static constexpr auto fields = castore::fields("cents", &ParcelPaid::cents);
};

/// Nobody wants to know any more. Its payload is not read.
struct ParcelScanned {
  static constexpr std::string_view type = "PARCEL_SCANNED";
};

/// In pounds until 2031, in grams since: two types, since no number tells which it is.
struct ParcelWeighed {
  static constexpr std::string_view type = "PARCEL_WEIGHED";
  int pounds = 0;

  static constexpr auto fields = castore::fields("weight", &ParcelWeighed::pounds);
};
struct ParcelWeighedInGrams {
  static constexpr std::string_view type = "PARCEL_WEIGHED_2";
  int grams = 0;

  static constexpr auto fields = castore::fields("weight", &ParcelWeighedInGrams::grams);
};

struct Parcel {
  std::string aggregate_id;
  castore::Version version = 0;
  std::string carrier;
  std::string country;
  int grams = 0;
  std::string signed_by;
  int paid_cents = 0;
};

struct ParcelReducer {
  Parcel operator()(Parcel parcel, const castore::Event<ParcelSent>& event) const {
    return sent(std::move(parcel), event.payload);
  }
  Parcel operator()(Parcel parcel, const castore::Event<PackageShipped>& event) const {
    return sent(std::move(parcel), event.payload);
  }
  Parcel operator()(Parcel parcel, const castore::Event<ParcelDelivered>& event) const {
    return paid(arrived(std::move(parcel), {event.payload.signed_by}), {event.payload.paid_cents});
  }
  Parcel operator()(Parcel parcel, const castore::Event<ParcelArrived>& event) const {
    return arrived(std::move(parcel), event.payload);
  }
  Parcel operator()(Parcel parcel, const castore::Event<ParcelPaid>& event) const {
    return paid(std::move(parcel), event.payload);
  }
  Parcel operator()(Parcel parcel, const castore::Event<ParcelScanned>&) const { return parcel; }
  Parcel operator()(Parcel parcel, const castore::Event<ParcelWeighed>& event) const {
    parcel.grams = event.payload.pounds * 454;
    return parcel;
  }
  Parcel operator()(Parcel parcel, const castore::Event<ParcelWeighedInGrams>& event) const {
    parcel.grams = event.payload.grams;
    return parcel;
  }

 private:
  static Parcel sent(Parcel parcel, const ParcelSent& sent) {
    parcel.carrier = sent.carrier;
    parcel.country = sent.country;
    parcel.grams = sent.weight_in_grams;
    return parcel;
  }
  static Parcel arrived(Parcel parcel, const ParcelArrived& arrived) {
    parcel.signed_by = arrived.signed_by;
    return parcel;
  }
  static Parcel paid(Parcel parcel, const ParcelPaid& paid) {
    parcel.paid_cents = paid.cents;
    return parcel;
  }
};

using Parcels =
    castore::EventStore<Parcel, ParcelSent, PackageShipped, ParcelDelivered, ParcelArrived,
                        ParcelPaid, ParcelScanned, ParcelWeighed, ParcelWeighedInGrams>;

}  // namespace evolved
