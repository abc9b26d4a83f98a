#pragma once

/// \file
/// BOUNDARY: what runs once events are stored, in which order, and what becomes of its exceptions.
/// For authors of adapters; `EventStore` tells of events by it.

#include <castore/error.hpp>
#include <exception>
#include <functional>
#include <list>
#include <span>
#include <string_view>
#include <utility>

namespace castore {

/// Runs what `EventStorageAdapter::after_commit` was given, after the commit: all of it, in this
/// order, whatever one of them throws. The first exception propagates, an error of castore's as an
/// `AfterCommitError`, so that nobody takes it for one of the push or the commit.
void run_after_commit(std::span<const std::function<void()>> actions);

namespace detail {

/// The first exception of several actions that are all to be done.
class FirstFailure {
 public:
  template <class Action>
  void keep_of(Action&& action) noexcept {
    try {
      action();
    } catch (...) {
      if (!failure_) failure_ = std::current_exception();
    }
  }
  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  std::exception_ptr failure_;
};

/// Called in a catch clause: rethrows, an error of castore's that does not say so itself as an
/// `AfterCommitError`, about that event if it is known.
[[noreturn]] void rethrow_after_commit(std::string_view event_store_id,
                                       std::string_view aggregate_id, Version version);
[[noreturn]] void rethrow_after_commit();

/// The order in which a thread publishes: that of its commits. A callback may push on, and so may
/// a channel; what they push is published after the event that they are told of, and after those
/// that were committed with it. One object for what is told of together: a push, a group, a
/// transaction.
class CommitOrder {
 public:
  /// Runs `body`, in which what was committed together is told of; and then, if this thread is
  /// telling of nothing else, what was put off meanwhile. The first exception propagates.
  template <class Body>
  static void keep(Body&& body) {
    if (innermost() != nullptr && !innermost()->telling_ && !innermost()->acting_) return body();
    CommitOrder order;
    FirstFailure failure;
    failure.keep_of(body);
    order.end(failure);
    failure.rethrow();
  }

  /// While there is one, this thread runs what waited for a commit: what is committed in there
  /// comes after it. \pre inside `keep`
  class Acting {
   public:
    Acting() noexcept : order_(*innermost()) { order_.acting_ = true; }
    Acting& operator=(Acting&&) = delete;
    ~Acting() { order_.acting_ = false; }

   private:
    CommitOrder& order_;
  };

  /// While there is one, this thread is telling of an event. \pre inside `keep` or `join`
  class Telling {
   public:
    Telling() noexcept : order_(*innermost()) { order_.telling_ = true; }
    Telling& operator=(Telling&&) = delete;
    ~Telling() { order_.telling_ = false; }

    /// It is telling of another one already: what is to be published has to be put off.
    [[nodiscard]] bool is_nested() const noexcept { return order_.outer_ != nullptr; }
    void put_off(std::function<void()> publish) { order_.own_.push_back(std::move(publish)); }

   private:
    CommitOrder& order_;
  };

  /// The same for one event, among those that it was committed with.
  template <class Body>
  static void join(Body&& body) {
    if (innermost() != nullptr && !innermost()->telling_) return body();
    keep(body);
  }

  CommitOrder& operator=(CommitOrder&&) = delete;
  ~CommitOrder() = default;

 private:
  CommitOrder() noexcept : outer_(innermost()) { set_innermost(this); }

  /// Of this thread. Behind functions of ours, since a thread-local variable crosses no border of
  /// a library everywhere.
  [[nodiscard]] static CommitOrder* innermost() noexcept;
  static void set_innermost(CommitOrder* order) noexcept;

  void end(FirstFailure& failure) noexcept;

  CommitOrder* outer_;
  bool acting_ = false;
  bool telling_ = false;
  std::list<std::function<void()>> own_;     ///< put off here
  std::list<std::function<void()>> deeper_;  ///< put off while this one was telling
};

}  // namespace detail
}  // namespace castore
