#pragma once

#include <iosfwd>

namespace castore::cli {

/// Tells whether `stream` is this process's standard output or error, and a person looks at it.
[[nodiscard]] bool is_terminal(const std::ostream& stream) noexcept;

}  // namespace castore::cli
