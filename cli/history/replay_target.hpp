#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "history/event_writer.hpp"

namespace castore::cli {

class Answer;
struct Context;

/// The progress of a replay.
struct ReplayProgress {
  std::int64_t replayed = 0;
  std::int64_t skipped = 0;  ///< were there already
  std::int64_t after = 0;    ///< the position of the last event that is dealt with
};

/// The target of a replay.
class ReplayTarget {
 public:
  ReplayTarget() = default;
  ReplayTarget& operator=(ReplayTarget&&) = delete;
  virtual ~ReplayTarget() = default;

  /// Takes the events. When it returns or throws, `progress` says what has happened.
  virtual void take(std::span<const PlacedEvent> batch, ReplayProgress& progress) = 0;
};

/// Gives the events to `answer` as JSON Lines. \throws OutputError  from `take`
[[nodiscard]] std::unique_ptr<ReplayTarget> replay_to_answer(Answer& answer);

/// Writes them to another file, a batch in a transaction. The file is created where it is missing.
/// \param unchecked  --unchecked
[[nodiscard]] std::unique_ptr<ReplayTarget> replay_to_file(const std::string& file, bool unchecked,
                                                           const Context& context);

/// Runs a command of the shell for each event. \throws Error  `ErrorCode::program` from `take`
/// \param interruptible  `take` returns after the running command where the user interrupts
[[nodiscard]] std::unique_ptr<ReplayTarget> replay_to_command(const std::string& command,
                                                              bool interruptible);

/// Appends `{"position":…,"eventStoreId":…,"event":{…}}` and the end of the line; without position
/// where the place is none. \throws Error  `ErrorCode::malformed_event`, with the place
void append_line(std::string& out, const PlacedEvent& placed);

}  // namespace castore::cli
