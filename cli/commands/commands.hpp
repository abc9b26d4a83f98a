#pragma once

/// \file
/// The sub-commands: a function of each, which needs no command line, and its declaration for one.

#include <castore/event.hpp>
#include <castore/event_feed.hpp>
#include <castore/event_storage_adapter.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "history/migration.hpp"

namespace castore::cli {

class Answer;
struct Command;
struct Context;

struct ListIdsOptions {
  std::string event_store_id;
  ListAggregateIdsOptions query = {};
  bool reverse = false;
  bool null = false;  ///< of text: the ids end with NUL instead of the line, and are as they are
};

struct GetEventsOptions {
  std::string event_store_id;
  std::string aggregate_id;
  EventsQueryOptions query = {};
};

struct GetAggregateOptions {
  std::string event_store_id;
  std::string aggregate_id;
  std::optional<Version> max_version = {};
  std::optional<Timestamp> at = {};
  bool with_events = false;
};

struct PushEventCommandOptions {
  std::string event_store_id;
  std::optional<std::string> event = {};  ///< as JSON; none: the input
  PushEventOptions push = {};
  bool unchecked = false;  ///< stores what the application does not know, cannot read or forbids
};

struct PushGroupOptions {
  bool force = false;
  bool allow_version_gap = false;
  bool unchecked = false;
};

struct ImportOptions {
  std::string file = "-";
  std::optional<std::int64_t> batch_size = {};  ///< above 0
  bool allow_version_gap = false;
  bool unchecked = false;
  bool truncate_timestamps = false;
};

struct ReplayOptions {
  FeedQuery query = {};
  std::optional<std::int64_t> after = {};
  std::optional<double> rate_limit = {};  ///< events per second, above 0
  std::optional<std::string> into = {};
  std::optional<std::string> map = {};
  std::optional<std::string> exec = {};
  MigrationOptions migration = {};
  bool unchecked = false;
  bool dry_run = false;
};

struct ListCommandsOptions {
  bool null = false;  ///< as that of list-ids
};

struct RunCommandOptions {
  std::string command_id;
  std::string input = "-";
};

// Each throws castore::Error, and what `answer` throws; import_events and replay also Interrupted.
void list_stores(const Context& context, Answer& answer);
void list_ids(const ListIdsOptions& options, const Context& context, Answer& answer);
void get_events(const GetEventsOptions& options, const Context& context, Answer& answer);
void get_aggregate(const GetAggregateOptions& options, const Context& context, Answer& answer);
void push_event(const PushEventCommandOptions& options, const Context& context, Answer& answer);
void push_group(const PushGroupOptions& options, const Context& context, Answer& answer);
void import_events(const ImportOptions& options, const Context& context, Answer& answer);
void replay(const ReplayOptions& options, const Context& context, Answer& answer);
void get_info(const Context& context, Answer& answer);
void list_commands(const ListCommandsOptions& options, const Context& context, Answer& answer);
void run_command(const RunCommandOptions& options, const Context& context, Answer& answer);

[[nodiscard]] Command list_stores_command();
[[nodiscard]] Command list_ids_command();
[[nodiscard]] Command get_events_command();
[[nodiscard]] Command get_aggregate_command();
[[nodiscard]] Command push_event_command();
[[nodiscard]] Command push_group_command();
[[nodiscard]] Command import_command();
[[nodiscard]] Command replay_command();
[[nodiscard]] Command info_command();
[[nodiscard]] Command list_commands_command();
[[nodiscard]] Command run_command_command();

}  // namespace castore::cli
