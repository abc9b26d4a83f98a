#include "in_memory/delivery.hpp"

#include <cmath>
#include <condition_variable>
#include <iostream>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "exception_text.hpp"

namespace castore {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds longest_delay = std::chrono::hours{24 * 365};

/// Real time, on a thread of its own, from the first call on. What is due when it is destroyed is
/// dropped. An action may be the one that destroys it.
class ThreadTimer final : public Timer {
 public:
  ThreadTimer() : state_(std::make_shared<State>()) {}
  ThreadTimer(const ThreadTimer&) = delete;
  ThreadTimer& operator=(const ThreadTimer&) = delete;
  ThreadTimer(ThreadTimer&&) = delete;
  ThreadTimer& operator=(ThreadTimer&&) = delete;
  ~ThreadTimer() override {
    std::thread thread;
    {
      const std::lock_guard lock(state_->mutex);
      state_->stopping = true;
      thread = std::move(state_->thread);
    }
    state_->changed.notify_all();
    if (thread.get_id() == std::this_thread::get_id()) {
      thread.detach();
    } else if (thread.joinable()) {
      thread.join();
    }
  }

  void call_after(milliseconds delay, std::function<void()> action) override {
    {
      const std::lock_guard lock(state_->mutex);
      state_->actions.emplace(steady_clock::now() + delay, std::move(action));
      if (!state_->thread.joinable()) {
        state_->thread = std::thread([state = state_] { run(*state); });
      }
    }
    state_->changed.notify_all();
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::multimap<steady_clock::time_point, std::function<void()>> actions;
    bool stopping = false;
    std::thread thread;
  };

  static void run(State& state) {
    std::unique_lock lock(state.mutex);
    while (!state.stopping) {
      if (state.actions.empty()) {
        state.changed.wait(lock);
      } else if (const auto due = state.actions.begin()->first; steady_clock::now() < due) {
        state.changed.wait_until(lock, due);
      } else {
        call_first(state, lock);
      }
    }
  }

  static void call_first(State& state, std::unique_lock<std::mutex>& lock) {
    auto action = state.actions.extract(state.actions.begin());
    lock.unlock();
    action.mapped()();
    action = {};  // what it owns goes without the lock, too
    lock.lock();
  }

  std::shared_ptr<State> state_;
};

milliseconds delay_after(const RetryPolicy& policy, int attempt) {
  const double delay = static_cast<double>(policy.retry_delay.count()) *
                       std::pow(policy.retry_backoff_rate, attempt - 1);
  const auto longest = static_cast<double>(longest_delay.count());
  return milliseconds(std::llround(delay < longest ? delay : longest));
}

std::string reason_of(const UnhandledMessage& unhandled) {
  return unhandled.error ? text_of(unhandled.error) : "it was never handled";
}

std::string name_of(const Message& message) {
  std::string name = event_store_id_of(message);
  if (const EventDetail* event = event_of(message)) {
    return name + " aggregate " + event->aggregate_id + " version " +
           std::to_string(event->version);
  }
  return name + " aggregate " + std::get<AggregateExistsMessage>(message).aggregate_id;
}

void write_line(const UnhandledMessage& unhandled) {
  const std::string how = unhandled.stopped
                              ? "castore: stopped before a message was handled: "
                              : "castore: gave up a message after " +
                                    std::to_string(unhandled.context.attempt) +
                                    (unhandled.context.attempt == 1 ? " attempt: " : " attempts: ");
  std::cerr << how + name_of(unhandled.message) + ": " + reason_of(unhandled) + '\n';
}

}  // namespace

DeliveryOptions checked_options(DeliveryOptions options) {
  const RetryPolicy& policy = options.retry_policy;
  if (policy.retry_attempts < 0) throw InvalidRetryPolicyError("retryAttempts", "integer");
  if (policy.retry_delay.count() < 0) throw InvalidRetryPolicyError("retryDelayInMs", "number");
  if (!(policy.retry_backoff_rate >= 0) || !std::isfinite(policy.retry_backoff_rate)) {
    throw InvalidRetryPolicyError("backoffRate", "number");
  }
  if (!options.timer) options.timer = std::make_shared<ThreadTimer>();
  return options;
}

void Pending::add() {
  const std::lock_guard lock(mutex_);
  ++count_;
}

void Pending::remove() {
  {
    const std::lock_guard lock(mutex_);
    if (--count_ > 0) return;
  }
  none_.notify_all();
}

bool Pending::none() const {
  const std::lock_guard lock(mutex_);
  return count_ == 0;
}

void Pending::wait() const {
  std::unique_lock lock(mutex_);
  none_.wait(lock, [&] { return count_ == 0; });
}

struct Delivery::State {
  struct Task {
    std::shared_ptr<const Message> message;
    MessageContext context;      ///< of the attempt to come
    std::exception_ptr error{};  ///< of the attempt before
  };
  using Tasks = std::list<Task>;

  State(MessageHandler of_listener, DeliveryOptions given, std::shared_ptr<Pending> counts)
      : options(std::move(given)),
        pending(std::move(counts)),
        listener(share(std::move(of_listener))) {}

  static std::shared_ptr<const MessageHandler> share(MessageHandler handler) {
    if (!handler) return nullptr;
    return std::make_shared<const MessageHandler>(std::move(handler));
  }

  /// The thread's whole life.
  static void run(const std::shared_ptr<State>& state);
  void handle(const MessageHandler& handler, Tasks& task, const std::weak_ptr<State>& self);
  /// \returns whether it is to be tried again, and so still on its way
  [[nodiscard]] bool retry(Tasks& task, const std::weak_ptr<State>& self);
  void report(const Task& task, const MessageContext& last, bool stopped) noexcept;

  DeliveryOptions options;
  std::shared_ptr<Pending> pending;
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::shared_ptr<const MessageHandler> listener;  ///< null: messages wait
  Tasks queue;
  Tasks retries;  ///< waiting for the timer
  bool stopping = false;
  std::thread thread;  ///< from the first message on
};

void Delivery::State::run(const std::shared_ptr<State>& state) {
  State& self = *state;
  std::unique_lock lock(self.mutex);
  while (true) {
    self.changed.wait(lock,
                      [&] { return self.stopping || (self.listener && !self.queue.empty()); });
    if (self.stopping) return;
    Tasks task;
    task.splice(task.begin(), self.queue, self.queue.begin());
    const auto handler = self.listener;
    lock.unlock();
    self.handle(*handler, task, state);
    lock.lock();
  }
}

void Delivery::State::handle(const MessageHandler& handler, Tasks& task,
                             const std::weak_ptr<State>& self) {
  try {
    handler(*task.front().message, task.front().context);
  } catch (...) {
    task.front().error = std::current_exception();
    if (retry(task, self)) return;
  }
  pending->remove();
}

bool Delivery::State::retry(Tasks& task, const std::weak_ptr<State>& self) {
  const MessageContext failed = task.front().context;
  if (failed.retry_attempts_left == 0) {
    report(task.front(), failed, false);
    return false;
  }
  const auto place = task.begin();  // stays valid from list to list
  bool too_late = false;
  {
    const std::lock_guard lock(mutex);
    too_late = stopping;
    if (!too_late) {
      task.front().context = {failed.attempt + 1, failed.retry_attempts_left - 1, failed.replay};
      retries.splice(retries.end(), task);
    }
  }
  if (too_late) {
    report(task.front(), failed, true);
    return false;
  }
  options.timer->call_after(delay_after(options.retry_policy, failed.attempt), [self, place] {
    const auto state = self.lock();
    if (!state) return;
    const std::lock_guard lock(state->mutex);
    if (state->stopping) return;  // reported by whoever stops
    state->queue.splice(state->queue.end(), state->retries, place);
    state->changed.notify_all();
  });
  return true;
}

void Delivery::State::report(const Task& task, const MessageContext& last, bool stopped) noexcept {
  try {
    const UnhandledMessage unhandled{*task.message, last, task.error, stopped};
    if (options.on_unhandled) {
      options.on_unhandled(unhandled);
    } else {
      write_line(unhandled);
    }
  } catch (...) {
    return;  // there is nobody left to tell
  }
}

Delivery::Delivery(MessageHandler listener, const DeliveryOptions& options,
                   std::shared_ptr<Pending> pending)
    : state_(std::make_shared<State>(std::move(listener), options, std::move(pending))) {}

void Delivery::stop() {
  std::thread thread;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    thread = std::move(state_->thread);
  }
  state_->changed.notify_all();
  if (thread.get_id() == std::this_thread::get_id()) {
    thread.detach();  // it ends when the listener, who calls, has returned
  } else if (thread.joinable()) {
    thread.join();
  }
  State::Tasks left;
  {
    const std::lock_guard lock(state_->mutex);
    left.splice(left.end(), state_->retries);
    left.splice(left.end(), state_->queue);
  }
  for (const State::Task& task : left) {
    MessageContext last = task.context;
    if (task.error) {
      --last.attempt;
      ++last.retry_attempts_left;
    }
    state_->report(task, last, true);
    state_->pending->remove();
  }
}

void Delivery::set_listener(MessageHandler listener) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->listener = State::share(std::move(listener));
  }
  state_->changed.notify_all();
}

bool Delivery::has_listener() const {
  const std::lock_guard lock(state_->mutex);
  return state_->listener != nullptr;
}

void Delivery::post(std::shared_ptr<const Message> message, bool replay) {
  const auto state = state_;  // the listener, once it has the message, may destroy us
  const MessageContext first{1, state->options.retry_policy.retry_attempts, replay};
  State::Tasks task;
  task.push_back({std::move(message), first});
  {
    const std::lock_guard lock(state->mutex);
    if (!state->stopping) {
      state->pending->add();
      state->queue.splice(state->queue.end(), task);
      if (!state->thread.joinable()) state->thread = std::thread([state] { State::run(state); });
    }
  }
  if (!task.empty()) return state->report(task.front(), first, true);
  state->changed.notify_all();
}

bool Delivery::on_own_thread() const {
  const std::lock_guard lock(state_->mutex);
  return state_->thread.get_id() == std::this_thread::get_id();
}

}  // namespace castore
