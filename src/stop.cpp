#include <atomic>
#include <castore/stop.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace castore {

struct detail::StopState {
  std::atomic<bool> requested{false};
  std::mutex mutex;
  std::condition_variable changed;
};

StopToken::StopToken(std::shared_ptr<detail::StopState> state) noexcept
    : state_(std::move(state)) {}

bool StopToken::stop_requested() const noexcept { return state_ && state_->requested; }

bool StopToken::wait_until(std::chrono::steady_clock::time_point time) const {
  if (!state_) {
    std::this_thread::sleep_until(time);
    return false;
  }
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_until(lock, time, [this] { return state_->requested.load(); });
}

StopSource::StopSource() : token_(std::make_shared<detail::StopState>()) {}

bool StopSource::request_stop() noexcept {
  detail::StopState* const state = token_.state_.get();
  if (state == nullptr) return false;  // moved from
  {
    const std::lock_guard lock(state->mutex);
    if (state->requested.exchange(true)) return false;
  }
  state->changed.notify_all();
  return true;
}

}  // namespace castore
