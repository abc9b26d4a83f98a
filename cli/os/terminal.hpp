#pragma once

#include <iosfwd>

namespace castore::cli {

/// `stream` is this process's standard output or error, and a person is looking at it.
[[nodiscard]] bool is_terminal(const std::ostream& stream) noexcept;

}  // namespace castore::cli
