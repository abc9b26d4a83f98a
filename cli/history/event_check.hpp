#pragma once

#include <castore/event.hpp>
#include <string_view>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace castore::cli {

class Context;

/// --unchecked
CLI::Option* add_unchecked(CLI::App& command, Context& context);

/// Checks an event to be stored by what the application knows of its event store: that there is
/// one, its types, their schemas, and that it can be read. Nothing is checked, at no cost, with
/// --unchecked, or where the application registers no event stores.
/// \throws InvalidEventError, SchemaViolationError
/// \throws Error  `ErrorCode::plugin`: the check itself failed
void check_event(const Context& context, std::string_view event_store_id,
                 const NewEventView& event);

}  // namespace castore::cli
