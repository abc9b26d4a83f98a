# Installation by component: `cmake --install build/release --component castore-core`. A component
# has its library, its headers, its CMake targets and its pkg-config file; castore-cli has the
# program as well. castore-config.cmake finds what is there.
include(CMakePackageConfigHelpers)

set(castore_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/castore)

# Installed programs and libraries find each other wherever the prefix is moved to, unless whoever
# builds has set another rule.
if(NOT DEFINED CMAKE_INSTALL_RPATH)
  set(castore_origin $<IF:$<PLATFORM_ID:Darwin>,@loader_path,$ORIGIN>)
  file(RELATIVE_PATH castore_bin_to_lib
    ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
endif()

# castore_install(NAME [HEADERS patterns of install(DIRECTORY) ...])
function(castore_install name)
  set(component castore-${name})
  if(DEFINED castore_origin)
    set_target_properties(castore_${name} PROPERTIES INSTALL_RPATH ${castore_origin})
  endif()
  install(TARGETS castore_${name} EXPORT castore-${name}-targets
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT ${component}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${component}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${component})
  install(DIRECTORY ${castore_SOURCE_DIR}/include/castore
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT ${component}
    ${ARGN})
  install(EXPORT castore-${name}-targets NAMESPACE castore::
    DESTINATION ${castore_cmake_dir} COMPONENT ${component})
  configure_file(${castore_SOURCE_DIR}/cmake/castore-${name}.pc.in castore-${name}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/castore-${name}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT ${component})
endfunction()

# What a user's linker needs beyond the library itself: a shared one brings it along.
get_target_property(castore_type castore_core TYPE)
if(castore_type STREQUAL STATIC_LIBRARY)
  set(castore_is_static ON)
  set(castore_core_pc_libs " -pthread")
  set(castore_sqlite_pc_libs " -lSQLiteCpp")  # has no pkg-config file of its own
  set(castore_sqlite_pc_requires ", sqlite3")
  set(castore_cli_pc_requires ", castore-sqlite = ${PROJECT_VERSION}")
  if(CMAKE_DL_LIBS)
    set(castore_cli_pc_libs " -l${CMAKE_DL_LIBS}")
  endif()
else()
  set(castore_is_static OFF)
endif()

# A prefix may be given to `cmake --install`, after this is written: so it is found from where the
# file lies.
file(RELATIVE_PATH castore_pc_prefix
  ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" castore_pc_prefix "${castore_pc_prefix}")
file(RELATIVE_PATH castore_pc_libdir ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_FULL_LIBDIR})
file(RELATIVE_PATH castore_pc_includedir ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_FULL_INCLUDEDIR})

castore_install(core
  FILES_MATCHING PATTERN *.hpp
  PATTERN include/castore/sqlite EXCLUDE
  PATTERN include/castore/json_schema EXCLUDE
  PATTERN include/castore/cli EXCLUDE)
if(CASTORE_BUILD_SQLITE)
  castore_install(sqlite FILES_MATCHING REGEX "include/castore/sqlite/.*\\.hpp$")
endif()
if(CASTORE_BUILD_JSON_SCHEMA)
  castore_install(json_schema FILES_MATCHING REGEX "include/castore/json_schema/.*\\.hpp$")
endif()
if(CASTORE_BUILD_CLI)
  castore_install(cli FILES_MATCHING REGEX "include/castore/cli/.*\\.hpp$")
  if(DEFINED castore_origin)
    set_target_properties(castore-cli PROPERTIES
      INSTALL_RPATH ${castore_origin}/${castore_bin_to_lib})
  endif()
  install(TARGETS castore-cli
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT castore-cli)
endif()

configure_package_config_file(cmake/castore-config.cmake.in castore-config.cmake
  INSTALL_DESTINATION ${castore_cmake_dir}
  NO_SET_AND_CHECK_MACRO)
# before 1.0 a minor version may change the interface
write_basic_package_version_file(castore-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES
    ${CMAKE_CURRENT_BINARY_DIR}/castore-config.cmake
    ${CMAKE_CURRENT_BINARY_DIR}/castore-config-version.cmake
  DESTINATION ${castore_cmake_dir} COMPONENT castore-core)
