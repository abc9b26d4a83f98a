#include <castore/error.hpp>

#include "exception_text.hpp"

namespace castore {
namespace {

std::vector<ErrorField> event_fields(const std::string& event_store_id,
                                     const std::string& aggregate_id, Version version) {
  return {{"eventStoreId", event_store_id}, {"aggregateId", aggregate_id}, {"version", version}};
}

std::vector<ErrorField> with(std::vector<ErrorField> fields, ErrorField more) {
  fields.push_back(std::move(more));
  return fields;
}

std::vector<ErrorField> malformed_fields(const std::string& event_store_id,
                                         const std::string& aggregate_id, Version version,
                                         const std::string& type,
                                         std::optional<std::int64_t> position,
                                         std::vector<ErrorField> more) {
  auto fields = with(event_fields(event_store_id, aggregate_id, version), {"type", type});
  for (ErrorField& field : more) fields.push_back(std::move(field));
  return position ? with(std::move(fields), {"position", *position}) : fields;
}

std::vector<ErrorField> with_pointer(std::vector<ErrorField> fields, const std::string& pointer) {
  return pointer.empty() ? fields : with(std::move(fields), {"pointer", pointer});
}

/// A stored id may hold what ends a text for C, and so for `what()`.
std::string without_nul(std::string text) {
  for (std::size_t at = text.find('\0'); at != std::string::npos; at = text.find('\0', at)) {
    text.replace(at, 1, "\\u0000");
  }
  return text;
}

std::string at(std::optional<std::int64_t> position) {
  return position ? " at position " + std::to_string(*position) : std::string();
}

// The original's messages, word for word: people search for them.
std::string taken(const std::string& event_store_id, const std::string& aggregate_id,
                  Version version) {
  return "Event already exists for " + event_store_id + " aggregate " + aggregate_id +
         " and version " + std::to_string(version);
}

std::string_view name_of(InvalidEventGroupError::Reason reason) {
  switch (reason) {
    case InvalidEventGroupError::Reason::empty:
      return "empty";
    case InvalidEventGroupError::Reason::different_databases:
      return "differentDatabases";
    case InvalidEventGroupError::Reason::different_timestamps:
      return "differentTimestamps";
  }
  return "";
}

std::string listed(const std::string& path, const std::vector<SchemaViolation>& violations) {
  std::string message = "Schema violation: ";
  for (std::size_t i = 0; i < violations.size(); ++i) {
    if (i > 0) message += "; ";
    message += path + violations[i].pointer + " " + violations[i].message;
  }
  return message;
}

}  // namespace

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::event_already_exists:
      return "EventAlreadyExists";
    case ErrorCode::version_gap:
      return "VersionGap";
    case ErrorCode::aggregate_not_found:
      return "AggregateNotFound";
    case ErrorCode::event_store_not_found:
      return "EventStoreNotFound";
    case ErrorCode::file_not_found:
      return "FileNotFound";
    case ErrorCode::invalid_event:
      return "InvalidEvent";
    case ErrorCode::invalid_event_group:
      return "InvalidEventGroup";
    case ErrorCode::invalid_timestamp:
      return "InvalidTimestamp";
    case ErrorCode::invalid_page_token:
      return "InvalidPageToken";
    case ErrorCode::invalid_option:
      return "InvalidOption";
    case ErrorCode::malformed_event:
      return "MalformedEvent";
    case ErrorCode::reserved_event_type:
      return "ReservedEventType";
    case ErrorCode::undefined_event_storage_adapter:
      return "UndefinedEventStorageAdapter";
    case ErrorCode::invalid_input:
      return "InvalidInput";
    case ErrorCode::schema_violation:
      return "SchemaViolation";
    case ErrorCode::invalid_schema:
      return "InvalidSchema";
    case ErrorCode::undefined_message_channel_adapter:
      return "UndefinedMessageChannelAdapter";
    case ErrorCode::message_channel_event_store_not_found:
      return "MessageChannelEventStoreNotFound";
    case ErrorCode::invalid_message:
      return "InvalidMessage";
    case ErrorCode::publish:
      return "Publish";
    case ErrorCode::command_not_found:
      return "CommandNotFound";
    case ErrorCode::program:
      return "Program";
    case ErrorCode::plugin:
      return "Plugin";
    case ErrorCode::not_a_castore_file:
      return "NotACastoreFile";
    case ErrorCode::newer_schema:
      return "NewerSchema";
    case ErrorCode::storage_busy:
      return "StorageBusy";
    case ErrorCode::storage_full:
      return "StorageFull";
    case ErrorCode::storage_read_only:
      return "StorageReadOnly";
    case ErrorCode::storage:
      return "Storage";
    case ErrorCode::file_replaced:
      return "FileReplaced";
    case ErrorCode::forked_process:
      return "ForkedProcess";
    case ErrorCode::permission_denied:
      return "PermissionDenied";
    case ErrorCode::foreign_trigger:
      return "ForeignTrigger";
    case ErrorCode::after_commit:
      return "AfterCommit";
    case ErrorCode::not_supported:
      return "NotSupported";
    case ErrorCode::outcome_unknown:
      return "OutcomeUnknown";
  }
  return "Storage";
}

EventAlreadyExistsError::EventAlreadyExistsError(const std::string& event_store_id,
                                                 const std::string& aggregate_id, Version version,
                                                 Version current_version)
    : Error(ErrorCode::event_already_exists, taken(event_store_id, aggregate_id, version),
            with(event_fields(event_store_id, aggregate_id, version),
                 {"currentVersion", current_version})) {}

VersionGapError::VersionGapError(const std::string& event_store_id, const std::string& aggregate_id,
                                 Version version, Version expected_version)
    : Error(ErrorCode::version_gap,
            "Version gap for " + event_store_id + " aggregate " + aggregate_id + ": got version " +
                std::to_string(version) + ", expected " + std::to_string(expected_version),
            with(event_fields(event_store_id, aggregate_id, version),
                 {"expectedVersion", expected_version})) {}

AggregateNotFoundError::AggregateNotFoundError(const std::string& event_store_id,
                                               const std::string& aggregate_id)
    : Error(ErrorCode::aggregate_not_found,
            "Unable to find aggregate " + aggregate_id + " in event store " + event_store_id + ".",
            {{"eventStoreId", event_store_id}, {"aggregateId", aggregate_id}}) {}

InvalidEventError::InvalidEventError(const std::string& path, const std::string& reason,
                                     const std::string& pointer)
    : Error(ErrorCode::invalid_event, "Invalid event: " + path + pointer + " " + reason,
            with_pointer({{"path", path}}, pointer)) {}

InvalidEventGroupError::InvalidEventGroupError(Reason reason, std::size_t index,
                                               const std::string& message)
    : Error(
          ErrorCode::invalid_event_group, message,
          {{"reason", std::string(name_of(reason))}, {"index", static_cast<std::int64_t>(index)}}),
      reason_(reason) {}

InvalidTimestampError::InvalidTimestampError(const std::string& text, const std::string& reason)
    : Error(ErrorCode::invalid_timestamp, "Invalid timestamp \"" + text + "\": " + reason,
            {{"timestamp", text}}) {}

InvalidPageTokenError::InvalidPageTokenError()
    : Error(ErrorCode::invalid_page_token, "Invalid page token") {}

InvalidOptionError::InvalidOptionError(const std::string& option, const std::string& reason)
    : Error(ErrorCode::invalid_option, "Invalid option " + option + ": " + reason,
            {{"option", option}}) {}

InvalidRetryPolicyError::InvalidRetryPolicyError(const std::string& option, std::string_view kind)
    : Error(ErrorCode::invalid_option,
            "Invalid " + option + ", please select a positive " + std::string(kind) + ".",
            {{"option", option}}) {}

MalformedEventError::MalformedEventError(const std::string& event_store_id,
                                         const std::string& aggregate_id, Version version,
                                         const std::string& type, const std::string& reason,
                                         std::optional<std::int64_t> position,
                                         std::vector<ErrorField> more)
    : Error(ErrorCode::malformed_event,
            without_nul("Malformed event in " + event_store_id + " aggregate " + aggregate_id +
                        " version " + std::to_string(version) + " of type " + type + at(position) +
                        ": " + reason),
            malformed_fields(event_store_id, aggregate_id, version, type, position,
                             std::move(more))) {}

InvalidInputError::InvalidInputError(const std::string& reason, const std::string& pointer)
    : Error(ErrorCode::invalid_input,
            "Invalid input: " + pointer + (pointer.empty() ? "" : " cannot be read: ") + reason,
            with_pointer({}, pointer)) {}

ReservedEventTypeError::ReservedEventTypeError(const std::string& type)
    : Error(ErrorCode::reserved_event_type,
            type + " is a reserved event type. Please chose another one.", {{"type", type}}) {}

SchemaViolationError::SchemaViolationError(const std::string& path,
                                           const std::vector<SchemaViolation>& violations)
    : Error(ErrorCode::schema_violation, listed(path, violations),
            {{"path", path}, {"violations", violations}}) {}

UndefinedMessageChannelAdapterError::UndefinedMessageChannelAdapterError(
    std::string_view channel, const std::string& message_channel_id)
    : Error(ErrorCode::undefined_message_channel_adapter,
            "Adapter undefined for " + std::string(channel) + " " + message_channel_id,
            {{"messageChannelId", message_channel_id}}) {}

MessageChannelEventStoreNotFoundError::MessageChannelEventStoreNotFoundError(
    std::string_view channel, const std::string& message_channel_id,
    const std::string& event_store_id)
    : Error(ErrorCode::message_channel_event_store_not_found,
            "Unable to find event store " + event_store_id + " in " + std::string(channel) + " " +
                message_channel_id + ". Did you provide it in the constructor?",
            {{"messageChannelId", message_channel_id}, {"eventStoreId", event_store_id}}) {}

UndefinedEventStorageAdapterError::UndefinedEventStorageAdapterError(
    const std::string& event_store_id)
    : Error(ErrorCode::undefined_event_storage_adapter,
            "EventStorageAdapter not found for event store " + event_store_id,
            {{"eventStoreId", event_store_id}}) {}

FileNotFoundError::FileNotFoundError(const std::string& path)
    : StorageError(ErrorCode::file_not_found, "No such file or folder: " + path, {{"path", path}}) {
}

AfterCommitError::AfterCommitError(const std::string& event_store_id,
                                   const std::string& aggregate_id, Version version,
                                   const std::exception_ptr& cause)
    : AfterCommitError(ErrorCode::after_commit,
                       "The event is stored, but then an error arose: " + event_store_id +
                           " aggregate " + aggregate_id + " version " + std::to_string(version) +
                           ": " + text_of(cause),
                       event_fields(event_store_id, aggregate_id, version), cause) {}

AfterCommitError::AfterCommitError(const std::exception_ptr& cause)
    : AfterCommitError(ErrorCode::after_commit,
                       "What was pushed is stored, but then an error arose: " + text_of(cause), {},
                       cause) {}

}  // namespace castore
