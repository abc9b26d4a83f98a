#include "support/memory.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace castore::testing {

thread_local bool memory_is_exhausted = false;

}  // namespace castore::testing

void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  if (castore::testing::memory_is_exhausted) return nullptr;
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
