# What castore-cli shows of a pokemon: merged payloads without a reducer, the application's
# aggregate with the plugin, and the same by the application's own tool; and a command of the
# plugin's.
#
#   cmake -D CLI=castore-cli -D PLUGIN=plugin.so -D TOOL=tool -D PROGRAM=castore-pokemon
#         -D DIRECTORY=run -P check_plugin.cmake
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

function(check json expected)
  string(JSON json GET "${json}" aggregate)
  string(JSON same EQUAL "${json}" "${expected}")
  if(NOT same)
    message(FATAL_ERROR "expected ${expected}\nbut got ${json}")
  endif()
endfunction()

run(ignored "${PROGRAM}" pokemons.db)
set(options --db pokemons.db --format json)
set(query get-aggregate POKEMONS pikachu-1)

run(plain "${CLI}" ${options} ${query})
check("${plain}"
  [[{"aggregateId":"pikachu-1","version":4,"name":"Pikachu","level":42,"trainer_id":"ash-1"}]])

set(pikachu
  [[{"aggregateId":"pikachu-1","version":4,"name":"Pikachu","level":44,"trainer_id":"ash-1"}]])
run(by_plugin "${CLI}" ${options} --plugin "${PLUGIN}" ${query})
check("${by_plugin}" "${pikachu}")
run(by_tool "${TOOL}" ${options} ${query})
check("${by_tool}" "${pikachu}")

run(trainer "${TOOL}" ${options} get-aggregate TRAINERS ash-1)
check("${trainer}"
  [[{"aggregateId":"ash-1","version":2,"name":"Ash","pokemon_ids":["pikachu-1"]}]])

# The plugin brings the application's commands, too.
run(leveled "${CLI}" ${options} --plugin "${PLUGIN}"
  run-command LEVEL_UP_POKEMON [[{"pokemon_id":"pikachu-1"}]])
string(JSON next_level GET "${leveled}" next_level)
if(NOT next_level EQUAL 45)
  message(FATAL_ERROR "expected level 45 but got ${leveled}")
endif()
