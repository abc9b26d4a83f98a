#pragma once

/// \file
/// Where adapters have the time from.

#include <castore/event.hpp>
#include <functional>

namespace castore {

/// Where missing timestamps come from. Called under the adapter's write lock.
using Clock = std::function<Timestamp()>;

/// The system clock in whole milliseconds, as the original's.
[[nodiscard]] Timestamp system_now();

}  // namespace castore
