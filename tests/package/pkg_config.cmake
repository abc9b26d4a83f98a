# Compiles the consumer as somebody without CMake would, and runs it.
set(ENV{PKG_CONFIG_PATH} ${LIBDIR}/pkgconfig)
execute_process(COMMAND ${PKG_CONFIG} --cflags --libs castore-sqlite
  OUTPUT_VARIABLE flags COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(flags UNIX_COMMAND "${flags}")

file(REMOVE_RECURSE ${DIRECTORY})
file(MAKE_DIRECTORY ${DIRECTORY})
# the rpath is for shared libraries outside the system's folders
execute_process(COMMAND ${COMPILE} -o consumer ${flags} -Wl,-rpath,${LIBDIR}
  WORKING_DIRECTORY ${DIRECTORY} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${DIRECTORY}/consumer ${DIRECTORY}/events.db COMMAND_ERROR_IS_FATAL ANY)
