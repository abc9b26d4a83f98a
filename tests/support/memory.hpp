#pragma once

/// \file
/// Memory that is short when a test says so. In programs that have `support/memory.cpp`.

#include <castore/error.hpp>
#include <new>

namespace castore::testing {

/// Whether `operator new` fails on this thread.
extern thread_local bool memory_is_exhausted;

/// Lets allocations of all threads fail: `count` of them, from the `first` on, counted from now.
/// Where `allocation_fails` is asked, other allocators take part.
void fail_allocations(long first, long count) noexcept;

/// Lets none fail any more. \returns how many there were since `fail_allocations`
long stop_failing_allocations() noexcept;

/// Whether the next allocation is to fail. Counts it.
[[nodiscard]] bool allocation_fails() noexcept;

/// Calls `action` with an allocation that fails, or several in a row. \returns whether it ended
/// before it came to them
template <class Action>
bool survives(long first, long count, const Action& action) {
  fail_allocations(first, count);
  try {
    action();
  } catch (const Error&) {
  } catch (const std::bad_alloc&) {
  }
  return stop_failing_allocations() < first;
}

}  // namespace castore::testing
