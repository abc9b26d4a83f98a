# Installation by component. A component has its library, its headers, its CMake targets and its
# pkg-config file; castore-cli has the program as well. castore-config.cmake finds those that are there.
include(CMakePackageConfigHelpers)

set(castore_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/castore)

# Installed programs and libraries find each other wherever the prefix is moved to, unless whoever
# builds has set another rule.
if(NOT DEFINED CMAKE_INSTALL_RPATH)
  set(castore_origin $<IF:$<PLATFORM_ID:Darwin>,@loader_path,$ORIGIN>)
  file(RELATIVE_PATH castore_bin_to_lib
    ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
endif()

# A prefix may be given to `cmake --install`, after this is written: so it is found from where the
# file lies.
file(RELATIVE_PATH castore_pc_prefix
  ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" castore_pc_prefix "${castore_pc_prefix}")
file(RELATIVE_PATH castore_pc_libdir ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_FULL_LIBDIR})
file(RELATIVE_PATH castore_pc_includedir ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_FULL_INCLUDEDIR})

# The last step of castore_component, whose variables it reads.
function(castore_install_component)
  # A shared library brings along what it uses.
  set(requires ${ARG_NEEDS})
  set(libs -lcastore_${name})
  get_target_property(type ${target} TYPE)
  if(type STREQUAL STATIC_LIBRARY)
    list(APPEND requires ${ARG_USES})
    list(APPEND libs ${ARG_STATIC_LIBS})
    list(APPEND ARG_REQUIRES ${ARG_STATIC_REQUIRES})
    list(APPEND ARG_FINDS ${ARG_STATIC_FINDS})
  endif()

  set(component castore-${name})
  castore_set_install_rpath(${target} "")
  install(TARGETS ${target} EXPORT ${component}-targets
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT ${component}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${component}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${component}
    FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT ${component})
  install(EXPORT ${component}-targets NAMESPACE castore::
    DESTINATION ${castore_cmake_dir} COMPONENT ${component})

  list(TRANSFORM requires REPLACE "(.+)" "castore-\\1 = ${PROJECT_VERSION}")
  list(APPEND requires ${ARG_REQUIRES})
  list(JOIN requires ", " requires)
  list(JOIN libs " " libs)
  configure_file(${castore_SOURCE_DIR}/cmake/castore.pc.in ${component}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${component}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT ${component})

  set_property(GLOBAL APPEND_STRING PROPERTY castore_config_lines "\
set(castore_needs_${name} ${ARG_NEEDS} ${ARG_USES})
set(castore_finds_${name} [[${ARG_FINDS}]])
")
endfunction()

# castore_set_install_rpath(TARGET FOLDER): where the target finds shared libraries, seen from its own.
function(castore_set_install_rpath target folder)
  if(DEFINED castore_origin)
    set_target_properties(${target} PROPERTIES INSTALL_RPATH ${castore_origin}${folder})
  endif()
endfunction()

# A program that belongs to a component.
function(castore_install_program target component)
  castore_set_install_rpath(${target} /${castore_bin_to_lib})
  install(TARGETS ${target} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT ${component})
endfunction()

# castore_install_config(COMPONENTS...): what find_package reads, once the components are made.
function(castore_install_config)
  list(JOIN ARGN " " components)
  get_property(lines GLOBAL PROPERTY castore_config_lines)
  configure_package_config_file(cmake/castore-config.cmake.in castore-config.cmake
    INSTALL_DESTINATION ${castore_cmake_dir}
    NO_SET_AND_CHECK_MACRO)
  # before 1.0 a minor version may change the interface
  write_basic_package_version_file(castore-config-version.cmake COMPATIBILITY SameMinorVersion)
  install(FILES
      ${CMAKE_CURRENT_BINARY_DIR}/castore-config.cmake
      ${CMAKE_CURRENT_BINARY_DIR}/castore-config-version.cmake
    DESTINATION ${castore_cmake_dir} COMPONENT castore-core)
endfunction()
