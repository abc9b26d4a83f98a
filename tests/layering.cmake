# The arrows between the files (docs/design.md), checked on every #include:
#   cmake -D ROOT=<castore> -P layering.cmake
#
# A module is a file with its twins: `message_channel` is include/castore/message_channel.hpp, the
# bodies of its templates in include/castore/impl/ and src/message_channel.cpp; `sqlite/…` is both folders of that name. A module may include itself and
# what stands behind TO; USING are third parties, by the folder or the stem of the header. The
# standard library is free. The first line that fits a module counts; a module without a line is
# an error, and so is a circle of modules, even where each of its arrows is allowed. Change the table in a commit of its own, with a line in docs/decisions.md.
cmake_minimum_required(VERSION 3.25)

set(lines)
macro(arrow)
  list(LENGTH lines count)
  list(APPEND lines ${count})
  cmake_parse_arguments(line${count} "" "" "FROM;TO;USING" FROM ${ARGN})
endmacro()

# The ground: JSON text, which knows no event; then the words of the library, each on those above it.
set(json json/scanner json/text)
set(vocabulary ${json} event error timestamp clock event_json)
set(boundary error event event_feed event_storage_adapter after_commit json/schema message registry)

arrow(version)
arrow(exception_text)
arrow(saturating_time)
arrow(stop)
arrow(json/scanner)
arrow(json/text                    TO json/scanner)
arrow(detail/ownership)
arrow(detail/shared)
arrow(base64)
arrow(json_pointer)
arrow(detail/members)
arrow(json/fields                  TO detail/members detail/ownership)
arrow(json/enum_names              TO json/fields)
arrow(json/variant_tags            TO json/fields)
arrow(json/schema                  TO error)
arrow(event)
arrow(error                        TO event detail/shared exception_text)
arrow(timestamp                    TO event error)
arrow(clock                        TO event)
arrow(json/values                  TO ${json} base64 detail/shared error exception_text json_pointer json/enum_names
                                      json/fields json/variant_tags timestamp
                                                                  USING nlohmann)
arrow(event_json                   TO ${json} event error timestamp)
arrow(page_token                   TO base64 error)
arrow(compile_schema               TO error json/schema)

arrow(event_feed                   TO error event)
arrow(event_storage_adapter        TO error event event_feed)
arrow(message                      TO ${vocabulary} detail/shared exception_text)
arrow(after_commit                 TO error event)
arrow(registry                     TO error event event_storage_adapter)
arrow(forwarding_event_storage_adapter TO event_feed event_storage_adapter)
arrow(adapter_support              TO ${vocabulary} ${boundary} page_token)

arrow(event_type                   TO ${vocabulary} exception_text json/values
                                                                  USING nlohmann)
arrow(detail/payload_types         TO ${vocabulary} event_type)
arrow(detail/aggregate_json        TO event_type                  USING nlohmann)
arrow(detail/event_schemas         TO ${vocabulary} json/schema compile_schema)
arrow(detail/fold                  TO ${vocabulary} ${boundary} event_type detail/payload_types
                                      detail/aggregate_json detail/event_schemas)
arrow(detail/group                 TO ${boundary} event_type)
arrow(event_group                  TO ${boundary} event_type detail/group)
arrow(event_store                  TO ${vocabulary} ${boundary} event_type event_group detail/fold)
arrow(detail/handler_traits)
arrow(command                      TO detail/handler_traits ${vocabulary} ${boundary} event_type compile_schema
                                      exception_text saturating_time)
arrow(typed_message                TO event message)
arrow(detail/message_codec         TO message typed_message)
arrow(detail/message_channel_core  TO error message)
arrow(message_channel              TO ${vocabulary} message typed_message detail/message_codec
                                      detail/message_channel_core)
arrow(connected_event_store        TO error event_store message_channel)
arrow(poured_event_source          TO event event_storage_adapter)
arrow(feed/.*                      TO ${boundary} adapter_support poured_event_source saturating_time
                                      stop feed/.*)
arrow(dam                          TO ${boundary} poured_event_source stop feed/.*)
arrow(in_memory/.*                 TO ${boundary} clock adapter_support exception_text
                                      saturating_time in_memory/delivery
                                      in_memory/delivery_options)
arrow(testing/.*                   TO ${vocabulary} ${boundary} event_type event_store command
                                      exception_text saturating_time in_memory/.* testing/.*
                                                                  USING nlohmann)
arrow(castore                      TO version ${vocabulary} ${boundary} json/values event_type
                                      forwarding_event_storage_adapter
                                      event_group event_store command typed_message
                                      message_channel connected_event_store poured_event_source dam stop
                                      in_memory/.*)

# Backends: never the typed front, and their engine only in src/. What the operating system is
# needed for has a file of its own.
arrow(sqlite/file                  TO error                       USING sqlite3 fcntl pthread sys unistd)
arrow(sqlite/access                TO error sqlite/file           USING fcntl unistd)
arrow(sqlite/.*                    TO ${vocabulary} ${boundary} adapter_support saturating_time
                                      sqlite/.*
                                                                  USING SQLiteCpp sqlite3)

# Text in, text out: whoever gives it to the core need not know how it is done.
arrow(json_schema/.*               TO ${boundary} ${json} json_pointer json_schema/.*
                                                                  USING valijson nlohmann)

# The command line knows no types. What the operating system is needed for has a file each, and
# two files know CLI11.
set(tools version ${vocabulary} ${boundary} adapter_support sqlite/.*)
set(cli_ground cli/errors cli/os/.*)
set(cli_answer cli/answer cli/json_text cli/nearest cli/text)
arrow(cli/os/plugin                TO ${tools} ${cli_ground}      USING dlfcn windows)
arrow(cli/os/terminal              TO ${tools} ${cli_ground}      USING unistd io)
arrow(cli/os/standard_streams      TO ${tools} ${cli_ground}      USING fcntl io poll sys unistd)
arrow(cli/os/process               TO ${tools} ${cli_ground}      USING fcntl poll spawn sys unistd)
arrow(cli/os/.*                    TO ${tools} ${cli_ground})
arrow(cli/errors                   TO ${tools} ${cli_ground})
arrow(cli/nearest)
arrow(cli/json_text                TO ${tools}                    USING nlohmann)
arrow(cli/merged_object            TO ${tools} cli/json_text)
arrow(cli/text                     TO ${tools})
arrow(cli/answer                   TO ${tools} ${cli_answer})
arrow(cli/output                   TO ${tools} ${cli_ground} ${cli_answer})
arrow(cli/context                  TO ${tools} cli/nearest)
arrow(cli/history/.*               TO ${tools} ${cli_ground} ${cli_answer} cli/context
                                      cli/history/.*)
arrow(cli/arguments                TO ${tools})
arrow(cli/commands/.*              TO ${tools} ${cli_ground} ${cli_answer} cli/context
                                      cli/history/.* cli/merged_object cli/arguments
                                      cli/commands/commands)
arrow(cli/usage                    TO ${tools} cli/errors cli/nearest
                                                                  USING CLI)
arrow(cli/parser                   TO ${tools} ${cli_answer} cli/arguments cli/context cli/output
                                      cli/usage                   USING CLI)
arrow(cli/run                      TO ${tools} cli/.*)
arrow(cli/main                     TO cli/run)

# What no header of a user's may bring along, whatever its module may use.
set(never_public SQLiteCpp sqlite3 CLI valijson)

# ------------------------------------------------------------------------------------------------

function(fits result name patterns)
  set(${result} OFF PARENT_SCOPE)
  foreach(pattern IN LISTS patterns)
    if(name MATCHES "^${pattern}$")
      set(${result} ON PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

# include/castore/sqlite/database.hpp → sqlite/database
function(module_of result file)
  string(REGEX REPLACE "^(include/castore|src)/" "" module ${file})
  string(REGEX REPLACE "^impl/" "" module ${module})
  string(REGEX REPLACE "\\.(hpp|cpp)$" "" module ${module})
  set(${result} ${module} PARENT_SCOPE)
endfunction()

set(broken 0)
macro(problem text)
  message(NOTICE "${text}")
  math(EXPR broken "${broken} + 1")
endmacro()

file(GLOB_RECURSE files RELATIVE ${ROOT}
  ${ROOT}/include/*.hpp ${ROOT}/src/*.hpp ${ROOT}/src/*.cpp ${ROOT}/cli/*.hpp ${ROOT}/cli/*.cpp)
list(LENGTH files file_count)
set(include_count 0)
set(modules)
foreach(file IN LISTS files)
  module_of(module ${file})
  unset(line)
  foreach(candidate IN LISTS lines)
    fits(found ${module} "${line${candidate}_FROM}")
    if(found)
      set(line ${candidate})
      break()
    endif()
  endforeach()
  if(NOT DEFINED line)
    problem("${file}: no line in the table is about ${module}")
    continue()
  endif()

  file(STRINGS ${ROOT}/${file} includes REGEX "^[ \t]*#[ \t]*include[ \t]*[<\"]")
  foreach(include IN LISTS includes)
    math(EXPR include_count "${include_count} + 1")
    string(REGEX REPLACE "^[^<\"]*[<\"]([^>\"]*)[>\"].*$" "\\1" header "${include}")
    get_filename_component(folder ${file} DIRECTORY)
    if(header MATCHES "^castore/")
      set(target include/${header})
    elseif(NOT include MATCHES "\"")
      set(target "")
    elseif(EXISTS ${ROOT}/${folder}/${header})
      set(target ${folder}/${header})
    elseif(folder MATCHES "^cli")
      set(target cli/${header})
    else()
      set(target src/${header})
    endif()

    if(target)
      if(NOT EXISTS ${ROOT}/${target})
        problem("${file}: includes ${header}, which does not exist")
        continue()
      endif()
      module_of(other ${target})
      fits(allowed ${other} "${module};${line${line}_TO}")
      if(NOT allowed)
        problem("${file}: ${module} may not include ${other}")
      endif()
      if(NOT other STREQUAL module)
        list(APPEND modules ${module} ${other})
        list(APPEND below_${module} ${other})
        list(APPEND above_${other} ${module})
      endif()
    elseif(header MATCHES "[./]")  # the standard library's have neither
      string(REGEX REPLACE "[./].*$" "" other ${header})
      fits(allowed ${other} "${line${line}_USING}")
      if(allowed AND file MATCHES "^include/")
        fits(hidden ${other} "${never_public}")
        if(hidden)
          set(allowed OFF)
        endif()
      endif()
      if(NOT allowed)
        problem("${file}: ${module} may not use ${header}")
      endif()
    endif()
  endforeach()
endforeach()

# No circles: what includes nothing of ours, or is included by nothing, is in none and goes, then what
# is so among the rest, and so on.
list(REMOVE_DUPLICATES modules)
set(is_smaller ON)
while(is_smaller)
  set(is_smaller OFF)
  foreach(module IN LISTS modules)
    foreach(side IN ITEMS below above)
      set(stays OFF)
      foreach(other IN LISTS ${side}_${module})
        if(other IN_LIST modules)
          set(stays ON)
          break()
        endif()
      endforeach()
      if(NOT stays)
        list(REMOVE_ITEM modules ${module})
        set(is_smaller ON)
        break()
      endif()
    endforeach()
  endforeach()
endwhile()
if(modules)
  list(JOIN modules " " names)
  problem("a circle of includes: ${names}")
endif()

if(broken)
  message(FATAL_ERROR "${broken} broken arrows")
endif()
if(include_count EQUAL 0)
  message(FATAL_ERROR "no #include under ${ROOT}")
endif()
message("${include_count} includes of ${file_count} files follow the arrows")
