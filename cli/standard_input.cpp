#include "standard_input.hpp"

#include <cerrno>
#include <system_error>

#include "interrupt.hpp"

#ifdef _WIN32
#include <io.h>
#else
#include <unistd.h>
#endif

namespace castore::cli {
namespace {

constexpr std::size_t buffer_size = std::size_t{64} * 1024;

std::ptrdiff_t read_some(std::vector<char>& buffer) {
#ifdef _WIN32
  return _read(0, buffer.data(), static_cast<unsigned>(buffer.size()));
#else
  return ::read(STDIN_FILENO, buffer.data(), buffer.size());
#endif
}

}  // namespace

StandardInput::StandardInput() : buffer_(buffer_size) {}

StandardInput::int_type StandardInput::underflow() {
  while (true) {
    if (InterruptMark::is_set()) return traits_type::eof();
    const std::ptrdiff_t count = read_some(buffer_);
    if (count == 0) return traits_type::eof();
    if (count > 0) {
      setg(buffer_.data(), buffer_.data(), buffer_.data() + count);
      return traits_type::to_int_type(*gptr());
    }
    // thrown through the stream it becomes its badbit
    if (errno != EINTR) throw std::system_error(errno, std::generic_category());
  }
}

}  // namespace castore::cli
