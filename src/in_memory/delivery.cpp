#include "in_memory/delivery.hpp"

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <iostream>
#include <map>
#include <mutex>
#include <new>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "exception_text.hpp"
#include "saturating_time.hpp"

namespace castore {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Real time, on a thread of its own, from the first call on. What is due when it is destroyed is
/// dropped. An action may be the one that destroys it.
class ThreadTimer final : public Timer {
 public:
  ThreadTimer() : state_(std::make_shared<State>()) {}
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
      // The thread first: an action that is kept is run.
      if (!state_->thread.joinable()) {
        state_->thread = std::thread([state = state_] { run(*state); });
      }
      state_->actions.emplace(later(steady_clock::now(), delay), std::move(action));
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
  const MessageContext& last = unhandled.context;
  std::string how = "castore: stopped before a message was handled: ";
  if (!unhandled.stopped) {
    how = "castore: gave up a message after " + std::to_string(last.attempt) +
          (last.attempt == 1 ? " attempt" : " attempts") +
          (last.retry_attempts_left > 0 ? ", since it cannot be tried again later: " : ": ");
  }
  std::cerr << how + name_of(unhandled.message) + ": " + reason_of(unhandled) + '\n';
}

/// A queue or bus that cannot come to rest before this thread goes on: it serves a listener of it,
/// or tells of a message that is given up. On the stack of that thread.
class Holdup {
 public:
  explicit Holdup(std::shared_ptr<Pending> of, bool reports = false) noexcept
      : pending(std::move(of)), reporting(reports), outer(innermost) {
    innermost = this;
  }
  Holdup& operator=(Holdup&&) = delete;
  ~Holdup() { innermost = outer; }

  /// Whether this thread tells of a message of it.
  [[nodiscard]] static bool is_reporting(const Pending& of) noexcept {
    for (const Holdup* one = innermost; one != nullptr; one = one->outer) {
      if (one->reporting && one->pending.get() == &of) return true;
    }
    return false;
  }

  const std::shared_ptr<Pending> pending;
  const bool reporting;
  const Holdup* const outer;
  inline static thread_local const Holdup* innermost = nullptr;
};

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

void Pending::add(std::size_t count) noexcept {
  const std::lock_guard lock(mutex_);
  count_ += count;
}

void Pending::remove() noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (--count_ > 0) return;
  }
  changed_.notify_all();
}

void Pending::miss_listener(bool missing) noexcept {
  {
    const std::lock_guard lock(mutex_);
    missing_listeners_ = missing ? missing_listeners_ + 1 : missing_listeners_ - 1;
  }
  changed_.notify_all();
}

/// The wait of a listener of `from` for `to`.
class Pending::Edge {
 public:
  Edge(std::shared_ptr<Pending> from, const std::shared_ptr<Pending>& to) : from_(std::move(from)) {
    const std::lock_guard lock(from_->mutex_);
    place_ = from_->waited_for_.insert(from_->waited_for_.end(), to);
  }
  Edge& operator=(Edge&&) = delete;
  ~Edge() {
    const std::lock_guard lock(from_->mutex_);
    from_->waited_for_.erase(place_);
  }

 private:
  std::shared_ptr<Pending> from_;
  std::list<std::shared_ptr<Pending>>::iterator place_;
};

bool Pending::waits_for(const std::shared_ptr<Pending>& pending, const Pending& other) {
  std::vector<std::shared_ptr<Pending>> reached{pending};
  for (std::size_t i = 0; i < reached.size(); ++i) {
    const auto one = reached[i];
    if (one.get() == &other) return true;
    const std::lock_guard lock(one->mutex_);
    for (const auto& next : one->waited_for_) {
      if (std::find(reached.begin(), reached.end(), next) == reached.end()) reached.push_back(next);
    }
  }
  return false;
}

bool Pending::wait(const std::shared_ptr<Pending>& pending) {
  // All edges before the first look: of those who would wait for each other the last one sees it.
  std::list<Edge> edges;
  for (const Holdup* one = Holdup::innermost; one != nullptr; one = one->outer) {
    edges.emplace_back(one->pending, pending);
  }
  for (const Holdup* one = Holdup::innermost; one != nullptr; one = one->outer) {
    if (waits_for(pending, *one->pending)) {
      throw InvalidOptionError("drain", "a worker or handler would wait for itself");
    }
  }
  std::unique_lock lock(pending->mutex_);
  pending->changed_.wait(lock,
                         [&] { return pending->count_ == 0 || pending->missing_listeners_ > 0; });
  return pending->count_ == 0;
}

struct Delivery::State {
  State(MessageHandler of_listener, DeliveryOptions given, std::shared_ptr<Pending> counts)
      : options(std::move(given)),
        pending(std::move(counts)),
        listener(share(std::move(of_listener))) {}

  static std::shared_ptr<const MessageHandler> share(MessageHandler handler) {
    if (!handler) return nullptr;
    return std::make_shared<const MessageHandler>(std::move(handler));
  }

  /// The thread's whole life; `handle` and `report` catch all that the application throws.
  static void run(const std::shared_ptr<State>& state) noexcept;
  void handle(const MessageHandler& handler, Tasks& task,
              const std::weak_ptr<State>& self) noexcept;
  /// \returns whether it is to be tried again, and so still on its way
  [[nodiscard]] bool retry(Tasks& task, const std::weak_ptr<State>& self) noexcept;
  void call_after_delay(Tasks& task, const std::weak_ptr<State>& self);
  void report(const Task& task, const MessageContext& last, bool stopped,
              bool by_line = false) noexcept;
  /// Under the mutex, after a change of the listener or of what waits for it.
  void tell_whether_listener_is_missing() noexcept;

  DeliveryOptions options;
  std::shared_ptr<Pending> pending;
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::shared_ptr<const MessageHandler> listener;  ///< null: messages wait
  Tasks queue;
  Tasks retries;                  ///< waiting for the timer
  bool listener_missing = false;  ///< as it was told
  bool stopping = false;
  std::thread thread;  ///< from the first message on
};

void Delivery::State::run(const std::shared_ptr<State>& state) noexcept {
  State& self = *state;
  const Holdup holdup(self.pending);
  std::unique_lock lock(self.mutex);
  while (true) {
    self.changed.wait(lock,
                      [&] { return self.stopping || (self.listener && !self.queue.empty()); });
    if (self.stopping) return;
    {
      Tasks task;
      task.splice(task.begin(), self.queue, self.queue.begin());
      const auto handler = self.listener;
      lock.unlock();
      self.handle(*handler, task, state);
    }  // the application's objects go without the lock
    lock.lock();
  }
}

void Delivery::State::handle(const MessageHandler& handler, Tasks& task,
                             const std::weak_ptr<State>& self) noexcept {
  try {
    handler(*task.front().message, task.front().context);
  } catch (...) {
    task.front().error = std::current_exception();
    if (retry(task, self)) return;
  }
  pending->remove();
}

bool Delivery::State::retry(Tasks& task, const std::weak_ptr<State>& self) noexcept {
  const MessageContext failed = task.front().context;
  bool too_late = false;
  if (failed.retry_attempts_left > 0) {
    const auto place = task.begin();  // stays valid from list to list
    try {
      call_after_delay(task, self);
    } catch (...) {  // no thread, no memory, or what a timer of the application's throws
      const std::lock_guard lock(mutex);
      if (task.empty() && place->for_timer) task.splice(task.begin(), retries, place);
    }
    if (task.empty()) return true;
    const std::lock_guard lock(mutex);
    task.front().for_timer = nullptr;
    too_late = stopping;
    tell_whether_listener_is_missing();
  }
  report(task.front(), failed, too_late);
  return false;
}

/// Leaves `task` where it is if it is too late.
void Delivery::State::call_after_delay(Tasks& task, const std::weak_ptr<State>& self) {
  const MessageContext failed = task.front().context;
  const auto place = task.begin();
  std::shared_ptr<const void> for_timer = std::make_shared<const MessageContext>(failed);
  // Safe to call at any time, and more than once: who knows what a timer does that throws.
  std::function<void()> action = [self, place, waiting = std::weak_ptr(for_timer)] {
    const auto state = self.lock();
    if (!state) return;
    const std::lock_guard lock(state->mutex);
    if (waiting.expired()) return;  // it was reported
    place->for_timer = nullptr;
    state->queue.splice(state->queue.end(), state->retries, place);
    state->changed.notify_all();
  };
  {
    const std::lock_guard lock(mutex);
    if (stopping) return;
    place->for_timer = std::move(for_timer);
    place->context = {failed.attempt + 1, failed.retry_attempts_left - 1, failed.replay};
    retries.splice(retries.end(), task);
    tell_whether_listener_is_missing();
  }
  const RetryPolicy& policy = options.retry_policy;
  options.timer->call_after(
      grown(policy.retry_delay, policy.retry_backoff_rate, failed.attempt - 1), std::move(action));
}

void Delivery::State::report(const Task& task, const MessageContext& last, bool stopped,
                             bool by_line) noexcept {
  const Holdup holdup(pending, true);
  try {
    const UnhandledMessage unhandled{*task.message, last, task.error, stopped};
    if (options.on_unhandled && !by_line) {
      options.on_unhandled(unhandled);
    } else {
      write_line(unhandled);
    }
  } catch (const std::bad_alloc&) {
    std::fputs("castore: out of memory while telling of a message that was not handled\n", stderr);
  } catch (...) {
    return;  // there is nobody left to tell
  }
}

void Delivery::State::tell_whether_listener_is_missing() noexcept {
  const bool missing = !listener && !(queue.empty() && retries.empty());
  if (missing == listener_missing) return;
  listener_missing = missing;
  pending->miss_listener(missing);
}

Delivery::Delivery(MessageHandler listener, const DeliveryOptions& options,
                   std::shared_ptr<Pending> pending)
    : state_(std::make_shared<State>(std::move(listener), options, std::move(pending))) {}

void Delivery::close() noexcept {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
}

void Delivery::stop() noexcept {
  close();
  std::thread thread;
  {
    const std::lock_guard lock(state_->mutex);
    thread = std::move(state_->thread);
  }
  if (thread.get_id() == std::this_thread::get_id()) {
    thread.detach();  // it ends when the listener, who calls, has returned
  } else if (thread.joinable()) {
    thread.join();
  }
  Tasks left;
  {
    const std::lock_guard lock(state_->mutex);
    left.splice(left.end(), state_->retries);
    left.splice(left.end(), state_->queue);
    for (Task& task : left) task.for_timer = nullptr;
    state_->tell_whether_listener_is_missing();
  }
  for (const Task& task : left) {
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
  auto shared = State::share(std::move(listener));
  {
    const std::lock_guard lock(state_->mutex);
    state_->listener.swap(shared);  // the old one goes without the lock
    state_->tell_whether_listener_is_missing();
  }
  state_->changed.notify_all();
}

Delivery::Tasks Delivery::prepare(std::span<const std::shared_ptr<const Message>> messages,
                                  bool replay) {
  const MessageContext first{1, state_->options.retry_policy.retry_attempts, replay};
  Tasks tasks;
  for (const auto& message : messages) tasks.push_back({message, first});
  const std::lock_guard lock(state_->mutex);
  if (!state_->stopping && !state_->thread.joinable()) {
    try {
      state_->thread = std::thread([state = state_] { State::run(state); });
    } catch (const std::system_error& error) {
      throw std::system_error(error.code(), "No thread can be started for a worker or handler");
    }
  }
  return tasks;
}

void Delivery::accept(Tasks& tasks) noexcept {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopping) return;
    state_->pending->add(tasks.size());
    state_->queue.splice(state_->queue.end(), tasks);
    state_->tell_whether_listener_is_missing();
  }
  state_->changed.notify_all();
}

void Delivery::refuse(const Tasks& tasks) noexcept {
  // A message that `on_unhandled` publishes would come back to it without end.
  const bool comes_back = Holdup::is_reporting(*state_->pending);
  for (const Task& task : tasks) state_->report(task, task.context, true, comes_back);
}

}  // namespace castore
