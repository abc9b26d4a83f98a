#pragma once

/// \file
/// Time for tests of queues and buses: it passes when the test says so.

#include <castore/in_memory/delivery_options.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

namespace castore::testing {

///     const auto timer = std::make_shared<castore::testing::ManualTimer>();
///     castore::InMemoryMessageQueueAdapter queue(failing_worker, {.timer = timer});
///     queue.publish_message(message, {});
///     timer->wait_for_actions(1);                  // it has failed, and waits for its retry
///     timer->advance(std::chrono::seconds{30});    // now it is tried again
class ManualTimer final : public Timer {
 public:
  ManualTimer();
  ~ManualTimer() override;

  void call_after(std::chrono::milliseconds delay, std::function<void()> action) override;

  /// Runs what is due until then on this thread, in the order it is due; also what that adds. Time
  /// does not go back, and ends at `milliseconds::max()`: what would be due later is due then.
  void advance(std::chrono::milliseconds duration);

  /// Waits until at least `count` actions wait for their time.
  void wait_for_actions(std::size_t count) const;

  /// The time that has passed.
  [[nodiscard]] std::chrono::milliseconds elapsed() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace castore::testing
