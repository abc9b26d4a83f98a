# Compiles SOURCE without making an object of it, and checks that the compiler refuses it with the
# texts that its first lines expect; with MUST_COMPILE, that it does not refuse it.
#
#   cmake -D COMPILER=g++ -D COMPILER_ID=GNU -D "INCLUDES=a;b" -D SOURCE=x.cpp [-D MUST_COMPILE=ON]
#         -P check.cmake
cmake_minimum_required(VERSION 3.24)

# The source is not shown beside the errors: what is found in the output was said by the compiler.
if(COMPILER_ID STREQUAL "MSVC")
  set(flags /nologo /Zs /EHsc /std:c++20)
elseif(COMPILER_ID MATCHES "Clang")
  set(flags -std=c++20 -fsyntax-only -fno-caret-diagnostics)
else()
  set(flags -std=c++20 -fsyntax-only -fno-diagnostics-show-caret)
endif()
foreach(directory IN LISTS INCLUDES)
  list(APPEND flags "-I${directory}")
endforeach()

set(ENV{LC_ALL} C)
execute_process(COMMAND "${COMPILER}" ${flags} "${SOURCE}"
  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)

if(MUST_COMPILE)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${SOURCE} must compile, but:\n${output}")
  endif()
  return()
endif()

if(result EQUAL 0)
  message(FATAL_ERROR "${SOURCE} must not compile, but does")
endif()
file(STRINGS "${SOURCE}" expectations REGEX "^// expect: ")
if(expectations STREQUAL "")
  message(FATAL_ERROR "${SOURCE} does not say what to expect")
endif()
foreach(expectation IN LISTS expectations)
  string(REGEX REPLACE "^// expect: " "" text "${expectation}")
  string(FIND "${output}" "${text}" found)
  if(found EQUAL -1)
    message(FATAL_ERROR "${SOURCE} does not compile, but the compiler does not say\n"
      "  ${text}\nin\n${output}")
  endif()
endforeach()
