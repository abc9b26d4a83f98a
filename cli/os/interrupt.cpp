#include "os/interrupt.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <thread>

namespace castore::cli {
namespace {

// A handler may run on any thread.
std::atomic<int> interrupted{0};
static_assert(std::atomic<int>::is_always_lock_free, "a handler can reach nothing else");

}  // namespace

int InterruptMark::signal() noexcept { return interrupted; }

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
bool IgnoreBrokenPipes::matters() const noexcept { return false; }
void end_by_broken_pipe() {}

#else

namespace {

constexpr std::array<int, 3> signals{SIGINT, SIGTERM, SIGHUP};

/// Sets the mark. The next one of any of the signals ends the process.
void set_mark(int signal) {
  interrupted = signal;
  for (const int each : signals) {
    struct sigaction action {};
    sigaction(each, nullptr, &action);
    if (action.sa_handler == set_mark) std::signal(each, SIG_DFL);
  }
}

}  // namespace

struct InterruptMark::Previous {
  std::array<struct sigaction, signals.size()> actions;
};

InterruptMark::InterruptMark(Waiting calls) : previous_(std::make_unique<Previous>()) {
  interrupted = 0;
  struct sigaction mark {};
  mark.sa_handler = set_mark;
  if (calls == Waiting::goes_on) mark.sa_flags = SA_RESTART;
  sigemptyset(&mark.sa_mask);
  for (const int each : signals) sigaddset(&mark.sa_mask, each);
  for (std::size_t i = 0; i < signals.size(); ++i) {
    struct sigaction& previous = previous_->actions[i];
    sigaction(signals[i], nullptr, &previous);
    if (previous.sa_handler != SIG_IGN) sigaction(signals[i], &mark, nullptr);
  }
}

InterruptMark::~InterruptMark() {
  for (std::size_t i = 0; i < signals.size(); ++i) {
    sigaction(signals[i], &previous_->actions[i], nullptr);
  }
  interrupted = 0;
}

IgnoreBrokenPipes::IgnoreBrokenPipes() : previous_(std::signal(SIGPIPE, SIG_IGN)) {}
IgnoreBrokenPipes::~IgnoreBrokenPipes() {
  if (previous_ != SIG_ERR) std::signal(SIGPIPE, previous_);
}

bool IgnoreBrokenPipes::matters() const noexcept { return previous_ == SIG_DFL; }

void end_by_broken_pipe() {
  std::signal(SIGPIPE, SIG_DFL);
  std::raise(SIGPIPE);
}

#endif

}  // namespace castore::cli
