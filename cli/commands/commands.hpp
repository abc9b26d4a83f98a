#pragma once

#include "arguments.hpp"

namespace castore::cli {

// One sub-command each, in the file of that name: its options, its work, its declaration.
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
