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

class Context;

/// The table of `docs/cli.md`.
enum ExitCode : int {
  exit_done = 0,
  exit_failure = 1,
  exit_usage = 2,
  exit_not_found = 3,
  exit_conflict = 4,
  exit_bad_input = 6,
  exit_interrupted = 128,  ///< and the number of the signal, as shells have it
  exit_reader_gone = 141,  ///< 128 + SIGPIPE
};

/// The one place that says which error ends with which exit code.
[[nodiscard]] ExitCode exit_code(ErrorCode code) noexcept;

/// The arguments make no sense.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Standard output did not take the result.
class OutputError : public std::runtime_error {
 public:
  /// \param done  what has happened all the same, for the message; empty: nothing
  explicit OutputError(std::string_view done);

  [[nodiscard]] bool nothing_done() const noexcept { return nothing_done_; }

 private:
  bool nothing_done_;
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

/// Its `what()`, which the application's own may not have.
[[nodiscard]] std::string text_of(const std::exception& error);

/// The error for whatever the application's code has thrown: whose fault it was must stay visible.
/// Called in a catch clause.
[[nodiscard]] Error plugin_error(const std::string& failure, std::vector<ErrorField> fields);

/// Where one of many events stands.
struct Location {
  enum class Of {
    line,         ///< of the input, from 1
    output_line,  ///< of what a program prints, from 1
    position,     ///< in the order of commit, from 1
  };
  Of of;
  std::int64_t number;
};

/// The same error, with `location` before its message and as the field `line` or `position`, unless
/// it has that field. An event that stands inside `{"eventStoreId":…,"event":{…}}` is wrong at
/// "event.version", not "version".
/// \param note  between the location and the message
[[nodiscard]] Error located(const Error& error, const Location& location,
                            const std::string& note = {});

/// The same error, with `note` behind its message and `fields` behind its own.
[[nodiscard]] Error with_note(const Error& error, const std::string& note,
                              const std::vector<ErrorField>& fields);

/// Where the malformed event stands in the order of commit, if that is what `error` is about, and
/// the position is known.
[[nodiscard]] std::optional<std::int64_t> malformed_position(const Error& error);

/// Appends `{"code":…,"message":…,…fields}`. Text that is not UTF-8 is mended.
void append_problem(std::string& out, std::string_view code, std::string_view message,
                    const std::vector<ErrorField>& fields);

/// Appends `text` as a JSON string. Messages quote what users typed and what systems answered: what
/// is no UTF-8 is mended.
void append_mended_string(std::string& out, std::string_view text);

/// Says on standard error what went wrong; answers the exit code. Nothing is said where the reader
/// of a command that only reads is gone. Called in a catch clause.
[[nodiscard]] int report_current_exception(const Context& context);

}  // namespace castore::cli
