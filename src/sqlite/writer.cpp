#include "sqlite/writer.hpp"

#include <algorithm>
#include <castore/after_commit.hpp>
#include <string>
#include <utility>

namespace castore::sqlite {
namespace {

constexpr std::size_t usual_depth = 8;

/// A leader that expects company waits for it a quarter of what a commit takes. Below the shortest
/// waiting costs more than it saves: the system's timers are not that fine.
constexpr std::chrono::steady_clock::duration shortest_gathering = std::chrono::microseconds{100};
constexpr std::chrono::steady_clock::duration longest_gathering = std::chrono::milliseconds{2};

/// Copies a cause, so that each caller has an error object of its own: they look at it on different
/// threads.
std::exception_ptr copy_of(const std::exception_ptr& cause) noexcept {
  try {
    std::rethrow_exception(cause);
  } catch (const StorageBusyError& error) {
    return std::make_exception_ptr(error);
  } catch (const StorageError& error) {
    return std::make_exception_ptr(error);
  } catch (...) {
    return cause;
  }
}

void fail(std::span<Waiter* const> batch, const std::exception_ptr& cause) noexcept {
  for (const Waiter* const waiter : batch) {
    if (!waiter->write->failure) waiter->write->failure = copy_of(cause);
  }
}

}  // namespace

Writer::Writer(const DatabaseFile& file, std::chrono::milliseconds busy_timeout)
    : file_(file), busy_timeout_(busy_timeout) {
  // So that nothing is missing between a BEGIN and its COMMIT.
  open_transactions_.reserve(usual_depth);
}

Writer::~Writer() {
  checkpointer_.reset();
  if (connection_ && !file_.in_place.holds()) {
    // SQLite would delete the log of the file that has the name now.
    connection_->keep_log_on_close();
  }
}

void Writer::open(std::unique_ptr<Connection> connection) { connection_ = std::move(connection); }

void Writer::open_on_host(sqlite3* connection) {
  connection_ = std::make_unique<Connection>(connection);
  on_host_connection_ = true;
}

void Writer::keep_log_short(ReaderPool& readers, Checkpointer::Connect connect,
                            Checkpointer::IsReading is_reading) {
  checkpointer_.emplace(*connection_, readers, std::move(connect), std::move(is_reading));
}

// --- Transactions -------------------------------------------------------------------------------

StorageBusyError Writer::busy() const {
  return StorageBusyError("other threads are using " + file_.path.string() + " for more than " +
                          std::to_string(busy_timeout_.count()) + " ms");
}

StorageError Writer::read_only() const {
  return {ErrorCode::storage_read_only, file_.path.string() + " is open for reading only"};
}

WriterQueue::Hold Writer::acquire() {
  file_.check_process();
  if (!connection_) throw read_only();
  const auto until = deadline_after(busy_timeout_);
  WriterQueue::Hold hold = queue_.acquire(until);
  if (!hold) throw busy();
  connection_->wait_until(until);
  return hold;
}

std::uint64_t Writer::begin() {
  WriterQueue::Hold hold = acquire();
  begin_inside();
  open_transactions_.back().hold = std::move(hold);
  return open_transactions_.back().id;
}

void Writer::begin_inside() {
  check_alive();
  if (open_transactions_.empty()) {
    end_stray_transaction();
    file_.in_place.check_if_stale();
    host_transaction_ = connection_->in_transaction();
  }
  open_transactions_.reserve(open_transactions_.size() + 1);
  connection_->begin();
  open_transactions_.push_back({++newest_transaction_, actions_.size(), {}});
  outermost_transaction_ = open_transactions_.front().id;
}

void Writer::end_transaction() noexcept {
  open_transactions_.pop_back();
  if (open_transactions_.empty()) outermost_transaction_ = 0;
}

void Writer::check_alive() const {
  if (!open_transactions_.empty() && (!connection_->in_transaction() || connection_->is_doomed())) {
    throw StorageError(ErrorCode::storage,
                       "SQLite has rolled back the transaction after an earlier failure");
  }
}

/// On a connection of ours nothing is open between two turns, unless there was no memory to roll it
/// back. A write that then joined it would be acknowledged and never committed.
void Writer::end_stray_transaction() {
  if (on_host_connection_ || !connection_->in_transaction()) return;
  connection_->rollback(false);
  if (connection_->in_transaction()) {
    throw StorageError(ErrorCode::storage, "a transaction that failed cannot be rolled back");
  }
}

Writer::Actions Writer::commit_inside() {
  const bool outermost = open_transactions_.size() == 1;
  try {
    check_alive();
    connection_->commit(!outermost || host_transaction_);
  } catch (...) {
    rollback_inside();
    throw;
  }
  end_transaction();
  Actions ready;
  if (!outermost) return ready;
  ready.swap(actions_);
  file_.in_place.check();                // stored in a file that nobody finds is not stored
  if (host_transaction_) ready.clear();  // nobody tells us whether the host commits
  return ready;
}

void Writer::rollback_inside() noexcept {
  const bool outermost = open_transactions_.size() == 1;
  connection_->rollback(!outermost || host_transaction_);
  actions_.resize(open_transactions_.back().actions);
  end_transaction();
}

void Writer::check_commit(std::uint64_t id) const {
  file_.check_process();
  const std::uint64_t outermost = outermost_transaction_;
  const bool may_be_open = outermost != 0 && id >= outermost;
  if (may_be_open && !queue_.held()) {
    throw StorageError(ErrorCode::storage,
                       "a transaction can be committed only by the thread that began it");
  }
  const bool is_open =
      may_be_open && std::any_of(open_transactions_.begin(), open_transactions_.end(),
                                 [&](const OpenTransaction& open) { return open.id == id; });
  if (!is_open) {
    throw StorageError(ErrorCode::storage,
                       "the transaction was rolled back with the one around it");
  }
  if (open_transactions_.back().id != id) {
    throw StorageError(ErrorCode::storage, "a transaction inside this one is still open");
  }
}

void Writer::commit() {
  Actions ready;
  {
    const WriterQueue::Hold hold = std::move(open_transactions_.back().hold);
    ready = commit_inside();
    if (open_transactions_.empty()) make_room();
  }
  run_after_commit(ready);
}

void Writer::rollback(std::uint64_t id) noexcept {
  // Another thread's may be open by now: those have higher numbers.
  const std::uint64_t outermost = outermost_transaction_;
  if (outermost == 0 || id < outermost) return;
  const auto found = std::find_if(open_transactions_.begin(), open_transactions_.end(),
                                  [&](const OpenTransaction& open) { return open.id == id; });
  for (auto count = open_transactions_.end() - found; count > 0; --count) {
    // The connection may be another thread's after the last one.
    const WriterQueue::Hold hold = std::move(open_transactions_.back().hold);
    rollback_inside();
  }
}

void Writer::after_commit(std::function<void()> action) {
  if (in_transaction()) {
    actions_.push_back(std::move(action));
  } else if (!host_is_in_transaction()) {
    run_after_commit({&action, 1});
  }
}

void Writer::make_room() noexcept {
  if (checkpointer_) checkpointer_->run();
}

bool Writer::host_is_in_transaction() {
  if (!on_host_connection_) return false;
  // Else another thread's transaction of ours would look like the host's.
  const WriterQueue::Hold hold = acquire();
  return connection_->in_transaction();
}

// --- Group commit: of the callers that wait, the first leads. It runs the writes of the others in
// --- its own transaction, so that they share one sync, and hands each its own answer
// --- (docs/design.md, "Transactions").

void Writer::run(PendingWrite& write) {
  file_.check_process();
  if (queue_.held()) {  // inside whatever this thread has open
    check_alive();
    return run_after_commit(run_alone(write));
  }
  if (!connection_) throw read_only();
  const auto began = std::chrono::steady_clock::now();
  const auto until = deadline_after(busy_timeout_);
  Actions ready;
  {
    const WriterQueue::Entry entry = queue_.enter(write, until);
    if (entry.turn == WriterQueue::Turn::timed_out) throw busy();
    if (entry.hold) {
      connection_->wait_until(until);
      ready = lead(write, expected_callers(entry.turn, began));
    }
  }
  if (write.failure) std::rethrow_exception(std::move(write.failure));
  run_after_commit(ready);
}

/// Callers released a moment ago may be about to push again; starting without them makes each side
/// wait for the other's sync.
std::size_t Writer::expected_callers(WriterQueue::Turn turn, Time began) const noexcept {
  if (turn == WriterQueue::Turn::inherit) return last_turn_.callers;
  return began - last_turn_.end < last_turn_.commit ? last_turn_.callers - 1 : 0;
}

Writer::Actions Writer::run_alone(PendingWrite& write) {
  if (write.one_statement()) {  // SQLite makes a transaction of it where there is none
    write.run();
    if (open_transactions_.empty()) file_.in_place.check_again();
    return {};
  }
  begin_inside();
  try {
    write.run();
  } catch (...) {
    rollback_inside();
    throw;
  }
  return commit_inside();
}

void Writer::gather(std::size_t expected) {
  const auto patience = std::min(last_turn_.commit / 4, longest_gathering);
  if (expected == 0 || patience < shortest_gathering) return;
  queue_.gather(expected, std::chrono::steady_clock::now() + patience);
}

Writer::Actions Writer::lead(PendingWrite& write, std::size_t expected) {
  end_stray_transaction();
  file_.in_place.check_if_stale();
  gather(expected);
  Actions ready;
  if (queue_.write_is_waiting()) {
    ready = run_batch(write);
  } else {
    const auto began = std::chrono::steady_clock::now();
    ready = run_alone(write);
    const auto end = std::chrono::steady_clock::now();
    last_turn_ = {1, end - began, end};
  }
  make_room();
  return ready;
}

Writer::Actions Writer::run_batch(PendingWrite& leaders) {
  begin_inside();  // before anybody else is committed to what this transaction will come to
  Waiter leader{.write = &leaders};
  std::size_t count = 1;
  batch_[0] = &leader;
  Actions ready;
  try {
    ready = commit_batch(count);
  } catch (...) {
    fail({batch_.data(), count}, std::current_exception());
  }
  queue_.acknowledge({batch_.data() + 1, count - 1});
  return ready;
}

/// \param count  of the writes in `batch_`, which grows as others join
Writer::Actions Writer::commit_batch(std::size_t& count) {
  try {
    for (std::size_t next = 0; next < count; count = queue_.take(batch_, count)) {
      for (; next < count; ++next) run_in_batch(*batch_[next]->write);
    }
  } catch (...) {
    rollback_inside();
    throw;
  }
  const auto began = std::chrono::steady_clock::now();
  Actions ready = commit_inside();
  const auto end = std::chrono::steady_clock::now();
  last_turn_ = {count, end - began, end};
  return ready;
}

/// A write that fails takes only itself back, unless SQLite has given up the whole transaction.
void Writer::run_in_batch(PendingWrite& write) {
  try {
    static_cast<void>(run_alone(write));
  } catch (const StorageError&) {
    write.failure = std::current_exception();
    if (!connection_->in_transaction()) throw;
  } catch (...) {
    write.failure = std::current_exception();
    check_alive();
  }
}

}  // namespace castore::sqlite
