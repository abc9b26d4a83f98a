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

}  // namespace

Database::Impl::Impl(std::filesystem::path file, const DatabaseOptions& given)
    : path(std::move(file)), options(given) {
  if (options.busy_timeout.count() < 0) {
    throw InvalidOptionError("busy_timeout", "must not be negative");
  }
}

Database::Impl::~Impl() {
  // The writer closes last, so that it is the one that checkpoints.
  idle_readers.clear();
}

void Database::Impl::acquire() {
  if (!writer) {
    throw StorageError(ErrorCode::storage_read_only, path.string() + " is open for reading only");
  }
  if (!lock.try_lock_for(options.busy_timeout)) {
    throw StorageBusyError("another thread is writing to " + path.string() + " for more than " +
                           std::to_string(options.busy_timeout.count()) + " ms");
  }
}

void Database::Impl::begin() {
  acquire();
  try {
    check_alive();
    if (open_transactions.empty()) host_transaction = writer->in_transaction();
    writer->begin();
    open_transactions.push_back(actions.size());
  } catch (...) {
    lock.unlock();
    throw;
  }
}

void Database::Impl::check_alive() const {
  if (!open_transactions.empty() && !writer->in_transaction()) {
    throw StorageError(ErrorCode::storage,
                       "SQLite has rolled back the transaction after an earlier failure");
  }
}

void Database::Impl::commit() {
  const bool outermost = open_transactions.size() == 1;
  const bool in_host_transaction = host_transaction;
  try {
    check_alive();
    writer->commit(!outermost || in_host_transaction);
  } catch (...) {
    rollback();
    throw;
  }
  open_transactions.pop_back();
  std::vector<std::function<void()>> ready;
  if (outermost) ready.swap(actions);
  lock.unlock();
  if (in_host_transaction) return;  // whether the host commits, we do not learn

  std::exception_ptr failure;
  for (const auto& action : ready) {
    try {
      action();
    } catch (...) {
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

bool Database::Impl::host_is_in_transaction() {
  if (!on_host_connection) return false;
  acquire();  // else another thread's transaction of ours would look like the host's
  const bool inside = writer->in_transaction();
  lock.unlock();
  return inside;
}

void Database::Impl::rollback() noexcept {
  const bool outermost = open_transactions.size() == 1;
  writer->rollback(!outermost || host_transaction);
  actions.resize(open_transactions.back());
  open_transactions.pop_back();
  lock.unlock();
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
    database_.lock.unlock();
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
