#pragma once

#include <castore/error.hpp>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace castore::cli {

/// The arguments make no sense.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The user asked to stop, by the signal of the `InterruptMark` that is set when it is made.
/// `fields` say how far the work came.
class Interrupted : public std::runtime_error {
 public:
  Interrupted(const std::string& message, std::vector<ErrorField> fields);

  [[nodiscard]] const std::vector<ErrorField>& fields() const noexcept { return fields_; }
  [[nodiscard]] int signal() const noexcept { return signal_; }

 private:
  std::vector<ErrorField> fields_;
  int signal_;
};

/// Returns its `what()`, which the application's own may not have.
[[nodiscard]] std::string text_of(const std::exception& error);

/// The same of any exception. Called in a catch clause.
[[nodiscard]] std::string text_of_current_exception();

/// Makes an error of an exception that the application's code has thrown: whose fault it was must
/// stay visible. Called in a catch clause.
/// \throws std::bad_alloc  that was caught: short memory is no fault of the application's
[[nodiscard]] Error plugin_error(const std::string& failure, std::vector<ErrorField> fields);

/// The place of one of many events.
struct Location {
  enum class Of {
    line,         ///< of the input, from 1
    output_line,  ///< of what a program prints, from 1
    position,     ///< in the order of commit, from 1
  };
  Of of;
  std::int64_t number;
};

/// Returns the same error, with `location` before its message and as the field `line` or
/// `position`, unless it has that field. An event that stands inside
/// `{"eventStoreId":…,"event":{…}}` is wrong at "event.version", not "version". \param note between
/// the location and the message
[[nodiscard]] Error located(const Error& error, const Location& location,
                            const std::string& note = {});

/// Returns the same error, with `note` after its message and `fields` after its own.
[[nodiscard]] Error with_note(const Error& error, const std::string& note,
                              const std::vector<ErrorField>& fields);

/// Returns where the malformed event stands in the order of commit, if that is what `error` is
/// about, and the position is known.
[[nodiscard]] std::optional<std::int64_t> malformed_position(const Error& error);

}  // namespace castore::cli
