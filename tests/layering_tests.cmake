# The arrows of layering.cmake hold in this tree, and are seen to be broken in small trees that
# break one each.
set(check -P ${CMAKE_CURRENT_SOURCE_DIR}/layering.cmake)

add_test(NAME "layering: the includes follow the arrows"
  COMMAND ${CMAKE_COMMAND} -D ROOT=${PROJECT_SOURCE_DIR} ${check})

# castore_broken_arrow(NAME FILE INCLUDE MESSAGE [FILE INCLUDE])
function(castore_broken_arrow name file include message)
  set(root ${CMAKE_CURRENT_BINARY_DIR}/layering/${name})
  file(REMOVE_RECURSE ${root})  # of a configuration before
  foreach(header IN ITEMS error event_store sqlite/database)
    file(CONFIGURE OUTPUT ${root}/include/castore/${header}.hpp CONTENT "#pragma once\n")
  endforeach()
  file(CONFIGURE OUTPUT ${root}/${file} CONTENT "#pragma once\n#include ${include}\n")
  if(ARGC GREATER 4)
    file(CONFIGURE OUTPUT ${root}/${ARGV4} CONTENT "#pragma once\n#include ${ARGV5}\n")
  endif()
  string(REPLACE "_" " " title ${name})
  add_test(NAME "layering: ${title} is refused" COMMAND ${CMAKE_COMMAND} -D ROOT=${root} ${check})
  set_tests_properties("layering: ${title} is refused" PROPERTIES
    PASS_REGULAR_EXPRESSION "${message}.*1 broken arrows")
endfunction()

castore_broken_arrow(a_backend_in_the_typed_front
  include/castore/event_store.hpp "<castore/sqlite/database.hpp>"
  "event_store may not include sqlite/database")
castore_broken_arrow(the_typed_front_in_a_backend
  src/sqlite/database.cpp "<castore/event_store.hpp>"
  "sqlite/database may not include event_store")
castore_broken_arrow(the_typed_front_in_the_command_line
  cli/commands/get_events.cpp "<castore/event_store.hpp>"
  "cli/commands/get_events may not include event_store")
castore_broken_arrow(SQLite_in_a_public_header
  include/castore/sqlite/database.hpp "<sqlite3.h>"
  "sqlite/database may not use sqlite3.h")
castore_broken_arrow(SQLiteCpp_in_a_public_header
  include/castore/sqlite/database.hpp "<SQLiteCpp/Database.h>"
  "sqlite/database may not use SQLiteCpp/Database.h")
castore_broken_arrow(the_operating_system_in_the_library
  src/error.cpp "<unistd.h>"
  "error may not use unistd.h")
castore_broken_arrow(a_circle
  src/sqlite/one.hpp "\"two.hpp\"" "a circle of includes: sqlite/one sqlite/two"
  src/sqlite/two.hpp "\"one.hpp\"")
castore_broken_arrow(a_file_without_a_line
  include/castore/surprise.hpp "<vector>"
  "no line in the table is about surprise")
