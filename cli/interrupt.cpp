#include "interrupt.hpp"

#include <algorithm>
#include <csignal>
#include <thread>

namespace castore::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;  // a signal handler can reach nothing else

}  // namespace

bool InterruptMark::is_set() noexcept { return interrupted != 0; }

void sleep_until(std::chrono::steady_clock::time_point time) {
  using std::chrono::steady_clock;
  constexpr steady_clock::duration nap = std::chrono::milliseconds{50};
  for (auto now = steady_clock::now(); now < time; now = steady_clock::now()) {
    if (InterruptMark::is_set()) return;
    std::this_thread::sleep_for(std::min(nap, time - now));
  }
}

#ifdef _WIN32

// Windows resets the handler to the default when it calls it: the second Ctrl-C ends the process.
struct InterruptMark::Previous {
  void (*handler)(int);
};

InterruptMark::InterruptMark(Waiting /*calls*/) : previous_(std::make_unique<Previous>()) {
  interrupted = 0;
  previous_->handler = std::signal(SIGINT, [](int) { interrupted = 1; });
  if (previous_->handler == SIG_IGN) std::signal(SIGINT, SIG_IGN);
}

InterruptMark::~InterruptMark() {
  std::signal(SIGINT, previous_->handler);
  interrupted = 0;
}

IgnoreBrokenPipes::IgnoreBrokenPipes() = default;
IgnoreBrokenPipes::~IgnoreBrokenPipes() = default;

#else

struct InterruptMark::Previous {
  struct sigaction action;
};

InterruptMark::InterruptMark(Waiting calls) : previous_(std::make_unique<Previous>()) {
  interrupted = 0;
  sigaction(SIGINT, nullptr, &previous_->action);
  if (previous_->action.sa_handler == SIG_IGN) return;
  struct sigaction mark {};
  mark.sa_handler = [](int) { interrupted = 1; };
  mark.sa_flags = static_cast<int>(SA_RESETHAND);
  if (calls == Waiting::goes_on) mark.sa_flags |= SA_RESTART;
  sigemptyset(&mark.sa_mask);
  sigaction(SIGINT, &mark, nullptr);
}

InterruptMark::~InterruptMark() {
  sigaction(SIGINT, &previous_->action, nullptr);
  interrupted = 0;
}

IgnoreBrokenPipes::IgnoreBrokenPipes() : previous_(std::signal(SIGPIPE, SIG_IGN)) {}
IgnoreBrokenPipes::~IgnoreBrokenPipes() {
  if (previous_ != SIG_ERR) std::signal(SIGPIPE, previous_);
}

#endif

}  // namespace castore::cli
