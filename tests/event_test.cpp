#include <doctest/doctest.h>
#include <rapidcheck.h>
#include <castore/event.hpp>
#include <castore/timestamp.hpp>

#include <algorithm>
#include <castore/json/values.hpp>
#include <castore/message.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/errors.hpp"

namespace castore::testing {
namespace {

using std::chrono::microseconds;

std::string normalised(std::string_view text) { return format_timestamp(parse_timestamp(text)); }

Timestamp after_epoch(std::int64_t count) { return Timestamp(microseconds{count}); }

TEST_CASE("a timestamp is written in UTC with milliseconds") {
  CHECK(format_timestamp(after_epoch(0)) == "1970-01-01T00:00:00.000Z");
  CHECK(format_timestamp(after_epoch(1640995200123000)) == "2022-01-01T00:00:00.123Z");
  CHECK(format_timestamp(after_epoch(-1000)) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("a timestamp is written with microseconds where it needs them") {
  CHECK(format_timestamp(after_epoch(1)) == "1970-01-01T00:00:00.000001Z");
  CHECK(format_timestamp(after_epoch(-1)) == "1969-12-31T23:59:59.999999Z");
  CHECK(format_timestamp(after_epoch(1100)) == "1970-01-01T00:00:00.001100Z");
}

TEST_CASE("a timestamp is appended to what is there") {
  std::string text = "at ";
  append_timestamp(text, after_epoch(0));
  CHECK(text == "at 1970-01-01T00:00:00.000Z");
}

TEST_CASE("a timestamp is read with up to six fraction digits") {
  CHECK(normalised("2022-01-01T00:00:00Z") == "2022-01-01T00:00:00.000Z");
  CHECK(normalised("2022-01-01T00:00:00.1Z") == "2022-01-01T00:00:00.100Z");
  CHECK(normalised("2022-01-01T00:00:00.12Z") == "2022-01-01T00:00:00.120Z");
  CHECK(normalised("2022-01-01T00:00:00.123Z") == "2022-01-01T00:00:00.123Z");
  CHECK(normalised("2022-01-01T00:00:00.1234Z") == "2022-01-01T00:00:00.123400Z");
  CHECK(normalised("2022-01-01T00:00:00.12345Z") == "2022-01-01T00:00:00.123450Z");
  CHECK(normalised("2022-01-01T00:00:00.123456Z") == "2022-01-01T00:00:00.123456Z");
  CHECK(normalised("2022-01-01T23:59:59.000000Z") == "2022-01-01T23:59:59.000Z");
}

TEST_CASE("zeros after the sixth fraction digit lose nothing") {
  CHECK(normalised("2024-08-14T20:36:48.1234560Z") == "2024-08-14T20:36:48.123456Z");
  CHECK(normalised("2024-08-14T20:36:48.123456000Z") == "2024-08-14T20:36:48.123456Z");
  CHECK(normalised("2024-08-14T20:36:48.123000000+02:00") == "2024-08-14T18:36:48.123Z");
  CHECK(normalised("2024-08-14T20:36:48.000000000000000000Z") == "2024-08-14T20:36:48.000Z");
}

TEST_CASE("the letters of a timestamp may be lower case") {
  CHECK(normalised("2022-01-01t12:00:00z") == "2022-01-01T12:00:00.000Z");
  CHECK(normalised("2022-01-01t12:00:00.5+01:00") == "2022-01-01T11:00:00.500Z");
}

TEST_CASE("a moment between two microseconds can be taken for the earlier one") {
  const auto truncated = [](std::string_view text) {
    const TruncatedTimestamp read = parse_truncated_timestamp(text);
    CHECK(read.truncated);
    return format_timestamp(read.timestamp);
  };
  CHECK(truncated("2022-01-01T00:00:00.1234569Z") == "2022-01-01T00:00:00.123456Z");
  CHECK(truncated("2022-01-01T00:00:00.123456000000000001Z") == "2022-01-01T00:00:00.123456Z");
  CHECK(truncated("2022-01-01T00:00:00.999999999+01:00") == "2021-12-31T23:00:00.999999Z");
  SUBCASE("before 1970 as well") {
    CHECK(truncated("1969-12-31T23:59:59.9999999Z") == "1969-12-31T23:59:59.999999Z");
    CHECK(truncated("1969-12-31T23:59:59.0000001Z") == "1969-12-31T23:59:59.000Z");
    CHECK(truncated("0000-01-01T00:00:00.0000009Z") == "0000-01-01T00:00:00.000Z");
  }
  SUBCASE("and up to the last one") {
    CHECK(truncated("9999-12-31T23:59:59.9999999Z") == "9999-12-31T23:59:59.999999Z");
  }
  SUBCASE("but nothing is truncated that is whole") {
    const Timestamp whole = after_epoch(1640995200123456);
    CHECK(parse_truncated_timestamp("2022-01-01T00:00:00.123456000Z") ==
          TruncatedTimestamp{whole, false});
  }
  SUBCASE("and what is no timestamp is still refused") {
    for (const char* const text : {"2022-01-01T00:00:00.1234567", "2022-02-30T00:00:00.1234567Z",
                                   "2022-01-01T00:00:00.1234567891234567891Z", ""}) {
      CAPTURE(text);
      CHECK(code_of([&] { static_cast<void>(parse_truncated_timestamp(text)); }) ==
            "InvalidTimestamp");
    }
  }
}

TEST_CASE("an offset is normalised to UTC") {
  CHECK(normalised("2022-01-01T02:30:00+02:30") == "2022-01-01T00:00:00.000Z");
  CHECK(normalised("2021-12-31T19:00:00.5-05:00") == "2022-01-01T00:00:00.500Z");
  CHECK(normalised("2022-01-01T00:00:00+00:00") == "2022-01-01T00:00:00.000Z");
  CHECK(normalised("2022-01-01T00:00:00-00:00") == "2022-01-01T00:00:00.000Z");
  CHECK(normalised("2022-01-01T00:00:00-23:59") == "2022-01-01T23:59:00.000Z");
  CHECK(normalised("2022-03-01T00:00:00+23:59") == "2022-02-28T00:01:00.000Z");
}

TEST_CASE("leap days are days only in leap years") {
  CHECK(normalised("2024-02-29T12:00:00Z") == "2024-02-29T12:00:00.000Z");
  CHECK(normalised("2000-02-29T12:00:00Z") == "2000-02-29T12:00:00.000Z");
  CHECK(normalised("2024-02-29T23:00:00-02:00") == "2024-03-01T01:00:00.000Z");
  CHECK(normalised("2023-03-01T01:00:00+02:00") == "2023-02-28T23:00:00.000Z");
  CHECK(code_of([] { static_cast<void>(parse_timestamp("2023-02-29T12:00:00Z")); }) ==
        "InvalidTimestamp");
  CHECK(code_of([] { static_cast<void>(parse_timestamp("1900-02-29T12:00:00Z")); }) ==
        "InvalidTimestamp");
}

TEST_CASE("timestamps reach from the first to the last microsecond of four digits of year") {
  CHECK(format_timestamp(min_timestamp) == "0000-01-01T00:00:00.000Z");
  CHECK(format_timestamp(max_timestamp) == "9999-12-31T23:59:59.999999Z");
  CHECK(parse_timestamp("0000-01-01T00:00:00Z") == min_timestamp);
  CHECK(parse_timestamp("9999-12-31T23:59:59.999999Z") == max_timestamp);
  CHECK(normalised("0000-01-01T00:00:00-00:01") == "0000-01-01T00:01:00.000Z");

  SUBCASE("and not beyond") {
    for (const Timestamp outside :
         {min_timestamp - microseconds{1}, max_timestamp + microseconds{1}, Timestamp::min(),
          Timestamp::max()}) {
      CHECK(code_of([&] { static_cast<void>(format_timestamp(outside)); }) == "InvalidTimestamp");
    }
    CHECK(code_of([] { static_cast<void>(parse_timestamp("0000-01-01T00:00:00+00:01")); }) ==
          "InvalidTimestamp");
    CHECK(code_of([] { static_cast<void>(parse_timestamp("9999-12-31T23:59:59-00:01")); }) ==
          "InvalidTimestamp");
  }
}

TEST_CASE("what is no timestamp is refused with its text") {
  using namespace std::string_literals;
  for (const std::string& text : {""s,
                                  "nope"s,
                                  "2022"s,
                                  "2022-01-01"s,
                                  "2022-01-01T00:00:00"s,
                                  "2022-01-01T00:00:00.000"s,
                                  "2022-01-01T00:00Z"s,
                                  "2022-01-01 00:00:00Z"s,
                                  "2022-01-01T00:00:00.Z"s,
                                  "2022-01-01T00:00:00,5Z"s,
                                  "2022-01-01T00:00:00.1234567Z"s,
                                  "2022-01-01T00:00:00.000000000000000001Z"s,
                                  "2022-01-01T00:00:00.0000000000000000000Z"s,
                                  "2022-01-01T00:00:00.0000000:Z"s,
                                  "2022-01-01T00:00:00+0200"s,
                                  "2022-01-01T00:00:00+02"s,
                                  "2022-01-01T00:00:00+24:00"s,
                                  "2022-01-01T00:00:00+01:60"s,
                                  "2022-01-01T00:00:00ZZ"s,
                                  "2022-01-01T00:00:00Z "s,
                                  " 2022-01-01T00:00:00Z"s,
                                  "2022-01-01T00:00:00Z\0"s,
                                  "2022-13-01T00:00:00Z"s,
                                  "2022-00-01T00:00:00Z"s,
                                  "2022-04-31T00:00:00Z"s,
                                  "2022-01-00T00:00:00Z"s,
                                  "2022-01-01T24:00:00Z"s,
                                  "2022-01-01T00:60:00Z"s,
                                  "2022-12-31T23:59:60Z"s,
                                  "22-01-01T00:00:00Z"s,
                                  "12022-01-01T00:00:00Z"s,
                                  "+2022-01-01T00:00:00Z"s,
                                  "-001-01-01T00:00:00Z"s,
                                  "2022-1-01T00:00:00Z"s,
                                  "2022-01-01T0:00:00Z"s,
                                  "20220101T000000Z"s,
                                  "1640995200"s,
                                  "2022-01-01T00:00:00.1-2Z"s,
                                  "\xEF\xBB\xBF"
                                  "2022-01-01T00:00:00Z"s}) {
    CAPTURE(text);
    const auto error =
        thrown<InvalidTimestampError>([&] { static_cast<void>(parse_timestamp(text)); });
    REQUIRE(error);
    CHECK(error->text() == text);
    CHECK(error->code() == ErrorCode::invalid_timestamp);
  }
}

TEST_CASE("every storable timestamp survives being written and read") {
  const bool holds = rc::check([] {
    const auto count = *rc::gen::inRange<std::int64_t>(min_timestamp.time_since_epoch().count(),
                                                       max_timestamp.time_since_epoch().count());
    const std::string text = format_timestamp(after_epoch(count));
    RC_ASSERT(parse_timestamp(text) == after_epoch(count));
    RC_ASSERT(normalised(text) == text);
  });
  CHECK(holds);
}

TEST_CASE("finer timestamps are read as the last microsecond that is not later") {
  const bool holds = rc::check([] {
    const auto count = *rc::gen::inRange<std::int64_t>(min_timestamp.time_since_epoch().count(),
                                                       max_timestamp.time_since_epoch().count());
    std::string digits = *rc::gen::container<std::string>(rc::gen::inRange('0', ':'));
    digits.resize(std::min<std::size_t>(digits.size(), 12));
    std::string text = format_timestamp(after_epoch(count));
    text.pop_back();
    text.resize(std::string_view("YYYY-MM-DDTHH:MM:SS.ffffff").size(), '0');
    const bool whole = digits.find_first_not_of('0') == std::string::npos;
    text += digits + 'Z';
    RC_ASSERT(parse_truncated_timestamp(text) == (TruncatedTimestamp{after_epoch(count), !whole}));
    RC_ASSERT((code_of([&] { static_cast<void>(parse_timestamp(text)); }) == "InvalidTimestamp") ==
              !whole);
  });
  CHECK(holds);
}

TEST_CASE("the order of timestamps is the order of their texts") {
  const bool holds = rc::check([] {
    const auto milliseconds = [] {
      return after_epoch(
          *rc::gen::inRange<std::int64_t>(min_timestamp.time_since_epoch().count() / 1000,
                                          max_timestamp.time_since_epoch().count() / 1000) *
          1000);
    };
    const Timestamp a = milliseconds();
    const Timestamp b = milliseconds();
    RC_ASSERT((a < b) == (format_timestamp(a) < format_timestamp(b)));
  });
  CHECK(holds);
}

TEST_CASE("events turn from owning to borrowing and back unchanged") {
  const EventDetail event{.aggregate_id = "pikachu",
                          .version = 3,
                          .type = "POKEMON_CAUGHT",
                          .timestamp = after_epoch(7),
                          .payload = "{}",
                          .metadata = std::nullopt};
  CHECK(to_detail(to_view(event)) == event);

  const NewEventView again = to_new_event(to_view(event));
  CHECK(again.timestamp == event.timestamp);
  CHECK(to_detail(again, after_epoch(8)).timestamp == after_epoch(8));
  CHECK(to_detail(again, *again.timestamp) == event);

  const NewEventDetail unstored{.aggregate_id = "pikachu",
                                .version = 3,
                                .type = "POKEMON_CAUGHT",
                                .timestamp = std::nullopt,
                                .payload = std::nullopt,
                                .metadata = "null"};
  CHECK_FALSE(to_view(unstored).timestamp);
  CHECK_FALSE(to_view(unstored).payload);
  CHECK(to_view(unstored).metadata == "null");
}

TEST_CASE("an event is printed as one line of JSON") {
  std::ostringstream out;
  out << EventDetail{.aggregate_id = "pikachu",
                     .version = 1,
                     .type = "T",
                     .timestamp = after_epoch(0),
                     .payload = "{\n}",
                     .metadata = std::nullopt};
  CHECK(out.str() ==
        R"({"aggregateId":"pikachu","version":1,"type":"T","timestamp":"1970-01-01T00:00:00.000Z",)"
        R"("payload":{}})");
}

TEST_CASE("every error code has a name of its own") {
  std::vector<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(ErrorCode::outcome_unknown); ++code) {
    names.push_back(to_string(static_cast<ErrorCode>(code)));
    CHECK_FALSE(names.back().empty());
  }
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
}

template <class... E>
constexpr bool are_copied_without_throwing = (std::is_nothrow_copy_constructible_v<E> && ...);

static_assert(
    are_copied_without_throwing<
        Error, EventAlreadyExistsError, VersionGapError, AggregateNotFoundError, InvalidEventError,
        InvalidEventGroupError, InvalidTimestampError, InvalidPageTokenError, InvalidOptionError,
        InvalidRetryPolicyError, MalformedEventError, ReservedEventTypeError, InvalidInputError,
        SchemaViolationError, InvalidSchemaError, UndefinedMessageChannelAdapterError,
        MessageChannelEventStoreNotFoundError, UndefinedEventStorageAdapterError, NotSupportedError,
        StorageError, FileNotFoundError, AfterCommitError, StorageBusyError, PublishError,
        FieldError>);

TEST_CASE("what an error refers to lives as long as a copy of it") {
  std::optional<VersionGapError> error(std::in_place, "S", "a", 5, 3);
  const std::string& aggregate_id = error->aggregate_id();
  const VersionGapError copy = *error;
  error.reset();
  CHECK(aggregate_id == "a");
  CHECK(&copy.aggregate_id() == &aggregate_id);
  CHECK(copy.expected_version() == 3);
  CHECK(std::string_view(copy.what()) ==
        "Version gap for S aggregate a: got version 5, expected 3");
}

TEST_CASE("errors carry their facts as fields") {
  CHECK(AggregateNotFoundError("S", "a").fields() ==
        std::vector<ErrorField>{{"eventStoreId", "S"}, {"aggregateId", "a"}});
  CHECK(InvalidEventError("version", "is odd").fields() ==
        std::vector<ErrorField>{{"path", "version"}});
  CHECK(std::string_view(InvalidEventError("version", "is odd").what()).find("version is odd") !=
        std::string_view::npos);
  CHECK(StorageBusyError("busy").retryable());
  CHECK_FALSE(StorageError(ErrorCode::storage, "broken").retryable());
  CHECK_FALSE(StorageError(ErrorCode::outcome_unknown, "broken").retryable());
  CHECK(NotSupportedError("pushing groups").operation() == "pushing groups");
}

}  // namespace
}  // namespace castore::testing
