#include "os/standard_streams.hpp"

#include <castore/error.hpp>
#include <cerrno>
#include <iostream>
#include <string_view>
#include <system_error>

#include "os/interrupt.hpp"

#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#else
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace castore::cli {
namespace {

constexpr std::size_t buffer_size = std::size_t{64} * 1024;

#ifdef _WIN32

std::ptrdiff_t read_some(int descriptor, std::vector<char>& buffer) {
  return _read(descriptor, buffer.data(), static_cast<unsigned>(buffer.size()));
}

std::ptrdiff_t write_some(int descriptor, std::string_view text) {
  return _write(descriptor, text.data(), static_cast<unsigned>(text.size()));
}

bool waits_to_be_read(int /*descriptor*/) { return true; }
void wait_to_write(int /*descriptor*/) {}
bool is_directory(int /*descriptor*/) { return false; }
int open_file(const char* name) { return _open(name, _O_RDONLY | _O_BINARY); }
void close_file(int descriptor) { _close(descriptor); }

#else

std::ptrdiff_t read_some(int descriptor, std::vector<char>& buffer) {
  return ::read(descriptor, buffer.data(), buffer.size());
}

std::ptrdiff_t write_some(int descriptor, std::string_view text) {
  return ::write(descriptor, text.data(), text.size());
}

/// Waits for something to read. Returns false after a moment, in which the user may have
/// interrupted, and true where reading will tell that something is wrong with the descriptor.
bool waits_to_be_read(int descriptor) {
  constexpr int moment = 100;  // ms
  pollfd input{descriptor, POLLIN, 0};
  const int ready = poll(&input, 1, moment);
  return ready > 0 || (ready < 0 && errno != EINTR);
}

void wait_to_write(int descriptor) {
  pollfd output{descriptor, POLLOUT, 0};
  poll(&output, 1, -1);
}

bool is_directory(int descriptor) {
  struct stat status {};
  return fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode);
}

int open_file(const char* name) { return ::open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY); }
void close_file(int descriptor) { ::close(descriptor); }

#endif

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK; }

[[noreturn]] void fail_to_open(const std::string& name, int reason) {
  const std::vector<ErrorField> path{{"path", name}};
  if (reason == ENOENT || reason == ENOTDIR) throw FileNotFoundError(name);
  if (reason == EACCES || reason == EPERM) {
    throw StorageError(ErrorCode::permission_denied, "no permission to read " + name, path);
  }
  throw StorageError(ErrorCode::storage,
                     "Unable to read " + name + ": " + std::generic_category().message(reason),
                     path);
}

/// Opens a file; a pipe only when another program writes it. Returns -1 where the user interrupts.
int open_for_reading(const std::string& name) {
  while (true) {
    const int descriptor = open_file(name.c_str());
    if (descriptor >= 0) return descriptor;
    if (errno != EINTR) fail_to_open(name, errno);
    if (InterruptMark::is_set()) return -1;
  }
}

}  // namespace

InputBuffer::InputBuffer(int descriptor) : descriptor_(descriptor), buffer_(buffer_size) {}

InputBuffer::int_type InputBuffer::underflow() {
  while (true) {
    if (InterruptMark::is_set()) return traits_type::eof();
    if (!waits_to_be_read(descriptor_)) continue;
    const std::ptrdiff_t count = read_some(descriptor_, buffer_);
    if (count == 0) return traits_type::eof();
    if (count > 0) {
      setg(buffer_.data(), buffer_.data(), buffer_.data() + count);
      return traits_type::to_int_type(*gptr());
    }
    if (errno != EINTR && !would_block()) throw std::system_error(errno, std::generic_category());
  }
}

InputFile::InputFile(const std::string& name) : InputBuffer(open_for_reading(name)) {
  if (!is_directory(descriptor_)) return;
  close_file(descriptor_);
  fail_to_open(name, EISDIR);
}

InputFile::~InputFile() {
  if (descriptor_ >= 0) close_file(descriptor_);
}

OutputBuffer::OutputBuffer(int descriptor) : descriptor_(descriptor), buffer_(buffer_size) {
  setp(buffer_.data(), buffer_.data() + buffer_.size());
}

OutputBuffer::~OutputBuffer() { write_buffer(); }

OutputBuffer::int_type OutputBuffer::overflow(int_type c) {
  if (!write_buffer()) return traits_type::eof();
  return traits_type::eq_int_type(c, traits_type::eof()) ? traits_type::not_eof(c)
                                                         : sputc(traits_type::to_char_type(c));
}

int OutputBuffer::sync() { return write_buffer() ? 0 : -1; }

bool OutputBuffer::write_buffer() {
  std::string_view text(pbase(), static_cast<std::size_t>(pptr() - pbase()));
  setp(buffer_.data(), buffer_.data() + buffer_.size());
  while (!text.empty()) {
    const std::ptrdiff_t count = write_some(descriptor_, text);
    if (count >= 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (would_block()) {
      wait_to_write(descriptor_);
    } else if (errno != EINTR) {
      reader_is_gone_ = errno == EPIPE;
      return false;
    }
  }
  return true;
}

StandardStreams::StandardStreams()
    : input_(0),
      output_(1),
      errors_(2),
      in_(&input_),
      previous_output_(std::cout.flush().rdbuf(&output_)),
      previous_errors_(std::cerr.flush().rdbuf(&errors_)) {}

StandardStreams::~StandardStreams() {
  std::cout.flush().rdbuf(previous_output_);
  std::cerr.flush().rdbuf(previous_errors_);
}

}  // namespace castore::cli
