#include <doctest/doctest.h>

#include <castore/stop.hpp>
#include <chrono>
#include <thread>

namespace castore::testing {
namespace {

using Clock = std::chrono::steady_clock;

TEST_CASE("a token without a source is never asked to stop") {
  const StopToken token;
  CHECK_FALSE(token.stop_requested());
  const auto until = Clock::now() + std::chrono::milliseconds{2};
  CHECK_FALSE(token.wait_until(until));
  CHECK(Clock::now() >= until);
}

TEST_CASE("all tokens of a source and its copies are asked to stop once") {
  StopSource source;
  const StopToken before = source.get_token();
  CHECK_FALSE(before.stop_requested());

  StopSource copy = source;
  CHECK(copy.request_stop());
  CHECK_FALSE(source.request_stop());

  CHECK(source.stop_requested());
  CHECK(before.stop_requested());
  CHECK(source.get_token().stop_requested());
}

TEST_CASE("a wait for a stop ends at its time") {
  const StopSource source;
  const auto until = Clock::now() + std::chrono::milliseconds{2};
  CHECK_FALSE(source.get_token().wait_until(until));
  CHECK(Clock::now() >= until);
}

TEST_CASE("a wait for a stop ends at the stop") {
  StopSource source;
  const StopToken token = source.get_token();
  bool stopped = false;
  std::thread waiting([&] { stopped = token.wait_until(Clock::time_point::max()); });
  source.request_stop();
  waiting.join();
  CHECK(stopped);
  CHECK(token.wait_until(Clock::time_point::max()));
}

}  // namespace
}  // namespace castore::testing
