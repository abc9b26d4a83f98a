#include "history/event_mapper.hpp"

#include <castore/adapter_support.hpp>
#include <utility>

namespace castore::cli {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t batch_bytes = std::size_t{1} << 20;
constexpr std::chrono::milliseconds batch_time{100};  // a slow program's events need not wait

/// Checks what a push does, whatever the target. \throws Error  with the line
void check_rules(const PlacedLine& line) {
  require_timestamp(line);
  try {
    check_new_event(line.content.event_store_id, to_view(line.content.event));
  } catch (const Error& error) {
    throw located(error, line.location);
  }
}

}  // namespace

EventMapper::EventMapper(const std::string& program, ReplayTarget& target, ReplayProgress& progress)
    : target_(target),
      progress_(progress),
      filter_(program, [this](std::string_view text) { on_output(text); }) {}

std::size_t EventMapper::write(std::span<const PlacedEvent> events) {
  input_.clear();
  for (const PlacedEvent& placed : events) append_line(input_, placed);
  return static_cast<std::size_t>(filter_.write(input_));
}

void EventMapper::pause_until(steady_clock::time_point time) { filter_.pause_until(time); }

void EventMapper::finish() {
  filter_.finish();
  on_line();  // a last one without its end
  flush();
}

void EventMapper::on_output(std::string_view text) {
  for (auto end = text.find('\n'); end != text.npos; end = text.find('\n')) {
    line_ += text.substr(0, end);
    text.remove_prefix(end + 1);
    on_line();
  }
  line_ += text;
  if (line_.size() > longest_line) {
    throw located(InvalidEventError("event", "is longer than 256 MiB"),
                  {Location::Of::output_line, line_count_ + 1});
  }
  if (!batch_.empty() && steady_clock::now() >= batch_due_) flush();
}

void EventMapper::on_line() {
  auto line = parse_placed_line(line_, {Location::Of::output_line, ++line_count_});
  if (line) {
    check_rules(*line);
    if (batch_.empty()) batch_due_ = steady_clock::now() + batch_time;
    batch_.push_back(std::move(*line));
    batch_bytes_ += line_.size();
  }
  line_.clear();
  if (batch_.size() >= replay_batch_size || batch_bytes_ >= batch_bytes) flush();
}

void EventMapper::flush() {
  if (batch_.empty()) return;
  target_.take(to_views(batch_), progress_);
  batch_.clear();
  batch_bytes_ = 0;
}

}  // namespace castore::cli
