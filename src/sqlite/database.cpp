#include <algorithm>
#include <castore/sqlite/database.hpp>
#include <exception>
#include <thread>
#include <utility>

#include "sqlite/database_impl.hpp"
#include "sqlite/migrations.hpp"

namespace castore::sqlite {
namespace {

/// More are opened when more threads read at once, and closed again.
constexpr std::size_t idle_readers_kept = 4;

/// How many writes share a transaction at most: their callers wait until it ends.
constexpr std::size_t largest_batch = 256;

constexpr std::size_t usual_depth = 8;

/// A leader that expects company waits for it a quarter of what a commit takes. Below the shortest
/// waiting costs more than it saves: the system's timers are not that fine.
constexpr std::chrono::steady_clock::duration shortest_gathering = std::chrono::microseconds{100};
constexpr std::chrono::steady_clock::duration longest_gathering = std::chrono::milliseconds{2};

constexpr auto memory = ":memory:";

const char* synchronous_pragma(Synchronous synchronous) {
  switch (synchronous) {
    case Synchronous::off:
      return "PRAGMA synchronous = OFF";
    case Synchronous::normal:
      return "PRAGMA synchronous = NORMAL";
    case Synchronous::full:
      break;
  }
  return "PRAGMA synchronous = FULL";
}

/// SQLite answers BUSY here without asking the busy handler when several connections open one new
/// file: so we wait ourselves.
void switch_to_wal(Connection& connection, const DatabaseOptions& options) {
  const auto deadline = std::chrono::steady_clock::now() + options.busy_timeout;
  for (;;) {
    try {
      const auto pragma = connection.borrow("PRAGMA journal_mode = WAL");
      if (pragma->step() && pragma->text(0) == "wal") return;
      throw StorageError(ErrorCode::storage, "SQLite cannot keep a write-ahead log for this file");
    } catch (const StorageBusyError&) {
      if (std::chrono::steady_clock::now() >= deadline) throw;
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
  }
}

std::unique_ptr<Connection> open_writer(const std::filesystem::path& path,
                                        const DatabaseOptions& options) {
  const bool in_memory = path == memory;
  if (const auto folder = path.parent_path(); !in_memory && !folder.empty()) {
    std::error_code error;
    if (!std::filesystem::is_directory(folder, error)) throw FileNotFoundError(path.string());
  }
  const auto u8path = path.u8string();
  auto writer = std::make_unique<Connection>(std::string(u8path.begin(), u8path.end()),
                                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                             options.busy_timeout);
  if (sqlite3_db_readonly(writer->handle(), "main") == 1) {
    throw StorageError(ErrorCode::storage_read_only, path.string() + " is write-protected");
  }
  // Before anything is changed in a file that is not for us.
  check_schema(*writer, path.string());
  if (!in_memory) switch_to_wal(*writer, options);
  writer->execute(synchronous_pragma(options.synchronous));
  return writer;
}

void run_all(const std::vector<std::function<void()>>& actions) {
  std::exception_ptr failure;
  for (const auto& action : actions) {
    try {
      action();
    } catch (...) {
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

/// The end of a leader's turn, however it ends.
class Holding {
 public:
  explicit Holding(WriterQueue& queue) noexcept : queue_(queue) {}
  Holding(const Holding&) = delete;
  Holding& operator=(const Holding&) = delete;
  Holding(Holding&&) = delete;
  Holding& operator=(Holding&&) = delete;
  ~Holding() { queue_.release(); }

 private:
  WriterQueue& queue_;
};

}  // namespace

Database::Impl::Impl(std::filesystem::path file, const DatabaseOptions& given)
    : path(std::move(file)), options(given) {
  if (options.busy_timeout.count() < 0) {
    throw InvalidOptionError("busy_timeout", "must not be negative");
  }
  // So that nothing is missing between a BEGIN and its COMMIT.
  open_transactions.reserve(usual_depth);
  batch.reserve(largest_batch);
}

Database::Impl::~Impl() {
  // The writer closes last, so that it is the one that checkpoints.
  idle_readers.clear();
}

StorageBusyError Database::Impl::busy() const {
  return StorageBusyError("other threads are writing to " + path.string() + " for more than " +
                          std::to_string(options.busy_timeout.count()) + " ms");
}

StorageError Database::Impl::read_only() const {
  return {ErrorCode::storage_read_only, path.string() + " is open for reading only"};
}

void Database::Impl::acquire() {
  if (!writer) throw read_only();
  const auto until = std::chrono::steady_clock::now() + options.busy_timeout;
  if (!queue.acquire(until)) throw busy();
  writer->wait_until(until);
}

void Database::Impl::begin() {
  acquire();
  try {
    begin_inside();
  } catch (...) {
    queue.release();
    throw;
  }
}

void Database::Impl::begin_inside() {
  check_alive();
  if (open_transactions.empty()) {
    end_stray_transaction();
    host_transaction = writer->in_transaction();
  }
  writer->begin();
  open_transactions.push_back(actions.size());
}

void Database::Impl::check_alive() const {
  if (!open_transactions.empty() && !writer->in_transaction()) {
    throw StorageError(ErrorCode::storage,
                       "SQLite has rolled back the transaction after an earlier failure");
  }
}

/// On a connection of ours nothing is open between two turns, unless there was no memory to roll it
/// back. What then joined it would be acknowledged and never committed.
void Database::Impl::end_stray_transaction() {
  if (on_host_connection || !writer->in_transaction()) return;
  writer->rollback(false);
  if (writer->in_transaction()) {
    throw StorageError(ErrorCode::storage, "a transaction that failed cannot be rolled back");
  }
}

Database::Impl::Actions Database::Impl::commit_inside() {
  const bool outermost = open_transactions.size() == 1;
  check_alive();
  writer->commit(!outermost || host_transaction);
  open_transactions.pop_back();
  Actions ready;
  if (outermost) ready.swap(actions);
  if (host_transaction) ready.clear();  // whether the host commits, we do not learn
  return ready;
}

void Database::Impl::rollback_inside() noexcept {
  const bool outermost = open_transactions.size() == 1;
  writer->rollback(!outermost || host_transaction);
  actions.resize(open_transactions.back());
  open_transactions.pop_back();
}

void Database::Impl::commit() {
  Actions ready;
  try {
    ready = commit_inside();
  } catch (...) {
    rollback();
    throw;
  }
  queue.release();
  run_all(ready);
}

void Database::Impl::rollback() noexcept {
  rollback_inside();
  queue.release();
}

bool Database::Impl::host_is_in_transaction() {
  if (!on_host_connection) return false;
  acquire();  // else another thread's transaction of ours would look like the host's
  const bool inside = writer->in_transaction();
  queue.release();
  return inside;
}

// --- Group commit: of the callers that wait, the first leads. It runs what the others want written
// --- in its own transaction, so that they share one sync, and hands each its own answer.

void Database::Impl::run(PendingWrite& write) {
  if (queue.held()) {  // inside whatever this thread has open
    check_alive();
    return run_all(run_alone(write));
  }
  if (!writer) throw read_only();
  const auto began = std::chrono::steady_clock::now();
  const auto until = began + options.busy_timeout;
  const auto turn = queue.enter(write, until);
  switch (turn) {
    case WriterQueue::Turn::lead:
    case WriterQueue::Turn::inherit:
      writer->wait_until(until);
      // Who has just been let go may be on the way back: to begin without them would make them wait
      // for our sync, and us for theirs.
      if (turn == WriterQueue::Turn::inherit) return lead(write, last_turn.callers);
      if (began - last_turn.end < last_turn.commit) return lead(write, last_turn.callers - 1);
      return lead(write, 0);
    case WriterQueue::Turn::done:
      if (write.failure) std::rethrow_exception(std::move(write.failure));
      return;
    case WriterQueue::Turn::timed_out:
      throw busy();
  }
}

Database::Impl::Actions Database::Impl::run_alone(PendingWrite& write) {
  if (write.one_statement()) {  // SQLite makes a transaction of it where there is none
    write.run();
    return {};
  }
  begin_inside();
  try {
    write.run();
    return commit_inside();
  } catch (...) {
    rollback_inside();
    throw;
  }
}

void Database::Impl::gather(std::size_t expected) {
  const auto patience = std::min(last_turn.commit / 4, longest_gathering);
  if (expected == 0 || patience < shortest_gathering) return;
  queue.gather(expected, std::chrono::steady_clock::now() + patience);
}

void Database::Impl::lead(PendingWrite& write, std::size_t expected) {
  Actions ready;
  {
    const Holding holding(queue);
    end_stray_transaction();
    gather(expected);
    if (queue.write_is_waiting()) {
      ready = run_batch(write);
    } else {
      const auto began = std::chrono::steady_clock::now();
      ready = run_alone(write);
      const auto end = std::chrono::steady_clock::now();
      last_turn = {1, end - began, end};
    }
  }
  if (write.failure) std::rethrow_exception(std::move(write.failure));
  run_all(ready);
}

Database::Impl::Actions Database::Impl::run_batch(PendingWrite& leaders) {
  Actions ready;
  begin_inside();  // before anybody else is committed to what this transaction will come to
  batch.assign(1, &leaders);
  try {
    std::size_t next = 0;
    do {
      for (; next < batch.size(); ++next) run_in_batch(*batch[next]);
    } while (queue.take(batch, largest_batch));
    const auto began = std::chrono::steady_clock::now();
    ready = commit_inside();
    const auto end = std::chrono::steady_clock::now();
    last_turn = {batch.size(), end - began, end};
  } catch (const StorageError& error) {
    rollback_inside();
    fail_batch(error);
  } catch (const std::exception& error) {
    rollback_inside();
    fail_batch(StorageError(ErrorCode::storage, error.what()));
  }
  batch.erase(batch.begin());
  queue.acknowledge(batch);
  return ready;
}

/// What fails takes only itself back, unless SQLite has given up the whole transaction.
void Database::Impl::run_in_batch(PendingWrite& write) {
  try {
    static_cast<void>(run_alone(write));
  } catch (const StorageError&) {
    write.failure = std::current_exception();
    if (!writer->in_transaction()) throw;
  } catch (...) {
    write.failure = std::current_exception();
    check_alive();
  }
}

void Database::Impl::fail_batch(const StorageError& error) {
  for (PendingWrite* const write : batch) {
    if (write->failure) continue;
    // One of its own for each: they are looked at on different threads.
    write->failure =
        error.code() == ErrorCode::storage_busy
            ? std::make_exception_ptr(StorageBusyError(std::string(error.what())))
            : std::make_exception_ptr(StorageError(error.code(), std::string(error.what())));
  }
}

std::unique_ptr<Connection> Database::Impl::take_reader() {
  const std::lock_guard guard(readers_mutex);
  if (read_only_file && read_only_file->changed()) idle_readers.clear();
  if (!idle_readers.empty()) {
    auto reader = std::move(idle_readers.back());
    idle_readers.pop_back();
    return reader;
  }
  if (read_only_file) return read_only_file->connect();
  const auto u8path = path.u8string();
  return std::make_unique<Connection>(std::string(u8path.begin(), u8path.end()),
                                      SQLITE_OPEN_READONLY, options.busy_timeout);
}

void Database::Impl::give_back(std::unique_ptr<Connection> reader) {
  const std::lock_guard guard(readers_mutex);
  const bool stale = read_only_file && read_only_file->changed();
  if (idle_readers.size() < idle_readers_kept && !stale) idle_readers.push_back(std::move(reader));
}

Reading::Reading(Database::Impl& database) : database_(database), connection_(nullptr) {
  if (database.in_transaction() || database.path.empty()) {
    database.acquire();
    connection_ = database.writer.get();
  } else {
    reader_ = database.take_reader();
    connection_ = reader_.get();
  }
}

Reading::~Reading() {
  if (!reader_) {
    database_.queue.release();
    return;
  }
  try {
    database_.give_back(std::move(reader_));
  } catch (...) {
    // The file went away: so does the connection.
  }
}

void Reading::finish() const {
  if (!reader_ || !database_.read_only_file) return;
  const std::lock_guard guard(database_.readers_mutex);
  if (database_.read_only_file->changed()) {
    throw StorageBusyError(database_.path.string() + " was written to while it was read");
  }
}

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Database::~Database() = default;

std::shared_ptr<Database> Database::open(const std::filesystem::path& path,
                                         const DatabaseOptions& options) {
  if (path.empty()) throw FileNotFoundError("");
  // Readers are opened later, perhaps after the program has changed its folder.
  auto impl =
      std::make_unique<Impl>(path == memory ? path : std::filesystem::absolute(path), options);
  if (options.read_only) {
    impl->read_only_file.emplace(path, options.busy_timeout);
    auto reader = impl->take_reader();
    check_schema(*reader, path.string());
    if (applied_version(*reader) == 0) {
      throw StorageError(ErrorCode::not_a_castore_file, path.string() + " holds no event store");
    }
    impl->give_back(std::move(reader));
  } else {
    impl->writer = open_writer(path, options);
    migrate(*impl->writer);
    if (path == memory) impl->path.clear();
  }
  return std::shared_ptr<Database>(new Database(std::move(impl)));
}

std::shared_ptr<Database> Database::on_connection(sqlite3* connection) {
  auto impl = std::make_unique<Impl>(std::filesystem::path(), DatabaseOptions{});
  impl->on_host_connection = true;
  impl->writer = std::make_unique<Connection>(connection);
  check_schema(*impl->writer, "the host's database");
  migrate(*impl->writer);
  return std::shared_ptr<Database>(new Database(std::move(impl)));
}

const std::filesystem::path& Database::path() const noexcept { return impl_->path; }

bool Database::read_only() const noexcept { return impl_->options.read_only; }

int Database::schema_version() noexcept { return migrations().back().version; }

Transaction::Transaction(Database& database) : database_(database.impl_.get()) {
  database_->begin();
  open_ = true;
}

Transaction::~Transaction() {
  if (open_) database_->rollback();
}

void Transaction::commit() {
  if (!open_) throw StorageError(ErrorCode::storage, "the transaction is over already");
  open_ = false;
  database_->commit();
}

}  // namespace castore::sqlite
