# Imports HISTORY and compares every file's aggregate with what FACTS computes without castore: by
# the typed API for all of them, by castore-cli and the plugin for the most-changed ones.
#
#   cmake -D CLI=castore-cli -D PLUGIN=plugin.so -D PROGRAM=castore-git-history -D FACTS=facts
#         -D HISTORY=history.jsonl -D DIRECTORY=run -P check_git_history.cmake
cmake_minimum_required(VERSION 3.24)

file(REMOVE_RECURSE "${DIRECTORY}")
file(MAKE_DIRECTORY "${DIRECTORY}")

function(run out)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY "${DIRECTORY}"
    RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE error)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGN}: ends with ${result}:\n${output}${error}")
  endif()
  set(${out} "${output}" PARENT_SCOPE)
endfunction()

function(check what actual expected)
  if(NOT actual STREQUAL expected)
    message(FATAL_ERROR "${what}: expected\n${expected}\nbut got\n${actual}")
  endif()
endfunction()

file(STRINGS "${HISTORY}" events ENCODING UTF-8)
list(LENGTH events event_count)
run(imported "${CLI}" --db history.db --format json import "${HISTORY}")
string(JSON imported_count GET "${imported}" imported)
check("events imported" "${imported_count}" "${event_count}")

run(facts "${FACTS}" "${HISTORY}")
run(all_files "${PROGRAM}" history.db 1000000)
check("all files" "${all_files}" "${facts}")

string(REPLACE "\n" ";" facts "${facts}")
list(REMOVE_AT facts 0)
list(FILTER facts EXCLUDE REGEX "^$")
list(SUBLIST facts 0 10 most_changed)
list(FILTER facts INCLUDE REGEX " \\(deleted\\)$")
list(SUBLIST facts 0 3 deleted)

# Aggregates as the command line shows them, now and, for the busiest file, ten versions ago.
foreach(line IN LISTS most_changed deleted)
  string(REGEX MATCH "^ *([0-9]+) +([0-9]+)  ([^ ]+)( \\(deleted\\))?$" matched "${line}")
  set(changes "${CMAKE_MATCH_1}")
  set(lines "${CMAKE_MATCH_2}")
  set(path "${CMAKE_MATCH_3}")
  if(CMAKE_MATCH_4)
    set(exists OFF)  # as string(JSON) spells false
  else()
    set(exists ON)
  endif()
  run(file "${CLI}" --db history.db --format json --plugin "${PLUGIN}" get-aggregate FILES "${path}")
  string(JSON id GET "${file}" aggregate aggregateId)
  check("id" "${id}" "${path}")
  foreach(member IN ITEMS changes lines exists)
    string(JSON value GET "${file}" aggregate ${member})
    check("${member} of ${path}" "${value}" "${${member}}")
  endforeach()
  string(JSON version GET "${file}" aggregate version)
  check("version of ${path}" "${version}" "${changes}")
endforeach()

list(GET most_changed 0 line)
string(REGEX MATCH "^ *([0-9]+) +[0-9]+  (.+)$" matched "${line}")
math(EXPR earlier "${CMAKE_MATCH_1} - 10")
run(file "${CLI}" --db history.db --format json --plugin "${PLUGIN}"
  get-aggregate FILES "${CMAKE_MATCH_2}" --max-version ${earlier})
string(JSON changes GET "${file}" aggregate changes)
check("changes ten versions ago" "${changes}" "${earlier}")
