#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "history/event_writer.hpp"
#include "history/replay_target.hpp"
#include "os/process.hpp"

namespace castore::cli {

/// The most events of a batch, and so of a transaction.
inline constexpr std::size_t replay_batch_size = 1000;

/// Gives events to a program, one a line, and replays to a target the events that it prints: none,
/// one or several for each.
class EventMapper {
 public:
  /// \throws Error  `ErrorCode::program`
  EventMapper(const std::string& program, ReplayTarget& target, ReplayProgress& progress);

  /// Gives events to the program. Returns how many: fewer where the user interrupts.
  /// \throws Error  `ErrorCode::program`, those of the target, and those of a line that is no event
  std::size_t write(std::span<const PlacedEvent> events);

  /// Only takes what the program prints, until then or until the user interrupts. Throws as
  /// `write`.
  void pause_until(std::chrono::steady_clock::time_point time);

  /// Takes all that the program still prints, and waits for its end. Throws as `write`.
  void finish();

 private:
  void on_output(std::string_view text);
  void on_line();
  void flush();

  ReplayTarget& target_;
  ReplayProgress& progress_;
  std::string input_;
  std::string line_;  ///< what the program has printed of it
  std::int64_t line_count_ = 0;
  std::vector<PlacedLine> batch_;
  std::size_t batch_bytes_ = 0;
  std::chrono::steady_clock::time_point batch_due_{};
  Filter filter_;
};

}  // namespace castore::cli
