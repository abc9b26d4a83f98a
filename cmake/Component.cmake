# A component is a library that users ask for by name: the target castore::NAME, the component NAME of
# find_package, castore-NAME of pkg-config and of `cmake --install build/release --component castore-NAME`.

# castore_component(NAME ...): makes the library, once, beside its sources. Third parties are linked by
# target_link_libraries, as usual.
#
#   TITLE            for pkg-config
#   SOURCES
#   HEADERS          below include/castore; those of users, installed and compiled alone by the tests
#   NEEDS, USES      components that are linked: by its headers too, by its sources only
#   FINDS            what its headers need of third parties: arguments of find_dependency
#   REQUIRES         the same for pkg-config
#   STATIC_FINDS     what a static library leaves to its user's linker: arguments of find_dependency
#   STATIC_REQUIRES  the same for pkg-config
#   STATIC_LIBS      the same where there is no pkg-config file of it
function(castore_component name)
  cmake_parse_arguments(ARG "" "TITLE"
    "SOURCES;HEADERS;NEEDS;USES;FINDS;REQUIRES;STATIC_FINDS;STATIC_REQUIRES;STATIC_LIBS" ${ARGN})
  set(target castore_${name})
  list(TRANSFORM ARG_HEADERS PREPEND ${castore_SOURCE_DIR}/include/castore/)
  list(TRANSFORM ARG_NEEDS PREPEND castore_ OUTPUT_VARIABLE needs)
  list(TRANSFORM ARG_USES PREPEND castore_ OUTPUT_VARIABLE uses)

  add_library(${target} ${ARG_SOURCES})
  add_library(castore::${name} ALIAS ${target})
  target_sources(${target}
    PUBLIC FILE_SET HEADERS BASE_DIRS ${castore_SOURCE_DIR}/include FILES ${ARG_HEADERS})
  target_include_directories(${target} PRIVATE ${castore_SOURCE_DIR}/src)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_link_libraries(${target} PUBLIC ${needs} PRIVATE ${uses})
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${name}
    CXX_EXTENSIONS OFF
    POSITION_INDEPENDENT_CODE ON  # plugins link the core
    VERSION ${PROJECT_VERSION}
    # before 1.0 a minor version may change the binary interface
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
    WINDOWS_EXPORT_ALL_SYMBOLS ON)
  if(CASTORE_INSTALL)
    castore_install_component()
  endif()
endfunction()
