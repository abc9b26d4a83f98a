#include "support/memory.hpp"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace castore::testing {
namespace {

std::atomic<long> first_failure{0};  // 0: none fails
std::atomic<long> failures{0};
std::atomic<long> allocations{0};

}  // namespace

thread_local bool memory_is_exhausted = false;

void fail_allocations(long first, long count) noexcept {
  failures = count;
  allocations = 0;
  first_failure = first;
}

long stop_failing_allocations() noexcept {
  first_failure = 0;
  return allocations;
}

bool allocation_fails() noexcept {
  if (memory_is_exhausted) return true;
  const long first = first_failure;
  if (first == 0) return false;
  const long number = ++allocations;
  return number >= first && number < first + failures;
}

}  // namespace castore::testing

void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  if (castore::testing::allocation_fails()) return nullptr;
  return std::malloc(size > 0 ? size : 1);
}
void* operator new(std::size_t size) {
  void* const place = operator new(size, std::nothrow);
  if (place == nullptr) throw std::bad_alloc();
  return place;
}
void operator delete(void* place) noexcept { std::free(place); }
void operator delete(void* place, std::size_t /*size*/) noexcept { std::free(place); }
void operator delete(void* place, const std::nothrow_t& /*tag*/) noexcept { std::free(place); }
