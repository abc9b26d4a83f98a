# Every public header compiles alone: a source file for each, which includes it first and twice.
# Globbed, as an exception: a header that was forgotten in a list is what this is to find.
file(GLOB_RECURSE headers CONFIGURE_DEPENDS
  RELATIVE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/include/castore/*.hpp)
set(sources)
foreach(header IN LISTS headers)
  string(MAKE_C_IDENTIFIER ${header} name)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/headers/${name}.cpp)
  file(CONFIGURE OUTPUT ${source} CONTENT "#include <${header}>\n#include <${header}>\n")
  list(APPEND sources ${source})
endforeach()
add_library(castore_headers OBJECT ${sources})
target_link_libraries(castore_headers PRIVATE castore::core)
