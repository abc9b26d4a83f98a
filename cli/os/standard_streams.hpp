#pragma once

#include <istream>
#include <streambuf>
#include <string>
#include <vector>

namespace castore::cli {

/// The input behind a descriptor. Waits for it, also where it is in non-blocking mode, as another
/// program may have left it; where the user interrupts (`InterruptMark`) that is the end of the
/// input.
class InputBuffer : public std::streambuf {
 public:
  /// \param descriptor  borrowed
  explicit InputBuffer(int descriptor);

 protected:
  /// \throws std::system_error  it cannot be read; through a stream that becomes its badbit
  int_type underflow() override;

  int descriptor_;

 private:
  std::vector<char> buffer_;
};

/// A file, a pipe or a device.
class InputFile : public InputBuffer {
 public:
  /// \throws FileNotFoundError
  /// \throws StorageError  `permission_denied`, or `storage`: a directory, too many open files
  explicit InputFile(const std::string& name);
  InputFile& operator=(InputFile&&) = delete;
  ~InputFile() override;
};

/// Writes to a descriptor, 64 KiB at a time or when it is flushed. Waits until everything is taken,
/// also where the descriptor is in non-blocking mode. Text that cannot be written is dropped.
class OutputBuffer : public std::streambuf {
 public:
  /// \param descriptor  borrowed
  explicit OutputBuffer(int descriptor);
  OutputBuffer& operator=(OutputBuffer&&) = delete;
  ~OutputBuffer() override;

  /// It is a pipe, and something could not be written because nobody reads it any more.
  [[nodiscard]] bool reader_is_gone() const noexcept { return reader_is_gone_; }

 protected:
  int_type overflow(int_type c) override;
  int sync() override;

 private:
  bool write_buffer();

  int descriptor_;
  std::vector<char> buffer_;
  bool reader_is_gone_ = false;
};

/// The standard streams of the process. While it lives, `std::cout` and `std::cerr` write by it: a
/// plugin may use them, too.
class StandardStreams {
 public:
  StandardStreams();
  StandardStreams& operator=(StandardStreams&&) = delete;
  ~StandardStreams();

  [[nodiscard]] std::istream& in() noexcept { return in_; }
  [[nodiscard]] const OutputBuffer& output() const noexcept { return output_; }

 private:
  InputBuffer input_;
  OutputBuffer output_;
  OutputBuffer errors_;
  std::istream in_;
  std::streambuf* previous_output_;
  std::streambuf* previous_errors_;
};

}  // namespace castore::cli
