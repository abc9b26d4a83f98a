#pragma once

#include <streambuf>
#include <vector>

namespace castore::cli {

/// Standard input, but a read that waits ends when the user interrupts it (`InterruptMark`), as at
/// the end of the input. `std::cin` goes on waiting.
class StandardInput : public std::streambuf {
 public:
  StandardInput();

 protected:
  int_type underflow() override;

 private:
  std::vector<char> buffer_;
};

}  // namespace castore::cli
