#include "os/progress.hpp"

#include <ostream>

#include "os/terminal.hpp"

namespace castore::cli {
namespace {

constexpr auto erase_line = "\r\x1b[K";

}  // namespace

ProgressLine::ProgressLine(std::ostream& err) : err_(err), shown_(is_terminal(err)) {}

ProgressLine::~ProgressLine() {
  if (written_) err_ << erase_line << std::flush;
}

void ProgressLine::update(std::string_view text) {
  const auto now = std::chrono::steady_clock::now();
  if (!shown_ || now < next_) return;
  next_ = now + std::chrono::milliseconds{100};
  err_ << erase_line << text << std::flush;
  written_ = true;
}

}  // namespace castore::cli
