#include <CLI/CLI.hpp>
#include <castore/event_json.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <fstream>
#include <memory>
#include <vector>

#include "arguments.hpp"
#include "commands.hpp"
#include "context.hpp"
#include "errors.hpp"
#include "interrupt.hpp"
#include "lines.hpp"
#include "progress.hpp"

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

struct ImportOptions {
  std::string file = "-";
  std::optional<std::int64_t> batch_size;
  bool allow_version_gap = false;
};

struct Line {
  std::int64_t number;
  StoredEvent stored;
};

struct Progress {
  std::int64_t imported = 0;
  std::int64_t skipped = 0;
  std::int64_t committed_lines = 0;  ///< the number of the last line that is committed

  [[nodiscard]] std::vector<ErrorField> fields() const {
    return {{"imported", imported}, {"skipped", skipped}, {"committedLines", committed_lines}};
  }
  [[nodiscard]] std::string text() const {
    return "imported " + std::to_string(imported) + ", skipped " + std::to_string(skipped);
  }
  /// Behind an error's message.
  [[nodiscard]] std::string so_far() const {
    return " (" + text() + "; committed up to line " + std::to_string(committed_lines) + ")";
  }
};

std::string compact(const std::optional<std::string_view>& json) {
  std::string text;
  if (json) append_compact_json(text, *json);
  return text;
}

/// White space between tokens is no difference: what castore prints has none.
bool same_json(const std::optional<std::string_view>& a, const std::optional<std::string_view>& b) {
  return a == b || (a && b && compact(a) == compact(b));
}

bool same_event(const EventView& stored, const NewEventView& event) {
  return stored.type == event.type && stored.timestamp == event.timestamp &&
         same_json(stored.payload, event.payload) && same_json(stored.metadata, event.metadata);
}

class Importer {
 public:
  Importer(const ImportOptions& options, std::istream& in, const Context& context)
      : batch_size_(static_cast<std::size_t>(options.batch_size.value_or(default_batch_size))),
        push_{.allow_version_gap = options.allow_version_gap},
        reader_(in),
        context_(context) {}

  /// The lines of a batch are read before its transaction begins: whoever writes them may be slow,
  /// and other writers need not wait for that.
  Progress run() {
    ProgressLine line(context_.err);
    try {
      while (read_batch()) {
        push_batch();
        line.update(progress_.text());
      }
      open();  // even nothing makes the file
    } catch (const Interrupted&) {
      throw;
    } catch (const Error& error) {
      throw Error(error.code(), error.what() + progress_.so_far(),
                  at_place(error, {}, progress_.fields()).fields());
    }
    return progress_;
  }

 private:
  bool read_batch() {
    batch_.clear();
    while (batch_.size() < batch_size_) {
      stop_if_interrupted();
      auto stored = reader_.next();
      stop_if_interrupted();  // an interrupted read looks like the end
      if (!stored) break;
      require_timestamp(stored->event);
      batch_.push_back({reader_.line(), std::move(*stored)});
    }
    return !batch_.empty();
  }

  /// The clock's would make it another event each time it is imported.
  void require_timestamp(const NewEventDetail& event) const {
    if (event.timestamp) return;
    throw at_line(InvalidEventError("event.timestamp", "is missing"), reader_.line());
  }

  void push_batch() {
    open();
    Progress next = progress_;
    sqlite::Transaction transaction(*storage_->database());
    for (const Line& line : batch_) {
      stop_if_interrupted();
      push(line, next);
    }
    transaction.commit();
    next.committed_lines = batch_.back().number;
    progress_ = next;
  }

  void push(const Line& line, Progress& next) {
    const NewEventView event = to_view(line.stored.event);
    try {
      storage_->push_event(line.stored.event_store_id, event, push_);
      ++next.imported;
    } catch (const EventAlreadyExistsError& error) {
      if (!is_stored(line.stored.event_store_id, event)) {
        throw at_place(
            error,
            "Line " + std::to_string(line.number) + ": the stored event differs from this one. ",
            {{"line", line.number}});
      }
      ++next.skipped;
    } catch (const Error& error) {
      throw at_line(error, line.number);
    }
  }

  [[nodiscard]] bool is_stored(std::string_view event_store_id, const NewEventView& event) const {
    bool same = false;
    storage_->for_each_event(event_store_id, event.aggregate_id,
                             {.min_version = event.version, .max_version = event.version},
                             [&](const EventView& stored) {
                               same = same_event(stored, event);
                               return false;
                             });
    return same;
  }

  void stop_if_interrupted() const {
    if (!InterruptMark::is_set()) return;
    throw Interrupted("Interrupted" + progress_.so_far(), progress_.fields());
  }

  void open() {
    if (!storage_) storage_.emplace(context_.open_for_writing());
  }

  std::size_t batch_size_;
  PushEventOptions push_;
  StoredEventReader reader_;
  const Context& context_;
  std::optional<SqliteEventStorageAdapter> storage_;
  std::vector<Line> batch_;
  Progress progress_;
};

std::ifstream open_file(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  if (!file) throw FileNotFoundError(name);
  return file;
}

void import(const ImportOptions& options, const Context& context) {
  const InterruptMark interrupt_mark;
  std::ifstream file;
  const bool from_file = options.file != "-";
  if (from_file) file = open_file(options.file);
  Importer importer(options, from_file ? file : context.in, context);
  const Progress progress = importer.run();
  if (context.format == Format::text) {
    context.print(progress.text() + '\n');
  } else {
    context.print("{\"imported\":" + std::to_string(progress.imported) +
                  ",\"skipped\":" + std::to_string(progress.skipped) + "}\n");
  }
  context.finish_output("everything is imported");
}

}  // namespace

void add_import(CLI::App& app, Context& context) {
  auto options = std::make_shared<ImportOptions>();
  CLI::App* command = app.add_subcommand("import", description);
  command->footer(footer);
  command->add_option("FILE", options->file, "JSON Lines; without it, or for -, standard input")
      ->type_name("");
  add_integer(*command, "--batch", options->batch_size, 1, "Events per transaction (default 1000)");
  add_allow_version_gaps(*command, options->allow_version_gap);
  command->callback(
      [options, &context] { context.work = [options, &context] { import(*options, context); }; });
}

}  // namespace castore::cli
