#include "sqlite/connection.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>

#include <algorithm>
#include <castore/error.hpp>
#include <new>
#include <thread>
#include <utility>

#include "saturating_time.hpp"
#include "sqlite/access.hpp"
#include "sqlite/file.hpp"

namespace castore::sqlite {
namespace {

ErrorCode error_code_of(int code) {
  switch (code & 0xFF) {
    case SQLITE_FULL:
      return ErrorCode::storage_full;
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return ErrorCode::storage_read_only;
    case SQLITE_NOTADB:
      return ErrorCode::not_a_castore_file;
    default:
      return ErrorCode::storage;
  }
}

/// Throws the StorageError whose subclass or code fits the one of SQLite.
[[noreturn]] void throw_storage_error(int code, const std::string& doing, const char* detail) {
  const std::string message =
      doing + ": " + detail + " (SQLite error " + std::to_string(code) + ")";
  const int primary = code & 0xFF;
  // PROTOCOL: others were in the way of starting to read for ten seconds.
  if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED || primary == SQLITE_PROTOCOL) {
    throw StorageBusyError(message);
  }
  throw StorageError(error_code_of(code), message);
}

/// Throws the reason why SQLite could not open, make, or open for writing a file, if `path` says
/// it.
void throw_hindrance(int code, const std::filesystem::path& path, bool to_write) {
  const int primary = code & 0xFF;
  if (primary != SQLITE_CANTOPEN && primary != SQLITE_PERM && code != SQLITE_READONLY &&
      code != SQLITE_READONLY_DIRECTORY && code != SQLITE_IOERR_ACCESS) {
    return;
  }
  const auto hindrance = find_hindrance(path, to_write ? Access::write : Access::read);
  if (hindrance) throw StorageError(*hindrance);
}

/// \param code  of the last error on `connection`
bool is_to_be_begun_anew(sqlite3* connection, int code) {
  bool answer = false;
  if (sqlite3_file_control(connection, "main", is_to_look_again, &answer) != SQLITE_OK) {
    return false;  // no file of a `ReadOnlyFile`
  }
  // A writer that left its index half written, or came when SQLite did not expect one.
  return answer || code == SQLITE_READONLY_RECOVERY || code == SQLITE_READONLY_CANTINIT ||
         (code & 0xFF) == SQLITE_PROTOCOL;
}

}  // namespace

std::chrono::steady_clock::time_point deadline_after(std::chrono::milliseconds timeout) noexcept {
  return later(std::chrono::steady_clock::now(), timeout);
}

Statement::Statement(Connection& connection, const char* sql) : connection_(&connection) {
  sqlite3_stmt* statement = nullptr;
  const auto prepare = [&] {
    return sqlite3_prepare_v3(connection.handle(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement,
                              nullptr);
  };
  int code = prepare();
  if (code != SQLITE_OK && connection.schema_is_read_anew()) code = prepare();
  if (code != SQLITE_OK) connection.fail();
  statement_.reset(statement);
}

void Statement::check(int code) const {
  if (code == SQLITE_OK) return;
  connection_->fail();
}

void Statement::bind(int index, std::int64_t value) {
  check(sqlite3_bind_int64(statement_.get(), index, value));
}

void Statement::bind(int index, std::string_view text) {
  // A null pointer would bind NULL, but an empty view is a text.
  const char* const data = text.data() == nullptr ? "" : text.data();
  check(
      sqlite3_bind_text64(statement_.get(), index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::bind(int index, const std::optional<std::string_view>& text) {
  if (text) {
    bind(index, *text);
  } else {
    check(sqlite3_bind_null(statement_.get(), index));
  }
}

int Statement::run() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW || code == SQLITE_DONE || !connection_->schema_is_read_anew()) return code;
  return sqlite3_step(statement_.get());
}

bool Statement::step() {
  const int code = run();
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  check(code);
  return false;
}

bool Statement::write() {
  const int code = run();
  if (code == SQLITE_DONE) return true;
  const int extended = sqlite3_extended_errcode(connection_->handle());
  if (extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_NOTNULL) return false;
  check(code);
  return true;
}

void Statement::reset() noexcept {
  if (statement_.get_deleter().process != this_process()) return;
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
  connection_->end_statement();
}

int Statement::type(int column) const noexcept {
  return sqlite3_column_type(statement_.get(), column);
}

std::int64_t Statement::integer(int column) const noexcept {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::text(int column) const {
  return optional_text(column).value_or(std::string_view());
}

std::optional<std::string_view> Statement::optional_text(int column) const {
  const auto* const data =
      reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (data == nullptr) {  // NULL, or no memory to convert it
    if (sqlite3_column_type(statement_.get(), column) != SQLITE_NULL) throw std::bad_alloc();
    return std::nullopt;
  }
  return std::string_view(data,
                          static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)));
}

Connection::Connection(const std::filesystem::path& path, int flags,
                       std::chrono::milliseconds busy_timeout, const char* vfs) try
    // Used by one thread at a time, always: SQLite need not lock a mutex at every call.
    : owned_(std::make_unique<SQLite::Database>(to_sqlite(path).c_str(),
                                                flags | SQLITE_OPEN_NOMUTEX, 0, vfs)),
      handle_(owned_->getHandle()),
      writes_((flags & SQLITE_OPEN_READONLY) == 0),
      is_temporary_(path.empty()),
      busy_timeout_(busy_timeout) {
  sqlite3_busy_handler(handle_, &Connection::on_busy, this);
  defend(flags);
} catch (const SQLite::Exception& e) {
  const int code = e.getExtendedErrorCode() < 0 ? e.getErrorCode() : e.getExtendedErrorCode();
  throw_hindrance(code, path, (flags & SQLITE_OPEN_READONLY) == 0);
  throw_storage_error(code, "opening " + path.string(), e.what());
}

/// SQLite 3.38 to 3.40 take their own JSON functions for unsafe: without trust in the schema, a
/// file whose host has an index on a JSON expression would be malformed to them.
bool takes_json_for_unsafe() {
  constexpr int first = 3038000;
  constexpr int mended = 3041000;
  const int version = sqlite3_libversion_number();
  return first <= version && version < mended;
}

/// As https://www.sqlite.org/security.html advises for files from anybody, as far as a host's own
/// tables in the file stay readable: limits on their texts would make them malformed.
void Connection::defend(int flags) {
  const auto set = [this](int option, int value) {
    sqlite3_db_config(handle_, option, value, nullptr);
  };
  set(SQLITE_DBCONFIG_DEFENSIVE, 1);
  if (!takes_json_for_unsafe()) set(SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0);
  sqlite3_limit(handle_, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_limit(handle_, SQLITE_LIMIT_WORKER_THREADS, 0);
  if ((flags & SQLITE_OPEN_READONLY) == 0) {
    // Else a savepoint that changes more than 16 pages needs a disk beside that of the file, and
    // SQLite does not tell which of them has failed.
    if (!is_temporary_) execute("PRAGMA temp_store = MEMORY");
    return;
  }
  set(SQLITE_DBCONFIG_ENABLE_TRIGGER, 0);
  set(SQLITE_DBCONFIG_ENABLE_VIEW, 0);
  execute("PRAGMA query_only = ON");
}

/// \param trigger  or the name of a subquery, of which castore has one
int Connection::authorize(void* self, int action, const char* /*first*/, const char* /*second*/,
                          const char* /*database*/, const char* trigger) noexcept {
  if (trigger == nullptr) return SQLITE_OK;
  const bool reads = action == SQLITE_SELECT || action == SQLITE_READ ||
                     action == SQLITE_FUNCTION || action == SQLITE_RECURSIVE;
  if (reads && trigger == own_subquery) return SQLITE_OK;
  auto& connection = *static_cast<Connection*>(self);
  const auto& allowed = connection.allowed_triggers_;
  if (std::find(allowed.begin(), allowed.end(), trigger) != allowed.end()) return SQLITE_OK;
  connection.trigger_was_denied_ = true;
  try {
    connection.denied_trigger_ = trigger;
  } catch (const std::bad_alloc&) {
    connection.denied_trigger_.clear();  // the error does without its name
  }
  return SQLITE_DENY;
}

void Connection::allow_triggers(std::vector<std::string> names) {
  allowed_triggers_ = std::move(names);
  sqlite3_set_authorizer(handle_, &Connection::authorize, this);
}

Connection::Connection(sqlite3* host) noexcept : handle_(host) {}

/// SQLite's own busy handler sleeps up to 100 ms at a time, and so misses the moments in which a
/// process that writes back to back gives the lock away.
int Connection::on_busy(void* self, int count) noexcept {
  auto& connection = *static_cast<Connection*>(self);
  const auto now = std::chrono::steady_clock::now();
  if (count == 0) {
    connection.give_up_ = connection.deadline_.value_or(deadline_after(connection.busy_timeout_));
  }
  if (now >= connection.give_up_) return 0;
  constexpr int shortest = 50;  // microseconds
  constexpr int spread = 950;
  // Not in step with the others that wait. (The cast keeps the low bits: nanoseconds.)
  const auto jitter = static_cast<int>(static_cast<unsigned>(now.time_since_epoch().count()) %
                                       static_cast<unsigned>(spread));
  std::this_thread::sleep_for(std::chrono::microseconds{shortest + jitter});
  return 1;
}

Connection::~Connection() {
  prepared_.clear();  // before the connection: SQLite refuses to close it otherwise
  if (process_ != this_process()) static_cast<void>(owned_.release());  // the parent's
}

void Connection::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail();
}

bool Connection::schema_is_read_anew() {
  if (!std::exchange(trigger_was_denied_, false)) return false;
  sqlite3_exec(handle_, "SELECT 1 FROM sqlite_master LIMIT 1", nullptr, nullptr, nullptr);
  return true;
}

/// A connection that reads writes to nothing else, nor does one to a temporary database.
bool Connection::is_of_temporary_file(int code) const noexcept {
  const int primary = code & 0xFF;
  if (code == SQLITE_IOERR_NOMEM) return false;
  if (is_temporary_) {
    return primary == SQLITE_IOERR || primary == SQLITE_FULL || primary == SQLITE_CANTOPEN ||
           primary == SQLITE_READONLY || primary == SQLITE_PERM;
  }
  return code == SQLITE_IOERR_GETTEMPPATH ||
         (!writes_ &&
          (primary == SQLITE_FULL || code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_TRUNCATE));
}

/// A commit that the disk, or a lack of memory, has stopped may be in the file as a whole, and only
/// not be known to be: unsynced, or missing in the index of the log. Where the file is full, or a
/// lock is missing, it is not.
bool Connection::is_of_unknown_outcome(int code) const noexcept {
  const int primary = code & 0xFF;
  return commit_began_ && (primary == SQLITE_IOERR || primary == SQLITE_NOMEM);
}

/// \param prefix  whose statement needed it
void Connection::throw_temporary_file_error(int code, const std::string& prefix) const {
  const bool not_opened = (code & 0xFF) == SQLITE_CANTOPEN;
  const std::error_code no_descriptor = not_opened ? no_descriptor_left() : std::error_code();
  const bool has_folder = code != SQLITE_IOERR_GETTEMPPATH;
  const std::string reason = no_descriptor ? no_descriptor.message()
                             : has_folder  ? sqlite3_errmsg(handle_)
                                           : "there is no folder for it";
  const bool is_full = (code & 0xFF) == SQLITE_FULL;
  throw StorageError(is_full ? ErrorCode::storage_full : ErrorCode::storage,
                     prefix +
                         "a temporary file for putting events in order failed, not the "
                         "database: " +
                         reason + " (SQLite error " + std::to_string(code) + "); it is made in " +
                         std::string(where_temporary_files_are()));
}

void Connection::fail() {
  const char* const name = sqlite3_db_filename(handle_, "main");
  const bool named = name != nullptr && *name != '\0';
  const std::string file = named           ? name
                           : is_temporary_ ? "a temporary database"
                                           : "the database in memory";
  const int code = sqlite3_extended_errcode(handle_);
  if (named && is_to_be_begun_anew(handle_, code)) {
    throw LookAgain(file +
                    ": others opened or closed it while it was read, or its -wal is missing");
  }
  if (std::exchange(trigger_was_denied_, false)) {
    throw StorageError(ErrorCode::foreign_trigger,
                       file + " has a trigger " + denied_trigger_ +
                           " on a table of castore's that was made since it was opened",
                       {{"trigger", denied_trigger_}});
  }
  if (is_of_temporary_file(code)) throw_temporary_file_error(code, named ? file + ": " : "");
  if (named && is_of_unknown_outcome(code)) {
    throw StorageError(ErrorCode::outcome_unknown,
                       file + ": " + sqlite3_errmsg(handle_) + " (SQLite error " +
                           std::to_string(code) +
                           ") at a commit: what was pushed may be stored, look before you push it "
                           "again");
  }
  if (named) throw_hindrance(code, file, writes_);
  const char* const detail =
      code == SQLITE_READONLY_ROLLBACK
          ? "a program that wrote to it was killed halfway; open it for writing once"
          : sqlite3_errmsg(handle_);
  throw_storage_error(code, file, detail);
}

Connection::Borrowed Connection::borrow(const char* sql) {
  for (const auto& prepared : prepared_) {
    if (prepared->sql == sql && !prepared->in_use) return Borrowed(*prepared);
  }
  prepared_.push_back(std::make_unique<Prepared>(Prepared{sql, Statement(*this, sql)}));
  return Borrowed(*prepared_.back());
}

bool Connection::is_utf8() {
  if (!is_utf8_) {
    const auto encoding = borrow("PRAGMA encoding");
    is_utf8_ = encoding->step() && encoding->text(0) == "UTF-8";
  }
  return *is_utf8_;
}

std::filesystem::path Connection::path() const {
  const char* const name = sqlite3_db_filename(handle_, "main");
  if (name == nullptr) return {};
  const std::string text(name);  // UTF-8
  return std::filesystem::path(std::u8string(text.begin(), text.end()));
}

bool Connection::is_write_protected() const noexcept {
  return sqlite3_db_readonly(handle_, "main") == 1;
}

bool Connection::has_moved() const noexcept {
  int moved = 0;
  sqlite3_file_control(handle_, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return moved != 0;
}

std::uint64_t Connection::file_version() const noexcept {
  unsigned version = 0;
  sqlite3_file_control(handle_, "main", SQLITE_FCNTL_DATA_VERSION, &version);
  return version;
}

bool Connection::has_read_only_shm() const noexcept {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(handle_, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (file == nullptr || file->pMethods == nullptr || file->pMethods->iVersion < 2) return false;
  void volatile* region = nullptr;
  return (file->pMethods->xShmMap(file, 0, shm_region_size, 0, &region) & 0xFF) == SQLITE_READONLY;
}

void Connection::count_log(std::int64_t* frames) noexcept {
  const auto set = [](void* target, sqlite3*, const char*, int length) {
    *static_cast<std::int64_t*>(target) = length;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(handle_, frames == nullptr ? nullptr : +set, frames);
}

bool Connection::write_log_back() noexcept {
  int frames = 0;
  int written = 0;
  const int code =
      sqlite3_wal_checkpoint_v2(handle_, "main", SQLITE_CHECKPOINT_PASSIVE, &frames, &written);
  return code == SQLITE_OK && written == frames;
}

void Connection::keep_log_on_close() noexcept {
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

namespace {

constexpr auto begin_deferred = "BEGIN";
constexpr auto begin_immediate = "BEGIN IMMEDIATE";
constexpr auto commit_transaction = "COMMIT";
constexpr auto rollback_transaction = "ROLLBACK";
// One name for all levels: SQLite takes the innermost of that name.
constexpr auto begin_savepoint = "SAVEPOINT castore";
constexpr auto release_savepoint = "RELEASE castore";
constexpr auto rollback_to_savepoint = "ROLLBACK TO castore";

}  // namespace

void Connection::prepare_transactions() {
  for (const char* const sql : {begin_immediate, commit_transaction, rollback_transaction,
                                begin_savepoint, release_savepoint, rollback_to_savepoint}) {
    static_cast<void>(borrow(sql));
  }
}

std::int64_t Connection::last_inserted_position() const noexcept {
  return sqlite3_last_insert_rowid(handle_);
}

void Connection::tell_unknown_outcomes() noexcept {
  tells_unknown_outcomes_ = true;
  if (owned_ == nullptr) return;
  const auto begin_commit = [](void* self) {
    static_cast<Connection*>(self)->commit_began_ = true;
    return 0;
  };
  sqlite3_commit_hook(handle_, begin_commit, this);
}

void Connection::begin() {
  if (!in_transaction()) doomed_ = false;
  borrow(in_transaction() ? begin_savepoint : begin_immediate)->step();
}

void Connection::commit(bool savepoint) {
  if (doomed_) {
    throw StorageError(ErrorCode::storage, "a part of the transaction could not be rolled back");
  }
  const Borrowed statement = borrow(savepoint ? release_savepoint : commit_transaction);
  commit_began_ = tells_unknown_outcomes_ && !savepoint;
  statement->step();
}

void Connection::rollback(bool savepoint) noexcept {
  // After some failures (disk full, I/O) SQLite has rolled back everything by itself.
  if (process_ != this_process() || !in_transaction()) return;
  try {
    if (savepoint) {
      borrow(rollback_to_savepoint)->step();
      borrow(release_savepoint)->step();
    } else {
      borrow(rollback_transaction)->step();
    }
  } catch (...) {
    doomed_ = true;
    // SQLite rolls it back when the file is opened next.
  }
}

ReadTransaction::ReadTransaction(Connection& connection)
    : connection_(connection), is_savepoint_(connection.in_transaction()) {
  connection.prepare_transactions();  // so that ending it needs no memory
  connection.borrow(is_savepoint_ ? begin_savepoint : begin_deferred)->step();
}

ReadTransaction::~ReadTransaction() {
  if (!is_savepoint_) {
    connection_.rollback(false);
    return;
  }
  try {
    connection_.commit(true);
  } catch (...) {
    // The transaction around it ends it.
  }
}

}  // namespace castore::sqlite
