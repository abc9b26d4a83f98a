# Which programs belong to the tests, by CASTORE_TEST_SCOPE. What no run of the library decides
# (programs that must not compile, includes, documents, packages) is tested once, in `all`; the
# thread sanitizer sees nothing in a program without threads, so it runs those of `threads`.

# castore_scope_program(TARGET STARTS_THREADS files...): excludes from the build what is not in the
# scope, and sets `in_scope`. STARTS_THREADS: whether the program does, by itself or in the library.
function(castore_scope_program target starts_threads)
  set(in_scope ON)
  if(NOT starts_threads)
    list(TRANSFORM ARGN PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ OUTPUT_VARIABLE sources)
    set_property(GLOBAL APPEND PROPERTY castore_single_threaded_sources ${sources})
    if(CASTORE_TEST_SCOPE STREQUAL "threads")
      set(in_scope OFF)
      set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
    endif()
  endif()
  set(in_scope ${in_scope} PARENT_SCOPE)
endfunction()

# Tests that the programs without THREADS start none, and that this would be noticed.
function(castore_check_single_threaded)
  if(NOT CASTORE_TEST_SCOPE STREQUAL all)
    return()
  endif()
  get_property(sources GLOBAL PROPERTY castore_single_threaded_sources)
  set(check -P ${castore_SOURCE_DIR}/tests/single_threaded.cmake)
  add_test(NAME "threads: a program that starts threads is run under the thread sanitizer"
    COMMAND ${CMAKE_COMMAND} -D "FILES=${sources}" ${check})

  set(file ${CMAKE_CURRENT_BINARY_DIR}/tests/starts_a_thread.cpp)
  file(CONFIGURE OUTPUT ${file} CONTENT "void f() { std::jthread([] {}); }\n")
  add_test(NAME "threads: a program that starts threads unannounced is found"
    COMMAND ${CMAKE_COMMAND} -D FILES=${file} ${check})
  set_tests_properties("threads: a program that starts threads unannounced is found"
    PROPERTIES PASS_REGULAR_EXPRESSION "starts_a_thread.cpp: .*std::jthread")
endfunction()
