#include <castore/clock.hpp>
#include <chrono>

namespace castore {

Timestamp system_now() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

}  // namespace castore
