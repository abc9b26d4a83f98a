#include "sqlite/database.hpp"

#include <string>
#include <system_error>
#include <utility>

#include "sqlite/access.hpp"
#include "sqlite/migrations.hpp"
#include "sqlite/schema.hpp"

namespace castore::sqlite {
namespace {

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

thread_local Reading* innermost_reading = nullptr;

}  // namespace

// --- Opening ------------------------------------------------------------------------------------

Database::Impl::Impl(std::filesystem::path path, const DatabaseOptions& given)
    : file{.path = std::move(path)},
      options(given),
      writer(file, options.busy_timeout),
      readers([this] { return connect_to_read(); }, options.max_readers) {
  if (options.busy_timeout.count() < 0) {
    throw InvalidOptionError("busy_timeout", "must not be negative");
  }
  if (options.max_readers < 1) throw InvalidOptionError("max_readers", "must be at least 1");
}

std::unique_ptr<Connection> Database::Impl::connect_to_read() const {
  auto connection = read_only_file ? read_only_file->connect()
                                   : std::make_unique<Connection>(file.path, SQLITE_OPEN_READONLY,
                                                                  options.busy_timeout);
  file.in_place.check();  // else it may be a connection to another file
  return connection;
}

void Database::Impl::open_for_reading() {
  const auto identity = identity_of(file.path);
  if (!identity) throw FileNotFoundError(file.path.string());
  file.open.emplace(*identity, OpenFile::Use::reading);
  file.in_place.watch(file.path);
  read_only_file.emplace(file.path, options.busy_timeout);
  Reading::from(*this, [this](const Reading& reading) {
    if (check_schema(reading.connection(), file.path.string()) == 0) {
      throw StorageError(ErrorCode::not_a_castore_file,
                         file.path.string() + " holds no event store");
    }
  });
}

std::unique_ptr<Connection> Database::Impl::connect_to_write() const {
  return std::make_unique<Connection>(file.path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                      options.busy_timeout);
}

std::unique_ptr<Connection> Database::Impl::open_writer() const {
  auto connection = connect_to_write();
  if (connection->is_write_protected()) {
    if (const auto denial = find_denied(file.path, Access::write)) throw StorageError(*denial);
    throw StorageError(ErrorCode::storage_read_only, file.path.string() + " is write-protected");
  }
  // Before anything is changed in a file that is not for us.
  check_tables(*connection);
  if (file.path != memory) switch_to_wal(*connection, options);
  connection->execute(synchronous_pragma(options.synchronous));
  connection->execute(read_schema_version);  // and so has the log opened
  return connection;
}

void Database::Impl::check_tables(Connection& connection) const {
  const std::string name =
      writer.is_on_host_connection() ? "the host's database" : file.path.string();
  const int version = check_schema(connection, name);
  if (options.foreign_triggers == ForeignTriggers::allow) return;
  refuse_foreign_triggers(connection, name, version);
  if (!writer.is_on_host_connection()) connection.allow_triggers(own_triggers());
}

void Database::Impl::open_in_memory() {
  writer.open(open_writer());
  file.path.clear();
  migrate(*writer.connection());
  writer.connection()->prepare_transactions();
}

void Database::Impl::open_on_host(sqlite3* connection) {
  writer.open_on_host(connection);
  check_tables(*writer.connection());
  migrate(*writer.connection());
  writer.connection()->prepare_transactions();
  writer.connection()->tell_unknown_outcomes();
}

/// A reading of this process may be in the way, of a file that has a log: it is waited for.
std::unique_ptr<Connection> Database::Impl::open_writer_beside_readers() const {
  Patience patience(options.busy_timeout);
  for (;;) {
    auto connection = open_writer();
    const bool is_read = file.open && OpenFile::is_read(file.open->identity());
    if (!is_read || !connection->has_read_only_shm()) return connection;
    connection.reset();
    patience.wait(StorageError(ErrorCode::storage_read_only,
                               beside(file.path, "-shm").string() + " is open for reading only"));
  }
}

std::unique_ptr<Connection> Database::Impl::connect_to_checkpoint() const {
  auto connection = connect_to_write();
  file.in_place.check();
  connection->execute(synchronous_pragma(options.synchronous));
  connection->execute(read_schema_version);
  return connection;
}

void Database::Impl::open_for_writing() {
  if (file.path == memory) return open_in_memory();
  std::error_code error;
  if (!std::filesystem::is_directory(file.path.parent_path(), error)) {
    throw FileNotFoundError(file.path.parent_path().string());
  }
  check_journal(file.path);
  std::optional<OpeningForWriting> opening;
  if (const auto identity = identity_of(file.path)) {
    file.open.emplace(*identity, OpenFile::Use::writing);
    opening.emplace(*identity);
  }
  writer.open(open_writer_beside_readers());
  Connection& connection = *writer.connection();
  if (!file.open) {
    file.open.emplace(identity_of(file.path).value_or(FileIdentity{}), OpenFile::Use::writing);
  }
  migrate(connection);
  connection.prepare_transactions();  // a change of the schema would undo that
  connection.tell_unknown_outcomes();
  file.in_place.watch(file.path);
  file.in_place.watch_log();  // SQLite has made it by now
  if (connection.has_moved()) {
    throw StorageError(ErrorCode::file_replaced,
                       file.path.string() + " was replaced while it was opened: open it again");
  }
  writer.keep_log_short(
      readers, [this] { return connect_to_checkpoint(); },
      [this] { return Reading::is_under_way(*this); });
}

// --- Reading ------------------------------------------------------------------------------------

void Database::Impl::close_idle() noexcept {
  readers.close_idle();
  // A thread that holds it is about to look at it.
  const std::unique_lock lock(watch_mutex_, std::try_to_lock);
  if (lock) watch_.reset();
}

std::uint64_t Database::Impl::data_version_in_memory() {
  const WriterQueue::Hold hold = writer.acquire();
  Connection& connection = *writer.connection();
  const auto row = connection.borrow(read_data_version);
  row->step();
  // That is about other connections, and has looked at the file. This is about all of them.
  return connection.file_version();
}

std::uint64_t Database::Impl::data_version() {
  if (file.path.empty()) return data_version_in_memory();
  file.check_process();
  file.in_place.check_again();
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

Reading::Reading(DatabaseAccess::Impl& database) : database_(database), outer_(innermost_reading) {
  database.file.check_process();
  if (database.writer.in_transaction() || database.file.path.empty()) {
    hold_ = database.writer.acquire();
    connection_ = database.writer.connection();
  } else {
    database.file.in_place.check_to_read();
    reader_ = database.readers.take(database.options.busy_timeout, is_under_way(database));
    if (!reader_) {
      throw StorageBusyError("all connections to read " + database.file.path.string() +
                             " were in use until the busy timeout (max_readers is " +
                             std::to_string(database.options.max_readers) + ")");
    }
    connection_ = reader_.get();
  }
  innermost_reading = this;
}

Reading::~Reading() {
  innermost_reading = outer_;
  if (!database_.file.is_of_this_process()) {
    static_cast<void>(reader_.release());  // they are the parent's
    hold_.abandon();
  } else if (reader_) {
    // A transaction that could not be ended would show the file of that moment for ever.
    if (of_no_use_ || reader_->in_transaction()) reader_.reset();
    database_.readers.give_back(std::move(reader_));
  }
}

bool Reading::is_under_way(const DatabaseAccess::Impl& database) noexcept {
  for (const Reading* reading = innermost_reading; reading != nullptr; reading = reading->outer_) {
    if (&reading->database_ == &database) return true;
  }
  return false;
}

// --- The public side ----------------------------------------------------------------------------

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Database::~Database() {
  // To close what is the parent's would take the locks of this process, and delete files in use.
  if (!impl_->file.is_of_this_process()) static_cast<void>(impl_.release());
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
    check_is_reachable(impl->file.path, options.read_only ? Access::read : Access::write);
    check_is_regular(impl->file.path);
    OpenFile::check_not_inherited(impl->file.path);
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
  impl->open_on_host(connection);
  return std::shared_ptr<Database>(new Database(std::move(impl)));
}

const std::filesystem::path& Database::path() const noexcept { return impl_->file.path; }

bool Database::read_only() const noexcept { return impl_->options.read_only; }

std::uint64_t Database::data_version() const { return impl_->data_version(); }

int Database::schema_version() noexcept { return migrations().back().version; }

Transaction::Transaction(Database& database)
    : database_(database.shared_from_this()), id_(DatabaseAccess::impl(database).writer.begin()) {}

Transaction::~Transaction() {
  DatabaseAccess::Impl& database = DatabaseAccess::impl(*database_);
  if (open_ && database.file.is_of_this_process()) database.writer.rollback(id_);
}

void Transaction::commit() {
  if (!open_) throw StorageError(ErrorCode::storage, "the transaction is over already");
  Writer& writer = DatabaseAccess::impl(*database_).writer;
  writer.check_commit(id_);
  open_ = false;
  writer.commit();
}

}  // namespace castore::sqlite
