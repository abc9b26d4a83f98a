# Sources of programs that are not run under the thread sanitizer start no threads, neither
# themselves nor by what they use of the library:
#
#   cmake -D "FILES=a.cpp;b.cpp" -P single_threaded.cmake
#
# A line that ends with `// runs no library code` is about a thread that the sanitizer need not see.
cmake_minimum_required(VERSION 3.25)

set(starts "std::j?thread[ ({>]|std::async|pthread_create|InMemoryMessage(Queue|Bus)Adapter")
set(found OFF)
foreach(file IN LISTS FILES)
  file(STRINGS ${file} lines REGEX "${starts}")
  foreach(line IN LISTS lines)
    if(NOT line MATCHES "// runs no library code$")
      message(NOTICE "${file}: castore_test() without THREADS, but: ${line}")
      set(found ON)
    endif()
  endforeach()
endforeach()
if(found)
  message(FATAL_ERROR "programs that start threads are not run under the thread sanitizer")
endif()
