#pragma once

/// \file
/// The core in one include: event stores and types, commands, messages, what is in memory, Dam.
/// Headers of their own are a database (`castore/sqlite/event_storage_adapter.hpp`), the test tools
/// (`castore/testing/`) and JSON Schema (`castore/json_schema/draft7.hpp`).

#include <castore/after_commit.hpp>                      // IWYU pragma: export
#include <castore/clock.hpp>                             // IWYU pragma: export
#include <castore/command.hpp>                           // IWYU pragma: export
#include <castore/connected_event_store.hpp>             // IWYU pragma: export
#include <castore/dam.hpp>                               // IWYU pragma: export
#include <castore/error.hpp>                             // IWYU pragma: export
#include <castore/event.hpp>                             // IWYU pragma: export
#include <castore/event_feed.hpp>                        // IWYU pragma: export
#include <castore/event_group.hpp>                       // IWYU pragma: export
#include <castore/event_json.hpp>                        // IWYU pragma: export
#include <castore/event_storage_adapter.hpp>             // IWYU pragma: export
#include <castore/event_store.hpp>                       // IWYU pragma: export
#include <castore/event_type.hpp>                        // IWYU pragma: export
#include <castore/forwarding_event_storage_adapter.hpp>  // IWYU pragma: export
#include <castore/in_memory/delivery_options.hpp>        // IWYU pragma: export
#include <castore/in_memory/event_storage_adapter.hpp>   // IWYU pragma: export
#include <castore/in_memory/message_bus_adapter.hpp>     // IWYU pragma: export
#include <castore/in_memory/message_queue_adapter.hpp>   // IWYU pragma: export
#include <castore/json/scanner.hpp>                      // IWYU pragma: export
#include <castore/json/schema.hpp>                       // IWYU pragma: export
#include <castore/json/text.hpp>                         // IWYU pragma: export
#include <castore/json/values.hpp>                       // IWYU pragma: export
#include <castore/message.hpp>                           // IWYU pragma: export
#include <castore/message_channel.hpp>                   // IWYU pragma: export
#include <castore/poured_event_source.hpp>               // IWYU pragma: export
#include <castore/registry.hpp>                          // IWYU pragma: export
#include <castore/stop.hpp>                              // IWYU pragma: export
#include <castore/timestamp.hpp>                         // IWYU pragma: export
#include <castore/typed_message.hpp>                     // IWYU pragma: export
#include <castore/version.hpp>                           // IWYU pragma: export
