#include "sqlite/checkpointer.hpp"

#include <castore/error.hpp>
#include <thread>
#include <utility>

namespace castore::sqlite {
namespace {

constexpr std::int64_t usual_length = 4 << 20;     // bytes
constexpr std::int64_t longest_length = 16 << 20;  // bytes

/// The time that new readers are kept waiting for those that read.
constexpr std::chrono::milliseconds patience{50};
constexpr std::chrono::microseconds pause{300};

constexpr auto read_page_size = "PRAGMA page_size";

}  // namespace

Checkpointer::Checkpointer(Connection& writer, ReaderPool& readers, Connect connect,
                           IsReading is_reading)
    : writer_(writer),
      readers_(readers),
      connect_(std::move(connect)),
      is_reading_(std::move(is_reading)) {
  {
    const auto row = writer.borrow(read_page_size);
    row->step();
    page_size_ = row->integer(0);
  }
  due_ = usual_length / page_size_;
  urgent_ = longest_length / page_size_;
  writer.count_log(&length_);
}

Checkpointer::~Checkpointer() { writer_.count_log(nullptr); }

void Checkpointer::run() noexcept {
  const std::int64_t usual = usual_length / page_size_;
  const std::int64_t longest = longest_length / page_size_;
  if (length_ < usual) {  // it was begun anew
    due_ = usual;
    urgent_ = longest;
  }
  if (length_ < due_) return;
  bool done = false;
  try {
    done = write_back(std::chrono::steady_clock::now());
    if (!done && length_ >= urgent_ && !is_reading_()) {
      done = write_back_without_readers();
      // A reading that lasts is not waited for again and again.
      if (!done) urgent_ = length_ + length_ / 2;
    }
  } catch (...) {
    // The log is longer than it need be: no fault of the caller that has just pushed.
  }
  due_ = done ? usual : length_ + usual / 4;
}

/// \returns whether all of the log is in the file now, so that the next push can begin it anew
bool Checkpointer::write_back(std::chrono::steady_clock::time_point deadline) {
  if (!connection_) connection_ = connect_();
  writer_.wait_until(deadline);
  writer_.begin();
  const bool done = connection_->write_log_back();
  writer_.rollback(false);
  return done;
}

bool Checkpointer::write_back_without_readers() {
  const auto deadline = deadline_after(patience);
  ReaderPool::Pause readers(readers_);
  if (!readers.wait(deadline)) return false;
  for (;;) {  // those of other processes come and go
    if (write_back(deadline)) return true;
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace castore::sqlite
