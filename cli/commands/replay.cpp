#include <algorithm>
#include <castore/event_feed.hpp>
#include <chrono>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "answer.hpp"
#include "arguments.hpp"
#include "commands/commands.hpp"
#include "context.hpp"
#include "errors.hpp"
#include "history/event_mapper.hpp"
#include "history/migration.hpp"
#include "history/replay_target.hpp"
#include "history/type_watch.hpp"
#include "os/interrupt.hpp"
#include "os/progress.hpp"

namespace castore::cli {
namespace {

constexpr auto description =
    R"(Replay the events of one, several or all event stores. They come in the order of
commit: to standard output as JSON Lines, whatever --format; to another file
(--into), created where it is missing, where what is there already, and the same,
is skipped; or to a command of the shell, run for each of them (--exec). A program
between (--map), run once by the shell, reads events and prints events, one a
line: it may change them, leave some out, and make others. Without a program, the
options --rename-… and --drop-type change events on their way, digit for digit. An
interrupted replay says how to go on.)";

constexpr auto footer = R"-(
Example:
  castore-cli --db pokemons.db replay POKEMONS --type POKEMON_CAUGHT | jq .event.payload
  castore-cli --db pokemons.db replay --rename-field POKEMON_CAUGHT:/trainer=/trainer_id --into new.db
  castore-cli --db pokemons.db replay --rate-limit 10 --exec 'curl -sf -d @- http://localhost/')-";

/// The time when the next events may come, so that there are no more than so many per second.
class Pace {
 public:
  explicit Pace(std::optional<double> rate_limit) : rate_limit_(rate_limit) {}

  /// Makes for ten looks at the clock a second, or one for each event where these are fewer.
  [[nodiscard]] std::size_t batch_size() const {
    constexpr auto most = static_cast<double>(replay_batch_size);
    if (!rate_limit_) return replay_batch_size;
    return static_cast<std::size_t>(std::clamp(*rate_limit_ / 10, 1.0, most));
  }
  [[nodiscard]] std::chrono::steady_clock::time_point due() const { return due_; }

  void spend(std::size_t events) {
    if (!rate_limit_) return;
    constexpr double a_year = 365.0 * 24 * 60 * 60;
    const std::chrono::duration<double> time{
        std::min(static_cast<double>(events) / *rate_limit_, a_year)};
    due_ = std::max(due_, std::chrono::steady_clock::now()) +
           std::chrono::duration_cast<std::chrono::steady_clock::duration>(time);
  }

 private:
  std::optional<double> rate_limit_;
  std::chrono::steady_clock::time_point due_{};
};

constexpr std::int64_t no_end = std::numeric_limits<std::int64_t>::max();

std::unique_ptr<ReplayTarget> make_target(const ReplayOptions& options, const Context& context,
                                          Answer& answer) {
  if (options.into) return replay_to_file(*options.into, options.unchecked, context);
  // what a program still prints after an interrupt belongs to the events it was given
  if (options.exec) return replay_to_command(*options.exec, !options.map);
  return replay_to_answer(answer);
}

std::string to_text(const ReplayOptions& options, const ReplayProgress& progress) {
  std::string text = "replayed " + std::to_string(progress.replayed);
  if (options.into) text += ", skipped " + std::to_string(progress.skipped);
  return text;
}

/// Tells whether the user has waited long enough for a file that others keep locked.
bool is_interrupted_wait(const Error& error) {
  return error.code() == ErrorCode::storage_busy && InterruptMark::is_set();
}

class Replay {
 public:
  Replay(const ReplayOptions& options, const EventStorageAdapter& source, const Context& context,
         Answer& answer)
      : options_(options),
        context_(context),
        answer_(answer),
        // A program that writes to the file must not be given its own events, without end.
        last_(options.map || options.exec ? source.newest_position().value_or(no_end) : no_end),
        pace_(options.rate_limit),
        target_(make_target(options, context, answer)) {
    if (options.migration.any()) migration_.emplace(options.migration);
    progress_.after = given_ = options.after.value_or(0);
    if (options.map) mapper_.emplace(*options.map, *target_, progress_);
  }

  /// \throws Interrupted  says how to go on, as the errors do
  ReplayProgress run(EventFeed& feed) {
    try {
      const bool complete = take_all(feed);
      if (mapper_) mapper_->finish();
      if (complete) return progress_;
    } catch (const Error& error) {
      if (is_interrupted_wait(error)) {
        throw Interrupted("Interrupted" + so_far(how_to_go_on()), fields());
      }
      throw with_note(error, so_far(how_to_go_on(error)), fields());
    }
    if (mapper_) progress_.after = given_;
    mapper_.reset();
    throw Interrupted("Interrupted" + so_far(how_to_go_on()), fields());
  }

  /// Notes rules of the migration that met no event.
  void note_unmet(Answer& answer) const {
    if (migration_) migration_->note_unmet(answer);
  }

 private:
  /// Returns false where the user has interrupted.
  bool take_all(EventFeed& feed) {
    std::optional<ProgressLine> line;
    if (options_.into || !answer_.is_watched()) line.emplace(context_.err);
    for (auto page = next_page(feed); !page.empty(); page = next_page(feed)) {
      wait_for_turn();
      if (!InterruptMark::is_set()) take(page);
      if (InterruptMark::is_set()) return false;
      if (line) line->update(to_text(options_, progress_));
    }
    return true;
  }

  std::span<const FeedEvent> next_page(EventFeed& feed) const {
    auto page = feed.next_page();
    while (!page.empty() && page.back().position > last_) page = page.first(page.size() - 1);
    return page;
  }

  void wait_for_turn() {
    if (mapper_) {
      mapper_->pause_until(pace_.due());
    } else {
      sleep_until(pace_.due());
    }
  }

  void take(std::span<const FeedEvent> page) {
    batch_.clear();
    if (migration_) migration_->begin_batch();
    for (const auto& [position, event_store_id, event] : page) {
      PlacedEvent placed{
          {Location::Of::position, position}, event_store_id, to_new_event(to_view(event))};
      if (!migration_ || migration_->apply(placed)) batch_.push_back(placed);
    }
    if (mapper_) {
      const std::size_t count = mapper_->write(batch_);
      if (count > 0) given_ = batch_[count - 1].location.number;
    } else {
      target_->take(batch_, progress_);
    }
    pace_.spend(page.size());
  }

  /// Whether what comes after a position does not depend on what came before.
  [[nodiscard]] bool goes_on_anywhere() const { return !mapper_ && !options_.migration.renumber; }
  /// Returns the end of an error's message.
  [[nodiscard]] std::string so_far(const std::string& advice) const {
    return " (" + to_text(options_, progress_) + advice + ')';
  }
  [[nodiscard]] std::string how_to_go_on() const {
    if (goes_on_anywhere()) return "; go on with --after " + std::to_string(progress_.after);
    return options_.into ? "; run it again to go on" : "";
  }
  /// Says of an event that will stop it the next time, too, only how to go on after it.
  [[nodiscard]] std::string how_to_go_on(const Error& error) const {
    const auto position = malformed_position(error);
    if (position && goes_on_anywhere()) {
      if (*position < 1) return {};  // after that are all
      return "; --after " + std::to_string(*position) + " goes on after it";
    }
    const bool stays = error.code() == ErrorCode::event_already_exists ||
                       error.code() == ErrorCode::malformed_event;
    return stays && !goes_on_anywhere() ? "" : how_to_go_on();
  }
  [[nodiscard]] std::vector<ErrorField> fields() const {
    std::vector<ErrorField> fields{{"replayed", progress_.replayed}};
    if (options_.into) fields.push_back({"skipped", progress_.skipped});
    if (goes_on_anywhere()) fields.push_back({"after", progress_.after});
    return fields;
  }

  const ReplayOptions& options_;
  const Context& context_;
  const Answer& answer_;
  std::int64_t last_;  ///< replayed up to that position
  Pace pace_;
  ReplayProgress progress_;
  std::unique_ptr<ReplayTarget> target_;
  std::optional<Migration> migration_;
  std::optional<EventMapper> mapper_;
  std::int64_t given_;  ///< the position of the last event that the program was given
  std::vector<PlacedEvent> batch_;
};

std::string events_of(std::int64_t count) {
  return std::to_string(count) + (count == 1 ? " event" : " events");
}

/// Counts the events that are not dropped.
std::int64_t count(EventFeed& feed, const MigrationOptions& migration, const Context& context) {
  const auto is_kept = [&](const FeedEvent& fed) {
    const auto& dropped = migration.drop_types;
    return std::find(dropped.begin(), dropped.end(), fed.event.type) == dropped.end();
  };
  ProgressLine line(context.err);
  std::int64_t count = 0;
  for (auto page = feed.next_page(); !page.empty(); page = feed.next_page()) {
    if (InterruptMark::is_set()) throw Interrupted("Interrupted", {});
    count += std::count_if(page.begin(), page.end(), is_kept);
    line.update(events_of(count));
  }
  return count;
}

/// Refuses an empty command: the shell takes it for one that does nothing.
void require_values(const ReplayOptions& options) {
  const auto is_blank = [](const std::optional<std::string>& command) {
    return command && command->find_first_not_of(" \t\r\n") == command->npos;
  };
  if (options.into && options.into->empty()) {
    throw InvalidOptionError("into", "is empty: give the name of a file");
  }
  if (is_blank(options.exec)) throw InvalidOptionError("exec", "is empty: give a command");
  if (is_blank(options.map)) throw InvalidOptionError("map", "is empty: give a program");
  if (options.migration.renumber && options.after) {
    throw InvalidOptionError("renumber", "needs the events from the first on: take --after away");
  }
}

/// Refuses the file itself: events would be found to be there already, or read while they are
/// written.
void require_other_file(const std::string& into, const Context& context) {
  std::error_code missing;
  if (std::filesystem::equivalent(into, context.database_file, missing)) {
    throw InvalidOptionError("into", "is the file that is replayed: " + into);
  }
  if (into == ":memory:") throw InvalidOptionError("into", "must be a file, not " + into);
}

FeedQuery to_query(const ReplayOptions& options) {
  FeedQuery query = options.query;
  if (options.after) query.after = FeedCursor{.position = *options.after};
  query.page_size = Pace(options.rate_limit).batch_size();
  return query;
}

void answer_count(std::int64_t events, Answer& answer) {
  answer.value({.json = whole("{\"events\":" + std::to_string(events) + '}'),
                .text = whole(events_of(events) + " would be replayed\n")});
}

void answer_progress(const ReplayOptions& options, const ReplayProgress& progress, Answer& answer) {
  answer.value({.json = whole("{\"replayed\":" + std::to_string(progress.replayed) +
                              ",\"skipped\":" + std::to_string(progress.skipped) + '}'),
                .text = whole(to_text(options, progress) + '\n'),
                .done = "everything is replayed"});
}

void replay(const ReplayOptions& options, const EventStorageAdapter& storage, EventFeed& feed,
            const Context& context, Answer& answer) {
  if (options.dry_run) return answer_count(count(feed, options.migration, context), answer);
  Replay replay(options, storage, context, answer);
  const ReplayProgress progress = replay.run(feed);
  replay.note_unmet(answer);
  if (options.into) answer_progress(options, progress, answer);
}

/// Notes how many events of castore's own a replay of everything does not have.
void note_left_out(const EventFeed& feed, Answer& answer) {
  if (feed.left_out() == 0) return;
  answer.note({"EventsLeftOut",
               events_of(feed.left_out()) + " of event stores that begin with castore. " +
                   (feed.left_out() == 1 ? "is" : "are") +
                   " left out: they are castore's own; name the event stores to have them",
               {{"leftOut", feed.left_out()}}});
}

void replay_stored(const ReplayOptions& options, const Context& context, Answer& answer) {
  const auto storage = context.open_for_reading();
  for (const std::string& id : options.query.event_store_ids) {
    context.require_event_store(id, *storage);
  }
  if (options.into) require_other_file(*options.into, context);
  TypeWatch feed(*storage, to_query(options));
  replay(options, *storage, feed, context, answer);
  feed.note_unknown_types(context.registry, answer);
  note_left_out(feed, answer);
}

std::vector<Argument> arguments(ReplayOptions& options) {
  return {
      positional("EVENT_STORE", options.query.event_store_ids, "Event stores; none: all of them"),
      time("--from", options.query.from, OfDay::first,
           "Only events of that time, or date, or later"),
      time("--to", options.query.to, OfDay::last, "Only events of that time, or date, or earlier"),
      option("--type", "TYPE", options.query.types, "Only events of that type; may be repeated"),
      option("--aggregate", "ID", options.query.aggregate_id, "Only events of that aggregate",
             {.any_text = true}),
      integer("--after", options.after, 0, "Only events after that position"),
      option("--into", "FILE", options.into, "Write the events to that file"),
      unchecked(options.unchecked, {.needs = "--into"}),
      option("--rename-type", "OLD=NEW", options.migration.rename_types,
             "Give the events of a type another type; may be repeated"),
      option("--rename-field", "TYPE:/old=/new", options.migration.rename_fields,
             "Give a member of a type's payloads another name; may be repeated"),
      option("--rename-store", "OLD=NEW", options.migration.rename_stores,
             "Give an event store another id; may be repeated"),
      option("--drop-type", "TYPE", options.migration.drop_types,
             "Leave out the events of a type; may be repeated"),
      flag("--renumber", options.migration.renumber,
           "Count the versions of each aggregate anew, from 1 without gaps"),
      option("--exec", "COMMAND", options.exec,
             "Run this for each event, which is its standard input",
             {.any_text = true, .excludes = "--into"}),
      option("--map", "PROGRAM", options.map, "Replay what this prints, which is given all events",
             {.any_text = true}),
      positive_number("--rate-limit", options.rate_limit,
                      "The most events per second, for instance 0.5"),
      flag("--dry-run", options.dry_run, "Only count the events")};
}

}  // namespace

void replay(const ReplayOptions& options, const Context& context, Answer& answer) {
  require_values(options);
  const InterruptMark interrupt_mark(InterruptMark::Waiting::goes_on);
  try {
    replay_stored(options, context, answer);
  } catch (const Error& error) {
    if (!is_interrupted_wait(error)) throw;
    throw Interrupted("Interrupted", {});
  }
}

Command replay_command() {
  return make_command<ReplayOptions>("replay", description, footer, arguments, replay);
}

}  // namespace castore::cli
