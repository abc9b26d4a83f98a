# Runs PROGRAM in an empty DIRECTORY, RUNS times, and compares all that it prints with EXPECTED.
#
#   cmake -D PROGRAM=p [-D "ARGUMENTS=a;b"] -D EXPECTED=expected.txt -D DIRECTORY=run [-D RUNS=2]
#         -P check_output.cmake
cmake_minimum_required(VERSION 3.24)

if(NOT DEFINED RUNS)
  set(RUNS 1)
endif()
file(REMOVE_RECURSE "${DIRECTORY}")
file(MAKE_DIRECTORY "${DIRECTORY}")

set(printed "")
foreach(run RANGE 1 ${RUNS})
  execute_process(COMMAND "${PROGRAM}" ${ARGUMENTS} WORKING_DIRECTORY "${DIRECTORY}"
    RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE error)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${PROGRAM} ends with ${result}:\n${output}${error}")
  endif()
  string(APPEND printed "${output}")
endforeach()

file(READ "${EXPECTED}" expected)
if(NOT printed STREQUAL expected)
  message(FATAL_ERROR "${PROGRAM} prints\n${printed}\nbut ${EXPECTED} is\n${expected}")
endif()
