#pragma once

namespace CLI {
class App;
}

namespace castore::cli {

class Context;

// One sub-command each, in the file of that name: its options, its work, its declaration.
void add_list_stores(CLI::App& app, Context& context);
void add_list_ids(CLI::App& app, Context& context);
void add_get_events(CLI::App& app, Context& context);
void add_get_aggregate(CLI::App& app, Context& context);
void add_push_event(CLI::App& app, Context& context);
void add_push_group(CLI::App& app, Context& context);
void add_import(CLI::App& app, Context& context);
void add_replay(CLI::App& app, Context& context);
void add_info(CLI::App& app, Context& context);
void add_list_commands(CLI::App& app, Context& context);
void add_run_command(CLI::App& app, Context& context);
void add_help(CLI::App& app, Context& context);

}  // namespace castore::cli
