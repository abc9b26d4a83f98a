#pragma once

#include <castore/error.hpp>
#include <functional>
#include <iosfwd>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "answer.hpp"

namespace castore::cli {

enum class Format { text, json, jsonl };

/// \throws InvalidOptionError
[[nodiscard]] Format parse_format(std::string_view text);

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

/// Returns the exit code of an error; the one place that knows which ends with which.
[[nodiscard]] ExitCode exit_code(ErrorCode code) noexcept;

/// The error of a result that did not reach standard output.
class OutputError : public std::runtime_error {
 public:
  /// \param done  what has happened all the same, for the message; empty: nothing
  explicit OutputError(std::string_view done);

  [[nodiscard]] bool nothing_done() const noexcept { return nothing_done_; }

 private:
  bool nothing_done_;
};

/// Standard output and standard error. Prints answers in the format that the user asked for.
class Output final : public Answer {
 public:
  Output(std::string program_name, std::ostream& results, std::ostream& errors);

  std::string program;  ///< as messages and help name it
  Format format = Format::text;

  /// Tells whether standard output is a pipe that nobody reads any more, which would have ended
  /// another program.
  std::function<bool()> reader_is_gone;

  /// Writes a line of text, or of JSON `{"note":{"code":…,"message":…,…fields}}`, to standard
  /// error.
  void note(const Note& note) override;
  void value(const Value& value) override;
  void begin_list(const List& list) override;
  bool item(const Item& item) override;
  void end_list(const std::optional<Note>& remark) override;
  void append_item(std::string& items, const Item& item) const override;
  void json_lines(std::string_view lines) override;
  [[nodiscard]] bool is_watched() const noexcept override;

  /// Prints text as it is. Returns whether standard output still takes more.
  bool print(std::string_view text);
  /// Flushes what was printed.
  /// \param done  what has happened all the same, for the message
  /// \throws OutputError  a result did not reach standard output
  void finish(std::string_view done = {});

  /// Writes the current exception to standard error and returns its exit code. Writes nothing where
  /// the reader of a command that only reads is gone. Called in a catch clause.
  [[nodiscard]] int report_current_exception();

 private:
  [[nodiscard]] std::string list_opening() const;
  void write_problem(std::string_view member, const std::string& prefix, std::string_view code,
                     const std::string& message, const std::vector<ErrorField>& fields);
  [[nodiscard]] bool is_stopped_by_reader() const;

  std::ostream& out_;
  std::ostream& err_;
  List list_;
  bool list_is_empty_ = true;
  std::string text_;  ///< of an item
};

}  // namespace castore::cli
