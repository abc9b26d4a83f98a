#include "os/terminal.hpp"

#include <iostream>

#ifdef _WIN32
#include <io.h>
#else
#include <unistd.h>
#endif

namespace castore::cli {

bool is_terminal(const std::ostream& stream) noexcept {
  const bool output = &stream == &std::cout;
  if (!output && &stream != &std::cerr) return false;
#ifdef _WIN32
  return _isatty(output ? 1 : 2) != 0;
#else
  return isatty(output ? STDOUT_FILENO : STDERR_FILENO) != 0;
#endif
}

}  // namespace castore::cli
