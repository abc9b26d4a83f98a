#include "sqlite/patience.hpp"

#include <algorithm>
#include <castore/error.hpp>
#include <string>
#include <thread>

#include "sqlite/connection.hpp"

namespace castore::sqlite {

void Patience::wait(const std::exception& reason) {
  using std::chrono::milliseconds;
  constexpr int always = 3;          // a second look costs nothing, whatever the timeout is
  constexpr int most_restarts = 20;  // however long what is tried again lasts
  const auto now = std::chrono::steady_clock::now();
  // Time that went by while a reading was under way was no waiting.
  const bool was_under_way = waits_ == 0 || now - waited_ > milliseconds{100};
  if (was_under_way && restarts_++ < most_restarts) deadline_ = deadline_after(timeout_);
  if (++waits_ > always && now >= deadline_) {
    throw StorageBusyError(std::string(reason.what()) +
                           "; it was tried again until the busy timeout");
  }
  constexpr std::chrono::microseconds longest_pause{2000};
  std::this_thread::sleep_for(pause_);
  pause_ = std::min(pause_ * 2, longest_pause);
  waited_ = std::chrono::steady_clock::now();
}

}  // namespace castore::sqlite
