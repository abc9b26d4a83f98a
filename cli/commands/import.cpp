#include <algorithm>
#include <castore/event_json.hpp>
#include <castore/timestamp.hpp>
#include <istream>
#include <optional>
#include <vector>

#include "answer.hpp"
#include "arguments.hpp"
#include "commands/commands.hpp"
#include "context.hpp"
#include "errors.hpp"
#include "history/event_writer.hpp"
#include "history/lines.hpp"
#include "os/interrupt.hpp"
#include "os/progress.hpp"
#include "os/standard_streams.hpp"

namespace castore::cli {
namespace {

constexpr auto description =
    R"(Read a history of events into the file. FILE or standard input has one
{"eventStoreId":...,"event":{...}} a line, and every event its timestamp. An event
that is already there, and the same, is skipped: an import can be run again. One
that differs stops it; what was committed before stays. The file is created where
it is missing.)";

constexpr auto footer = R"(
Example:
  castore-cli --db history.db import history.jsonl
  zcat history.jsonl.gz | castore-cli --db history.db import --batch 10000)";

constexpr std::int64_t default_batch_size = 1000;

struct Progress {
  std::int64_t imported = 0;
  std::int64_t skipped = 0;
  std::optional<std::int64_t> truncated;  ///< timestamps of these events, if that is allowed
  std::int64_t committed_lines = 0;       ///< the number of the last line that is committed

  [[nodiscard]] std::vector<ErrorField> fields() const {
    std::vector<ErrorField> fields{{"imported", imported}, {"skipped", skipped}};
    if (truncated) fields.push_back({"truncated", *truncated});
    fields.push_back({"committedLines", committed_lines});
    return fields;
  }
  [[nodiscard]] std::string text() const {
    std::string text =
        "imported " + std::to_string(imported) + ", skipped " + std::to_string(skipped);
    if (truncated) text += ", timestamps truncated " + std::to_string(*truncated);
    return text;
  }
  [[nodiscard]] std::string json() const {
    std::string json =
        "{\"imported\":" + std::to_string(imported) + ",\"skipped\":" + std::to_string(skipped);
    if (truncated) json += ",\"truncated\":" + std::to_string(*truncated);
    return json + '}';
  }
  /// After an error's message.
  [[nodiscard]] std::string so_far() const {
    return " (" + text() + "; committed up to line " + std::to_string(committed_lines) + ")";
  }
};

/// Tells whether `error` is about a timestamp that --truncate-timestamps would take.
bool is_about_truncation(const Error& error) {
  if (error.code() != ErrorCode::invalid_timestamp) return false;
  try {
    for (const ErrorField& field : error.fields()) {
      if (field.name != "timestamp") continue;
      return parse_truncated_timestamp(std::get<std::string>(field.value)).truncated;
    }
  } catch (const InvalidTimestampError&) {
    // no timestamp at all
  }
  return false;
}

class Importer {
 public:
  Importer(const ImportOptions& options, std::istream& in, const Context& context)
      : batch_size_(static_cast<std::size_t>(options.batch_size.value_or(default_batch_size))),
        reader_(in, {.truncate_timestamp = options.truncate_timestamps}),
        context_(context),
        writer_({context.registry, options.unchecked},
                [&context] { return context.open_for_writing(); },
                {.allow_version_gap = options.allow_version_gap}) {
    if (options.truncate_timestamps) progress_.truncated = 0;
  }

  /// The lines of a batch are read before its transaction begins: whoever writes them may be slow,
  /// and other writers need not wait for that.
  Progress run() {
    ProgressLine line(context_.err);
    try {
      while (read_batch()) {
        push_batch();
        line.update(progress_.text());
      }
      writer_.open();  // even nothing makes the file
    } catch (const Interrupted&) {
      throw;
    } catch (const Error& error) {
      if (error.code() == ErrorCode::storage_busy) stop_if_interrupted();
      throw with_note(error, progress_.so_far(), progress_.fields());
    }
    return progress_;
  }

 private:
  bool read_batch() {
    batch_.clear();
    while (batch_.size() < batch_size_) {
      stop_if_interrupted();
      auto line = next_line();
      stop_if_interrupted();  // an interrupted read looks like the end
      if (!line) break;
      require_timestamp(*line);
      batch_.push_back(std::move(*line));
    }
    return !batch_.empty();
  }

  std::optional<PlacedLine> next_line() {
    try {
      return reader_.next();
    } catch (const Error& error) {
      if (!is_about_truncation(error)) throw;
      throw with_note(error, "; --truncate-timestamps drops them", {});
    }
  }

  void push_batch() {
    const auto [inserted, skipped] =
        writer_.write(to_views(batch_), [this] { stop_if_interrupted(); });
    progress_.imported += inserted;
    progress_.skipped += skipped;
    if (progress_.truncated) {
      *progress_.truncated +=
          std::count_if(batch_.begin(), batch_.end(),
                        [](const PlacedLine& line) { return line.content.timestamp_truncated; });
    }
    progress_.committed_lines = batch_.back().location.number;
  }

  void stop_if_interrupted() const {
    if (!InterruptMark::is_set()) return;
    throw Interrupted("Interrupted" + progress_.so_far(), progress_.fields());
  }

  std::size_t batch_size_;
  EventLineReader reader_;
  const Context& context_;
  EventWriter writer_;
  std::vector<PlacedLine> batch_;
  Progress progress_;
};

}  // namespace

void import_events(const ImportOptions& options, const Context& context, Answer& answer) {
  const InterruptMark interrupt_mark(InterruptMark::Waiting::ends);
  std::optional<InputFile> file;
  if (options.file != "-") file.emplace(options.file);
  std::istream of_file(file ? &*file : nullptr);
  Importer importer(options, file ? of_file : context.in, context);
  const Progress progress = importer.run();
  answer.value({.json = whole(progress.json()),
                .text = whole(progress.text() + '\n'),
                .done = "everything is imported"});
}

Command import_command() {
  return make_command<ImportOptions>(
      "import", description, footer,
      [](ImportOptions& options) -> std::vector<Argument> {
        return {
            positional("FILE", options.file, "JSON Lines; without it, or for -, standard input"),
            integer("--batch", options.batch_size, 1, "Events per transaction (default 1000)"),
            allow_version_gaps(options.allow_version_gap), unchecked(options.unchecked),
            flag("--truncate-timestamps", options.truncate_timestamps,
                 "Drop the digits of timestamps after microseconds, and count them")};
      },
      import_events);
}

}  // namespace castore::cli
