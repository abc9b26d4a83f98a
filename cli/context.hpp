#pragma once

#include <castore/cli/run.hpp>
#include <castore/event_storage_adapter.hpp>
#include <castore/sqlite/database.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <chrono>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text.hpp"

namespace castore::cli {

/// What a sub-command works with: the global options, the streams, the registry.
class Context {
 public:
  Context(std::string program, Registry known_stores, const Streams& streams);

  std::string program;  ///< as messages and help name it
  Registry registry;
  std::istream& in;
  std::ostream& out;  ///< results, and nothing else
  std::ostream& err;

  /// Standard output is a pipe that nobody reads any more, which would have ended another program.
  std::function<bool()> reader_is_gone;

  std::string database_file;
  /// How long a file that others keep locked is waited for.
  std::chrono::milliseconds busy_timeout = sqlite::DatabaseOptions{}.busy_timeout;
  Format format = Format::text;
  std::vector<std::string> plugins;
  bool unchecked = false;  ///< events are stored whatever the application says
  /// What the chosen sub-command does; set while the arguments are parsed, run afterwards.
  std::function<void()> work;

  /// Never creates or changes a file.
  [[nodiscard]] std::unique_ptr<SqliteEventStorageAdapter> open_for_reading() const;
  /// Creates the file where it is missing.
  [[nodiscard]] std::shared_ptr<sqlite::Database> open_for_writing() const;

  /// Nothing to be found in a store that nobody has written, and the registry does not know, is
  /// more likely a misspelt id: the message has the nearest. Reads all events where the store has
  /// none, so ask only where nothing was found.
  /// \throws Error  `ErrorCode::event_store_not_found`
  void require_event_store(const std::string& event_store_id,
                           const EventStorageAdapter& storage) const;

  /// Writes a result. Answers whether standard output still takes more.
  bool print(std::string_view text) const;
  /// Writes JSON and the end of the line, the same JSON value in every format.
  void print_json(std::string_view json) const;
  /// \param done  what has happened all the same, for the message
  /// \throws OutputError  a result did not reach standard output
  void finish_output(std::string_view done = {}) const;

  /// Says something on standard error that is no error: a line of text, or of JSON
  /// `{"note":{"code":…,"message":…,…fields}}`.
  void note(std::string_view code, const std::string& message,
            const std::vector<ErrorField>& fields = {}) const;

 private:
  [[nodiscard]] const std::string& required_database_file() const;
};

[[nodiscard]] std::vector<std::string> event_store_ids(const Registry& registry);

}  // namespace castore::cli
