#pragma once

namespace castore::testing {

/// Whether `operator new` fails on this thread. In programs that have `support/memory.cpp`.
extern thread_local bool memory_is_exhausted;

}  // namespace castore::testing
