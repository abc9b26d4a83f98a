# A target that links a component which is not built would end with CMake's "the target was not
# found", which does not say that an option is missing.

# Called once the whole project is configured. The names are seen by the parent project as well.
function(castore_check_components)
  get_directory_property(components DIRECTORY ${castore_SOURCE_DIR} DEFINITION castore_components)
  castore_check_components_in(${CMAKE_SOURCE_DIR})
endfunction()

function(castore_check_components_in directory)
  get_directory_property(targets DIRECTORY ${directory} BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(linked ${target} LINK_LIBRARIES)
    get_target_property(passed_on ${target} INTERFACE_LINK_LIBRARIES)
    foreach(component IN LISTS components)
      if(NOT TARGET castore::${component} AND "castore::${component}" IN_LIST linked
          OR NOT TARGET castore::${component} AND "castore::${component}" IN_LIST passed_on)
        string(TOUPPER ${component} option)
        message(FATAL_ERROR
          "${target} links castore::${component}, which is not built: set CASTORE_BUILD_${option} "
          "to ON before castore is added\n"
          "  set(CASTORE_BUILD_${option} ON)\n"
          "  FetchContent_MakeAvailable(castore)")
      endif()
    endforeach()
  endforeach()
  get_directory_property(directories DIRECTORY ${directory} SUBDIRECTORIES)
  foreach(below IN LISTS directories)
    castore_check_components_in(${below})
  endforeach()
endfunction()
