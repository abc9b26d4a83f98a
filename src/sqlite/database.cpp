#include <algorithm>
#include <castore/after_commit.hpp>
#include <castore/sqlite/database.hpp>
#include <exception>
#include <span>
#include <string>
#include <thread>
#include <utility>

#include "sqlite/access.hpp"
#include "sqlite/database_impl.hpp"
#include "sqlite/migrations.hpp"
#include "sqlite/schema.hpp"

namespace castore::sqlite {
namespace {

constexpr std::size_t usual_depth = 8;

/// A leader that expects company waits for it a quarter of what a commit takes. Below the shortest
/// waiting costs more than it saves: the system's timers are not that fine.
constexpr std::chrono::steady_clock::duration shortest_gathering = std::chrono::microseconds{100};
constexpr std::chrono::steady_clock::duration longest_gathering = std::chrono::milliseconds{2};

constexpr auto memory = ":memory:";

constexpr auto read_data_version = "PRAGMA data_version";
constexpr auto read_schema_version = "PRAGMA schema_version";

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
  Patience patience(options.busy_timeout);
  for (;;) {
    try {
      const auto pragma = connection.borrow("PRAGMA journal_mode = WAL");
      if (pragma->step() && pragma->text(0) == "wal") return;
      throw StorageError(ErrorCode::storage, "SQLite cannot keep a write-ahead log for this file");
    } catch (const StorageBusyError& reason) {
      patience.wait(reason);
    }
  }
}

/// One of its own for each that is told: they look at it on different threads.
std::exception_ptr copy_of(const std::exception_ptr& cause) noexcept {
  try {
    std::rethrow_exception(cause);
  } catch (const StorageBusyError& error) {
    try {
      return std::make_exception_ptr(StorageBusyError(std::string(error.what())));
    } catch (...) {
      return cause;  // no memory for another one
    }
  } catch (const StorageError& error) {
    try {
      return std::make_exception_ptr(
          StorageError(error.code(), std::string(error.what()), error.fields()));
    } catch (...) {
      return cause;
    }
  } catch (...) {
    return cause;
  }
}

void fail(std::span<Waiter* const> batch, const std::exception_ptr& cause) noexcept {
  for (const Waiter* const waiter : batch) {
    if (!waiter->write->failure) waiter->write->failure = copy_of(cause);
  }
}

thread_local Reading* innermost_reading = nullptr;

}  // namespace

void Patience::wait(const std::exception& reason) {
  using std::chrono::milliseconds;
  constexpr int always = 3;          // a second look costs nothing, whatever the timeout is
  constexpr int most_restarts = 20;  // however long what is tried again lasts
  const auto now = std::chrono::steady_clock::now();
  // Time that went by while a reading was under way was no waiting.
  const bool was_under_way = waits_ == 0 || now - waited_ > milliseconds{100};
  if (was_under_way && restarts_++ < most_restarts) deadline_ = deadline_after(timeout_);
  if (++waits_ > always && now >= deadline_) {
    throw StorageBusyError(std::string(reason.what()) +
                           "; it was tried again until the busy timeout");
  }
  constexpr std::chrono::microseconds longest_pause{2000};
  std::this_thread::sleep_for(pause_);
  pause_ = std::min(pause_ * 2, longest_pause);
  waited_ = std::chrono::steady_clock::now();
}

/// SQLite shares an open `-shm` among the connections of a process: one of a reading may be open
/// for reading only. \pre the log is open: else nobody would close the `-shm` that this opens
bool shm_is_read_only(sqlite3* connection) {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (file == nullptr || file->pMethods == nullptr || file->pMethods->iVersion < 2) return false;
  void volatile* region = nullptr;
  return (file->pMethods->xShmMap(file, 0, shm_region_size, 0, &region) & 0xFF) == SQLITE_READONLY;
}

// --- Opening ------------------------------------------------------------------------------------

Database::Impl::Impl(std::filesystem::path file, const DatabaseOptions& given)
    : path(std::move(file)),
      options(given),
      readers([this] { return connect_to_read(); }, options.max_readers) {
  if (options.busy_timeout.count() < 0) {
    throw InvalidOptionError("busy_timeout", "must not be negative");
  }
  if (options.max_readers < 1) throw InvalidOptionError("max_readers", "must be at least 1");
  // So that nothing is missing between a BEGIN and its COMMIT.
  open_transactions.reserve(usual_depth);
}

Database::Impl::~Impl() {
  // The writer closes last, so that it is the one that checkpoints.
  readers.close_idle();
  watch_.reset();
  checkpointer.reset();
  if (writer && !in_place.holds()) {
    // SQLite would delete the log of the file that has the name now.
    sqlite3_db_config(writer->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }
  writer.reset();
}

void Database::Impl::check_process() const {
  if (is_of_this_process()) return;
  throw StorageError(ErrorCode::forked_process,
                     (path.empty() ? std::string("the database") : path.string()) +
                         " was opened by the process that this one was forked from");
}

std::unique_ptr<Connection> Database::Impl::connect_to_read() const {
  auto connection = read_only_file ? read_only_file->connect()
                                   : std::make_unique<Connection>(path, SQLITE_OPEN_READONLY,
                                                                  options.busy_timeout);
  in_place.check();  // else it may be a connection to another file
  return connection;
}

void Database::Impl::open_for_reading() {
  const auto identity = identity_of(path);
  if (!identity) throw FileNotFoundError(path.string());
  open_file.emplace(*identity, OpenFile::Use::reading);
  in_place.watch(path);
  read_only_file.emplace(path, options.busy_timeout);
  Reading::from(*this, [this](const Reading& reading) {
    if (check_schema(reading.connection(), path.string()) == 0) {
      throw StorageError(ErrorCode::not_a_castore_file, path.string() + " holds no event store");
    }
  });
}

std::unique_ptr<Connection> Database::Impl::connect_to_write() const {
  return std::make_unique<Connection>(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                      options.busy_timeout);
}

std::unique_ptr<Connection> Database::Impl::open_writer() const {
  auto connection = connect_to_write();
  if (sqlite3_db_readonly(connection->handle(), "main") == 1) {
    if (const auto denial = find_denied(path, Access::write)) throw StorageError(*denial);
    throw StorageError(ErrorCode::storage_read_only, path.string() + " is write-protected");
  }
  // Before anything is changed in a file that is not for us.
  check_tables(*connection);
  if (path != memory) switch_to_wal(*connection, options);
  connection->execute(synchronous_pragma(options.synchronous));
  connection->execute(read_schema_version);  // and so has the log opened
  return connection;
}

void Database::Impl::check_tables(Connection& connection) const {
  const std::string file = on_host_connection ? "the host's database" : path.string();
  const int version = check_schema(connection, file);
  if (options.foreign_triggers == ForeignTriggers::allow) return;
  refuse_foreign_triggers(connection, file, version);
  if (!on_host_connection) connection.allow_triggers(own_triggers());
}

void Database::Impl::open_for_writing() {
  if (path == memory) {
    writer = open_writer();
    path.clear();
    migrate(*writer);
    return writer->prepare_transactions();
  }
  std::error_code error;
  if (!std::filesystem::is_directory(path.parent_path(), error)) {
    throw FileNotFoundError(path.parent_path().string());
  }
  check_journal(path);
  std::optional<OpeningForWriting> opening;
  if (const auto identity = identity_of(path)) {
    open_file.emplace(*identity, OpenFile::Use::writing);
    opening.emplace(*identity);
  }
  Patience patience(options.busy_timeout);
  for (;;) {
    writer = open_writer();
    // A reading of this process may be in the way, of a file that has a log.
    const bool is_read = open_file && OpenFile::is_read(open_file->identity());
    if (!is_read || !shm_is_read_only(writer->handle())) break;
    writer.reset();
    patience.wait(StorageError(ErrorCode::storage_read_only,
                               beside(path, "-shm").string() + " is open for reading only"));
  }
  if (!open_file) {
    open_file.emplace(identity_of(path).value_or(FileIdentity{}), OpenFile::Use::writing);
  }
  migrate(*writer);
  writer->prepare_transactions();  // a change of the schema would undo that
  in_place.watch(path);
  in_place.watch_log();  // SQLite has made it by now
  int moved = 0;
  sqlite3_file_control(writer->handle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  if (moved != 0) {
    throw StorageError(ErrorCode::file_replaced,
                       path.string() + " was replaced while it was opened: open it again");
  }
  checkpointer.emplace(*writer, readers, [this] {
    auto connection = connect_to_write();
    in_place.check();
    connection->execute(synchronous_pragma(options.synchronous));
    connection->execute(read_schema_version);
    return connection;
  });
}

// --- Writing ------------------------------------------------------------------------------------

StorageBusyError Database::Impl::busy() const {
  return StorageBusyError("other threads are using " + path.string() + " for more than " +
                          std::to_string(options.busy_timeout.count()) + " ms");
}

StorageError Database::Impl::read_only() const {
  return {ErrorCode::storage_read_only, path.string() + " is open for reading only"};
}

WriterQueue::Hold Database::Impl::acquire() {
  check_process();
  if (!writer) throw read_only();
  const auto until = deadline_after(options.busy_timeout);
  WriterQueue::Hold hold = queue.acquire(until);
  if (!hold) throw busy();
  writer->wait_until(until);
  return hold;
}

std::uint64_t Database::Impl::begin() {
  WriterQueue::Hold hold = acquire();
  begin_inside();
  open_transactions.back().hold = std::move(hold);
  return open_transactions.back().id;
}

void Database::Impl::begin_inside() {
  check_alive();
  if (open_transactions.empty()) {
    end_stray_transaction();
    in_place.check_if_stale();
    host_transaction = writer->in_transaction();
  }
  open_transactions.reserve(open_transactions.size() + 1);
  writer->begin();
  open_transactions.push_back({++newest_transaction, actions.size(), {}});
  outermost_transaction = open_transactions.front().id;
}

void Database::Impl::end_transaction() noexcept {
  open_transactions.pop_back();
  if (open_transactions.empty()) outermost_transaction = 0;
}

void Database::Impl::check_alive() const {
  if (!open_transactions.empty() && (!writer->in_transaction() || writer->is_doomed())) {
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
  try {
    check_alive();
    writer->commit(!outermost || host_transaction);
  } catch (...) {
    rollback_inside();
    throw;
  }
  end_transaction();
  Actions ready;
  if (!outermost) return ready;
  ready.swap(actions);
  in_place.check();                     // stored in a file that nobody finds is not stored
  if (host_transaction) ready.clear();  // whether the host commits, we do not learn
  return ready;
}

void Database::Impl::rollback_inside() noexcept {
  const bool outermost = open_transactions.size() == 1;
  writer->rollback(!outermost || host_transaction);
  actions.resize(open_transactions.back().actions);
  end_transaction();
}

void Database::Impl::check_commit(std::uint64_t id) const {
  check_process();
  const std::uint64_t outermost = outermost_transaction;
  const bool may_be_open = outermost != 0 && id >= outermost;
  if (may_be_open && !queue.held()) {
    throw StorageError(ErrorCode::storage,
                       "a transaction can be committed only by the thread that began it");
  }
  const bool is_open =
      may_be_open && std::any_of(open_transactions.begin(), open_transactions.end(),
                                 [&](const OpenTransaction& open) { return open.id == id; });
  if (!is_open) {
    throw StorageError(ErrorCode::storage,
                       "the transaction was rolled back with the one around it");
  }
  if (open_transactions.back().id != id) {
    throw StorageError(ErrorCode::storage, "a transaction inside this one is still open");
  }
}

void Database::Impl::commit() {
  Actions ready;
  {
    const WriterQueue::Hold hold = std::move(open_transactions.back().hold);
    ready = commit_inside();
    if (open_transactions.empty()) make_room();
  }
  run_after_commit(ready);
}

void Database::Impl::rollback(std::uint64_t id) noexcept {
  // Another thread's may be open by now: those have higher numbers.
  const std::uint64_t outermost = outermost_transaction;
  if (outermost == 0 || id < outermost) return;
  const auto found = std::find_if(open_transactions.begin(), open_transactions.end(),
                                  [&](const OpenTransaction& open) { return open.id == id; });
  for (auto count = open_transactions.end() - found; count > 0; --count) {
    // The connection may be another thread's after the last one.
    const WriterQueue::Hold hold = std::move(open_transactions.back().hold);
    rollback_inside();
  }
}

void Database::Impl::make_room() noexcept {
  if (checkpointer) checkpointer->run(Reading::is_under_way(*this));
}

bool Database::Impl::host_is_in_transaction() {
  if (!on_host_connection) return false;
  // Else another thread's transaction of ours would look like the host's.
  const WriterQueue::Hold hold = acquire();
  return writer->in_transaction();
}

// --- Group commit: of the callers that wait, the first leads. It runs what the others want written
// --- in its own transaction, so that they share one sync, and hands each its own answer.

void Database::Impl::run(PendingWrite& write) {
  check_process();
  if (queue.held()) {  // inside whatever this thread has open
    check_alive();
    return run_after_commit(run_alone(write));
  }
  if (!writer) throw read_only();
  const auto began = std::chrono::steady_clock::now();
  const auto until = deadline_after(options.busy_timeout);
  Actions ready;
  {
    const WriterQueue::Entry entry = queue.enter(write, until);
    if (entry.turn == WriterQueue::Turn::timed_out) throw busy();
    if (entry.hold) {
      writer->wait_until(until);
      ready = lead(write, expected_callers(entry.turn, began));
    }
  }
  if (write.failure) std::rethrow_exception(std::move(write.failure));
  run_after_commit(ready);
}

/// Callers released a moment ago may be about to push again; starting without them makes each side
/// wait for the other's sync.
std::size_t Database::Impl::expected_callers(
    WriterQueue::Turn turn, std::chrono::steady_clock::time_point began) const noexcept {
  if (turn == WriterQueue::Turn::inherit) return last_turn.callers;
  return began - last_turn.end < last_turn.commit ? last_turn.callers - 1 : 0;
}

Database::Impl::Actions Database::Impl::run_alone(PendingWrite& write) {
  if (write.one_statement()) {  // SQLite makes a transaction of it where there is none
    write.run();
    if (open_transactions.empty()) in_place.check_again();
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

void Database::Impl::gather(std::size_t expected) {
  const auto patience = std::min(last_turn.commit / 4, longest_gathering);
  if (expected == 0 || patience < shortest_gathering) return;
  queue.gather(expected, std::chrono::steady_clock::now() + patience);
}

Database::Impl::Actions Database::Impl::lead(PendingWrite& write, std::size_t expected) {
  end_stray_transaction();
  in_place.check_if_stale();
  gather(expected);
  Actions ready;
  if (queue.write_is_waiting()) {
    ready = run_batch(write);
  } else {
    const auto began = std::chrono::steady_clock::now();
    ready = run_alone(write);
    const auto end = std::chrono::steady_clock::now();
    last_turn = {1, end - began, end};
  }
  make_room();
  return ready;
}

Database::Impl::Actions Database::Impl::run_batch(PendingWrite& leaders) {
  begin_inside();  // before anybody else is committed to what this transaction will come to
  Waiter leader{.write = &leaders};
  std::size_t count = 1;
  batch[0] = &leader;
  Actions ready;
  try {
    ready = commit_batch(count);
  } catch (...) {
    fail({batch.data(), count}, std::current_exception());
  }
  queue.acknowledge({batch.data() + 1, count - 1});
  return ready;
}

/// \param count  of the writes in `batch`, which grows as others join
Database::Impl::Actions Database::Impl::commit_batch(std::size_t& count) {
  try {
    for (std::size_t next = 0; next < count; count = queue.take(batch, count)) {
      for (; next < count; ++next) run_in_batch(*batch[next]->write);
    }
  } catch (...) {
    rollback_inside();
    throw;
  }
  const auto began = std::chrono::steady_clock::now();
  Actions ready = commit_inside();
  const auto end = std::chrono::steady_clock::now();
  last_turn = {count, end - began, end};
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

// --- Reading ------------------------------------------------------------------------------------

void Database::Impl::close_idle() noexcept {
  readers.close_idle();
  // Whoever holds it is about to look at it.
  const std::unique_lock lock(watch_mutex_, std::try_to_lock);
  if (lock) watch_.reset();
}

std::uint64_t Database::Impl::data_version() {
  if (path.empty()) {
    const WriterQueue::Hold hold = acquire();
    const auto row = writer->borrow(read_data_version);
    row->step();
    // That is about other connections, and has looked at the file. This is about all of them.
    unsigned version = 0;
    sqlite3_file_control(writer->handle(), "main", SQLITE_FCNTL_DATA_VERSION, &version);
    return version;
  }
  check_process();
  in_place.check_again();
  Patience patience(options.busy_timeout);
  const std::lock_guard guard(watch_mutex_);
  for (;;) {
    try {
      if (!watch_) {
        watch_ = connect_to_read();
        ++watches_;
      }
      const auto row = watch_->borrow(read_data_version);
      row->step();
      return (watches_ << 32U) + static_cast<std::uint64_t>(row->integer(0));
    } catch (const LookAgain& reason) {
      watch_.reset();
      patience.wait(reason);
    } catch (...) {
      watch_.reset();
      throw;
    }
  }
}

Reading::Reading(Database::Impl& database) : database_(database), outer_(innermost_reading) {
  database.check_process();
  if (database.in_transaction() || database.path.empty()) {
    hold_ = database.acquire();
    connection_ = database.writer.get();
  } else {
    database.in_place.check_to_read();
    reader_ = database.readers.take(database.options.busy_timeout, is_under_way(database));
    if (!reader_) {
      throw StorageBusyError("all connections to read " + database.path.string() +
                             " were in use until the busy timeout (max_readers is " +
                             std::to_string(database.options.max_readers) + ")");
    }
    connection_ = reader_.get();
  }
  innermost_reading = this;
}

Reading::~Reading() {
  innermost_reading = outer_;
  if (!database_.is_of_this_process()) {
    static_cast<void>(reader_.release());  // they are the parent's
    hold_.abandon();
  } else if (reader_) {
    // A transaction that could not be ended would show the file of that moment for ever.
    if (of_no_use_ || reader_->in_transaction()) reader_.reset();
    database_.readers.give_back(std::move(reader_));
  }
}

bool Reading::is_under_way(const Database::Impl& database) noexcept {
  for (const Reading* reading = innermost_reading; reading != nullptr; reading = reading->outer_) {
    if (&reading->database_ == &database) return true;
  }
  return false;
}

// --- The public side ----------------------------------------------------------------------------

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Database::~Database() {
  // To close what is the parent's would take the locks of this process, and delete files in use.
  if (!impl_->is_of_this_process()) static_cast<void>(impl_.release());
}

std::shared_ptr<Database> Database::open(const std::filesystem::path& path,
                                         const DatabaseOptions& options) {
  if (!path.has_filename()) {
    throw StorageError(ErrorCode::not_a_castore_file,
                       '"' + path.string() + "\" is no name of a file");
  }
  const bool in_memory = path == memory && !options.read_only;
  auto impl = std::make_unique<Impl>(in_memory ? path : full_path(path), options);
  if (!in_memory) {
    check_is_reachable(impl->path, options.read_only ? Access::read : Access::write);
    check_is_regular(impl->path);
    OpenFile::check_not_inherited(impl->path);
  }
  if (options.read_only) {
    impl->open_for_reading();
  } else {
    impl->open_for_writing();
  }
  return std::shared_ptr<Database>(new Database(std::move(impl)));
}

std::shared_ptr<Database> Database::on_connection(sqlite3* connection, ForeignTriggers triggers) {
  auto impl = std::make_unique<Impl>(std::filesystem::path(),
                                     DatabaseOptions{.foreign_triggers = triggers});
  impl->on_host_connection = true;
  impl->writer = std::make_unique<Connection>(connection);
  impl->check_tables(*impl->writer);
  migrate(*impl->writer);
  impl->writer->prepare_transactions();
  return std::shared_ptr<Database>(new Database(std::move(impl)));
}

const std::filesystem::path& Database::path() const noexcept { return impl_->path; }

bool Database::read_only() const noexcept { return impl_->options.read_only; }

std::uint64_t Database::data_version() const { return impl_->data_version(); }

int Database::schema_version() noexcept { return migrations().back().version; }

Transaction::Transaction(Database& database)
    : database_(database.shared_from_this()), id_(database.impl_->begin()) {}

Transaction::~Transaction() {
  if (open_ && database_->impl_->is_of_this_process()) database_->impl_->rollback(id_);
}

void Transaction::commit() {
  if (!open_) throw StorageError(ErrorCode::storage, "the transaction is over already");
  Database::Impl& database = *database_->impl_;
  database.check_commit(id_);
  open_ = false;
  database.commit();
}

}  // namespace castore::sqlite
