#pragma once

/// \file
/// Everything castore throws, but for `PublishError`. One root, `castore::Error`, with a stable
/// code; a subclass where a caller needs the fields to act. What is merely absent is a
/// `std::optional`, never an error. Copies of an error share what it says: copying cannot throw,
/// and what an accessor refers to lives as long as any of them.

#include <castore/detail/shared.hpp>
#include <castore/event.hpp>
#include <cstdint>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace castore {

/// Stable: codes are added, never renamed or reused. `to_string` gives the text that `castore-cli`
/// prints as `error.code`.
enum class ErrorCode {
  event_already_exists,
  version_gap,
  aggregate_not_found,
  event_store_not_found,
  file_not_found,
  invalid_event,
  invalid_event_group,
  invalid_timestamp,
  invalid_page_token,
  invalid_option,
  malformed_event,
  reserved_event_type,
  undefined_event_storage_adapter,
  invalid_input,
  schema_violation,
  invalid_schema,
  undefined_message_channel_adapter,
  message_channel_event_store_not_found,
  invalid_message,
  publish,
  command_not_found,
  program,
  plugin,
  not_a_castore_file,
  newer_schema,
  storage_busy,
  storage_full,
  storage_read_only,
  storage,
  file_replaced,
  forked_process,
  permission_denied,
  foreign_trigger,
  after_commit,
  not_supported,
  outcome_unknown,
};

/// `ErrorCode::event_already_exists` → "EventAlreadyExists".
[[nodiscard]] std::string_view to_string(ErrorCode code) noexcept;

/// One thing that is wrong with a JSON value, by its schema.
struct SchemaViolation {
  std::string pointer;  ///< RFC 6901: where in the value; empty is the value itself
  std::string message;

  friend bool operator==(const SchemaViolation&, const SchemaViolation&) = default;
};

/// A fact of an error for machines: `{"aggregateId", "pikachu"}`, `{"version", 3}`.
struct ErrorField {
  std::string_view name;  ///< a literal, in the original's spelling
  std::variant<std::string, std::int64_t, std::vector<SchemaViolation>> value;

  friend bool operator==(const ErrorField&, const ErrorField&) = default;
};

/// The root of what castore throws. `what()` names the thing that is wrong.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, std::string message, std::vector<ErrorField> fields = {})
      : std::runtime_error(""), facts_({code, std::move(message), std::move(fields)}) {}

  [[nodiscard]] const char* what() const noexcept override { return facts_->message.c_str(); }

  [[nodiscard]] ErrorCode code() const noexcept { return facts_->code; }

  /// The same facts as the subclass's accessors, by name. Stable with the code.
  [[nodiscard]] const std::vector<ErrorField>& fields() const noexcept { return facts_->fields; }

  /// Tells whether the same call may succeed later, unchanged: another was in the way. (A lost
  /// optimistic lock is not retryable in this sense: the caller has to read and decide again.)
  [[nodiscard]] bool retryable() const noexcept { return code() == ErrorCode::storage_busy; }

 protected:
  /// Finds one of `fields()`. \returns null if there is none of that name and type
  template <class T>
  [[nodiscard]] const T* find(std::string_view name) const noexcept {
    for (const ErrorField& field : fields()) {
      if (field.name == name) return std::get_if<T>(&field.value);
    }
    return nullptr;
  }
  /// \pre there is such a field
  [[nodiscard]] const std::string& text(std::string_view name) const noexcept {
    return *find<std::string>(name);
  }
  /// Empty where there is no such field.
  [[nodiscard]] std::string_view optional_text(std::string_view name) const noexcept {
    const auto* const text = find<std::string>(name);
    return text == nullptr ? std::string_view() : std::string_view(*text);
  }
  /// \pre there is such a field
  [[nodiscard]] std::int64_t number(std::string_view name) const noexcept {
    return *find<std::int64_t>(name);
  }

 private:
  // The message is here, not in the `std::runtime_error`: the standard library counts the copies
  // of its texts where the thread sanitizer cannot see it, which then reports races.
  struct Facts {
    ErrorCode code;
    std::string message;
    std::vector<ErrorField> fields;
  };

  detail::Shared<Facts> facts_;
};

/// The optimistic lock failed: `version` of the aggregate is already taken. The one error a correct
/// program meets in normal operation; read the aggregate again and decide again.
class EventAlreadyExistsError : public Error {
 public:
  EventAlreadyExistsError(const std::string& event_store_id, const std::string& aggregate_id,
                          Version version, Version current_version);

  [[nodiscard]] const std::string& event_store_id() const noexcept { return text("eventStoreId"); }
  [[nodiscard]] const std::string& aggregate_id() const noexcept { return text("aggregateId"); }
  [[nodiscard]] Version version() const noexcept { return number("version"); }
  /// The aggregate's newest version when the push failed; never below `version()`.
  [[nodiscard]] Version current_version() const noexcept { return number("currentVersion"); }
};

/// The pushed version is not the aggregate's newest version + 1, and is not taken either.
class VersionGapError : public Error {
 public:
  VersionGapError(const std::string& event_store_id, const std::string& aggregate_id,
                  Version version, Version expected_version);

  [[nodiscard]] const std::string& event_store_id() const noexcept { return text("eventStoreId"); }
  [[nodiscard]] const std::string& aggregate_id() const noexcept { return text("aggregateId"); }
  [[nodiscard]] Version version() const noexcept { return number("version"); }
  [[nodiscard]] Version expected_version() const noexcept { return number("expectedVersion"); }
};

/// Only from the calls that promise an aggregate (`get_existing_aggregate`).
class AggregateNotFoundError : public Error {
 public:
  AggregateNotFoundError(const std::string& event_store_id, const std::string& aggregate_id);

  [[nodiscard]] const std::string& event_store_id() const noexcept { return text("eventStoreId"); }
  [[nodiscard]] const std::string& aggregate_id() const noexcept { return text("aggregateId"); }
};

/// An event to be pushed breaks a rule. Nothing was written.
class InvalidEventError : public Error {
 public:
  /// \param path  the offending field, as in JSON: "version", "payload", "event.timestamp"
  /// \param pointer  RFC 6901: what is at fault in a payload or metadata; empty is all of it
  InvalidEventError(const std::string& path, const std::string& reason,
                    const std::string& pointer = {});

  [[nodiscard]] const std::string& path() const noexcept { return text("path"); }
  [[nodiscard]] std::string_view pointer() const noexcept { return optional_text("pointer"); }
};

/// A group that cannot be pushed as one: no events, several databases or several timestamps.
/// Nothing was written.
class InvalidEventGroupError : public Error {
 public:
  enum class Reason { empty, different_databases, different_timestamps };

  /// \param index  0-based, of the first event that does not fit; 0 for an empty group
  InvalidEventGroupError(Reason reason, std::size_t index, const std::string& message);

  [[nodiscard]] Reason reason() const noexcept { return reason_; }
  [[nodiscard]] std::size_t index() const noexcept {
    return static_cast<std::size_t>(number("index"));
  }

 private:
  Reason reason_;
};

/// Text that is no timestamp, or a moment outside the years 0000 to 9999.
class InvalidTimestampError : public Error {
 public:
  InvalidTimestampError(const std::string& text, const std::string& reason);

  [[nodiscard]] const std::string& text() const noexcept { return Error::text("timestamp"); }
};

/// A page token that is damaged, not ours, or of another event store.
class InvalidPageTokenError : public Error {
 public:
  InvalidPageTokenError();
};

/// An argument outside its range, such as a `limit` below 1.
class InvalidOptionError : public Error {
 public:
  InvalidOptionError(const std::string& option, const std::string& reason);

  [[nodiscard]] const std::string& option() const noexcept { return text("option"); }
};

/// A retry policy that is out of range. The message is the original's.
class InvalidRetryPolicyError : public Error {
 public:
  /// \param kind  "integer" or "number"
  InvalidRetryPolicyError(const std::string& option, std::string_view kind);

  [[nodiscard]] const std::string& option() const noexcept { return text("option"); }
};

/// A stored event cannot be understood: a type the store does not list, a payload that does not
/// fit its type, a damaged row. Reading it is refused; the event stays as it is.
class MalformedEventError : public Error {
 public:
  /// \param position  in the order of commit, where it is known
  /// \param more  `path` and `pointer`, where it is a payload or metadata that does not fit its
  /// type
  MalformedEventError(const std::string& event_store_id, const std::string& aggregate_id,
                      Version version, const std::string& type, const std::string& reason,
                      std::optional<std::int64_t> position = {}, std::vector<ErrorField> more = {});

  [[nodiscard]] const std::string& event_store_id() const noexcept { return text("eventStoreId"); }
  [[nodiscard]] const std::string& aggregate_id() const noexcept { return text("aggregateId"); }
  [[nodiscard]] Version version() const noexcept { return number("version"); }
  [[nodiscard]] const std::string& type() const noexcept { return text("type"); }
  [[nodiscard]] std::optional<std::int64_t> position() const noexcept {
    const auto* const position = find<std::int64_t>("position");
    return position == nullptr ? std::nullopt : std::optional(*position);
  }
  /// RFC 6901: what does not fit its type in the payload or the metadata; empty where it is all of
  /// it, or is not known.
  [[nodiscard]] std::string_view pointer() const noexcept { return optional_text("pointer"); }
};

/// "__REPLAYED__" and "__AGGREGATE_EXISTS__" mean something on message buses.
class ReservedEventTypeError : public Error {
 public:
  explicit ReservedEventTypeError(const std::string& type);

  [[nodiscard]] const std::string& type() const noexcept { return text("type"); }
};

/// The JSON input of a command is no JSON, or not what the command takes. Nothing was run.
class InvalidInputError : public Error {
 public:
  /// \param pointer  RFC 6901: what is at fault; empty is all of it
  explicit InvalidInputError(const std::string& reason, const std::string& pointer = {});

  [[nodiscard]] std::string_view pointer() const noexcept { return optional_text("pointer"); }
};

/// A payload, metadata, or a command's input or output does not fit its JSON Schema. Unless it is
/// an output, nothing was written.
class SchemaViolationError : public Error {
 public:
  /// \param path  what does not fit, as in JSON: "payload", "event.metadata", "input"
  /// \param violations  at least one
  SchemaViolationError(const std::string& path, const std::vector<SchemaViolation>& violations);

  [[nodiscard]] const std::string& path() const noexcept { return text("path"); }
  [[nodiscard]] const std::vector<SchemaViolation>& violations() const noexcept {
    return *find<std::vector<SchemaViolation>>("violations");
  }
};

/// A JSON Schema that cannot be used: it is none, of another draft than 7, refers to what it does
/// not contain, or there is no validator for it.
class InvalidSchemaError : public Error {
 public:
  explicit InvalidSchemaError(const std::string& reason)
      : Error(ErrorCode::invalid_schema, std::string(prefix) + reason) {}

  /// The message without its beginning.
  [[nodiscard]] std::string_view reason() const noexcept { return what() + prefix.size(); }

 private:
  static constexpr std::string_view prefix = "Invalid JSON Schema: ";
};

/// The message channel was to publish before it was given an adapter.
class UndefinedMessageChannelAdapterError : public Error {
 public:
  /// \param channel  "message queue" or "message bus"
  UndefinedMessageChannelAdapterError(std::string_view channel,
                                      const std::string& message_channel_id);

  [[nodiscard]] const std::string& message_channel_id() const noexcept {
    return text("messageChannelId");
  }
};

/// A message of an event store that the channel was not given. Nothing was published.
class MessageChannelEventStoreNotFoundError : public Error {
 public:
  /// \param channel  "message queue" or "message bus"
  MessageChannelEventStoreNotFoundError(std::string_view channel,
                                        const std::string& message_channel_id,
                                        const std::string& event_store_id);

  [[nodiscard]] const std::string& message_channel_id() const noexcept {
    return text("messageChannelId");
  }
  [[nodiscard]] const std::string& event_store_id() const noexcept { return text("eventStoreId"); }
};

/// The event store was called before it was given a storage adapter.
class UndefinedEventStorageAdapterError : public Error {
 public:
  explicit UndefinedEventStorageAdapterError(const std::string& event_store_id);

  [[nodiscard]] const std::string& event_store_id() const noexcept { return text("eventStoreId"); }
};

/// A storage adapter that cannot do what it is asked to, now or later, such as groups over several
/// event stores. Nothing was written.
class NotSupportedError : public Error {
 public:
  /// \param operation  as in "pushing a group of more than 100 events"
  explicit NotSupportedError(const std::string& operation)
      : Error(ErrorCode::not_supported, "Not supported by the storage adapter: " + operation,
              {{"operation", operation}}) {}

  [[nodiscard]] const std::string& operation() const noexcept { return text("operation"); }
};

/// The engine below failed; `code()` says how: `storage`, `storage_busy`, `storage_full`,
/// `storage_read_only`, `not_a_castore_file`, `newer_schema`, `file_not_found`, `file_replaced`,
/// `forked_process`, `permission_denied`, `foreign_trigger`, `outcome_unknown`. Nothing of the
/// failed call is stored, but for two cases in which it may be found whole:
///
/// - `outcome_unknown`: the commit itself failed. What was pushed may be there, or turn up when the
///   storage is opened again. Do not just push again: read first, and look whether it is there.
/// - `file_replaced`: in the file that was there before (`docs/design.md`).
class StorageError : public Error {
 public:
  using Error::Error;
};

/// There is no such file, or no folder to create it in.
class FileNotFoundError : public StorageError {
 public:
  explicit FileNotFoundError(const std::string& path);

  [[nodiscard]] const std::string& path() const noexcept { return text("path"); }
};

/// An error of castore's that arose after the commit, in a reducer, a callback or an action that
/// ran then. What was pushed is stored, or will be with the transaction that is open still: pushing
/// it again would be wrong. So an `EventAlreadyExistsError` that leaves a push is that push's own,
/// and not one that a callback has met at another event store. (What is no `castore::Error`
/// propagates as it was thrown.)
class AfterCommitError : public Error {
 public:
  /// \param cause  not null
  AfterCommitError(const std::string& event_store_id, const std::string& aggregate_id,
                   Version version, const std::exception_ptr& cause);
  /// Of a transaction as a whole.
  explicit AfterCommitError(const std::exception_ptr& cause);

  // The event that is stored; nothing of a transaction as a whole.
  [[nodiscard]] std::optional<std::string_view> event_store_id() const noexcept {
    return found<std::string_view, std::string>("eventStoreId");
  }
  [[nodiscard]] std::optional<std::string_view> aggregate_id() const noexcept {
    return found<std::string_view, std::string>("aggregateId");
  }
  [[nodiscard]] std::optional<Version> version() const noexcept {
    return found<Version, std::int64_t>("version");
  }

  [[nodiscard]] const std::exception_ptr& cause() const noexcept { return cause_; }

 protected:
  AfterCommitError(ErrorCode code, const std::string& message, std::vector<ErrorField> fields,
                   std::exception_ptr cause)
      : Error(code, message, std::move(fields)), cause_(std::move(cause)) {}

 private:
  template <class T, class Field>
  [[nodiscard]] std::optional<T> found(std::string_view name) const noexcept {
    const Field* const value = find<Field>(name);
    return value == nullptr ? std::nullopt : std::optional<T>(*value);
  }

  std::exception_ptr cause_;
};

/// Another process, thread or connection held the write lock for longer than the busy timeout.
/// Nothing was written; trying again later is right.
class StorageBusyError : public StorageError {
 public:
  explicit StorageBusyError(const std::string& message)
      : StorageError(ErrorCode::storage_busy, message) {}
};

}  // namespace castore
