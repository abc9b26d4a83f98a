#pragma once

/// \file
/// The source of time of an adapter.

#include <castore/event.hpp>
#include <functional>

namespace castore {

/// The source of missing timestamps. Called under the adapter's write lock.
using Clock = std::function<Timestamp()>;

/// The system clock in whole milliseconds, as the original's.
[[nodiscard]] Timestamp system_now();

}  // namespace castore
