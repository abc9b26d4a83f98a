#include "history/replay_target.hpp"

#include <castore/event_json.hpp>
#include <castore/json/text.hpp>
#include <castore/sqlite/database.hpp>

#include "answer.hpp"
#include "context.hpp"
#include "os/interrupt.hpp"
#include "os/process.hpp"

namespace castore::cli {
namespace {

void advance(ReplayProgress& progress, const Location& location) {
  if (location.of == Location::Of::position) progress.after = location.number;
}

class AnswerTarget final : public ReplayTarget {
 public:
  explicit AnswerTarget(Answer& answer) : answer_(answer) {}

  void take(std::span<const PlacedEvent> batch, ReplayProgress& progress) override {
    text_.clear();
    std::size_t taken = 0;
    try {
      for (; taken < batch.size(); ++taken) append_line(text_, batch[taken]);
    } catch (const Error&) {  // those before it are given all the same
      give(batch.first(taken), progress);
      throw;
    }
    give(batch, progress);
  }

 private:
  void give(std::span<const PlacedEvent> batch, ReplayProgress& progress) {
    if (batch.empty()) return;
    answer_.json_lines(text_);
    progress.replayed += std::ssize(batch);
    advance(progress, batch.back().location);
  }

  Answer& answer_;
  std::string text_;
};

class FileTarget final : public ReplayTarget {
 public:
  /// Gaps are allowed: a replay of some events has them, and a whole one has those of its source.
  FileTarget(const std::string& file, bool unchecked, const Context& context)
      : writer_({context.registry, unchecked},
                [file, timeout = context.busy_timeout] {
                  return sqlite::Database::open(file, {.busy_timeout = timeout});
                },
                {.allow_version_gap = true}) {
    writer_.open();
  }

  /// Writes the events before a malformed one, too, so that a replay can go on after it.
  void take(std::span<const PlacedEvent> batch, ReplayProgress& progress) override {
    try {
      write(batch, progress);
    } catch (const Error& error) {
      if (const auto malformed = malformed_position(error)) {
        write(batch.first(count_before(batch, *malformed)), progress);
      }
      throw;
    }
  }

 private:
  static std::size_t count_before(std::span<const PlacedEvent> batch, std::int64_t position) {
    std::size_t count = 0;
    while (count < batch.size() && batch[count].location.of == Location::Of::position &&
           batch[count].location.number < position) {
      ++count;
    }
    return count;
  }

  void write(std::span<const PlacedEvent> batch, ReplayProgress& progress) {
    if (batch.empty()) return;
    const auto [inserted, skipped] = writer_.write(batch);
    progress.replayed += inserted;
    progress.skipped += skipped;
    advance(progress, batch.back().location);
  }

  EventWriter writer_;
};

class CommandTarget final : public ReplayTarget {
 public:
  CommandTarget(std::string command, bool interruptible)
      : command_(std::move(command)), interruptible_(interruptible) {}

  void take(std::span<const PlacedEvent> batch, ReplayProgress& progress) override {
    for (const PlacedEvent& placed : batch) {
      if (interruptible_ && InterruptMark::is_set()) return;
      run(placed);
      ++progress.replayed;
      advance(progress, placed.location);
    }
  }

 private:
  void run(const PlacedEvent& placed) {
    line_.clear();
    append_line(line_, placed);
    const ExitStatus status = run_command(command_, line_);
    if (!status.success()) throw located(program_error(command_, status), placed.location);
  }

  std::string command_;
  bool interruptible_;
  std::string line_;
};

}  // namespace

std::unique_ptr<ReplayTarget> replay_to_answer(Answer& answer) {
  return std::make_unique<AnswerTarget>(answer);
}

std::unique_ptr<ReplayTarget> replay_to_file(const std::string& file, bool unchecked,
                                             const Context& context) {
  return std::make_unique<FileTarget>(file, unchecked, context);
}

std::unique_ptr<ReplayTarget> replay_to_command(const std::string& command, bool interruptible) {
  return std::make_unique<CommandTarget>(command, interruptible);
}

void append_line(std::string& out, const PlacedEvent& placed) {
  const std::size_t before = out.size();
  out += '{';
  if (placed.location.of == Location::Of::position) {
    out += "\"position\":" + std::to_string(placed.location.number) + ',';
  }
  out += "\"eventStoreId\":";
  append_json_string(out, placed.event_store_id);
  out += ",\"event\":";
  const NewEventView& event = placed.event;
  try {
    append_stored_json(out, placed.event_store_id,
                       {event.aggregate_id, event.version, event.type, event.timestamp.value(),
                        event.payload, event.metadata});
  } catch (const MalformedEventError& error) {
    out.resize(before);
    throw located(error, placed.location);
  }
  out += "}\n";
}

}  // namespace castore::cli
