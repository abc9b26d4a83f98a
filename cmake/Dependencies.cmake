# Each dependency by find_package, and from its sources where the system has no package of it.
# Only what the chosen components need is looked for.
include(FetchContent)

set(JSON_BuildTests OFF)
set(CLI11_BUILD_TESTS OFF)
set(CLI11_BUILD_EXAMPLES OFF)
set(SQLITECPP_INTERNAL_SQLITE OFF)
set(SQLITECPP_RUN_CPPLINT OFF)
set(SQLITECPP_RUN_CPPCHECK OFF)

FetchContent_Declare(nlohmann_json
  URL https://github.com/nlohmann/json/releases/download/v3.11.3/json.tar.xz
  FIND_PACKAGE_ARGS 3.11)
FetchContent_Declare(SQLiteCpp
  GIT_REPOSITORY https://github.com/SRombauts/SQLiteCpp GIT_TAG 3.3.2
  FIND_PACKAGE_ARGS 3.2)
FetchContent_Declare(CLI11
  GIT_REPOSITORY https://github.com/CLIUtils/CLI11 GIT_TAG v2.4.2
  FIND_PACKAGE_ARGS 2.1)
FetchContent_Declare(doctest
  GIT_REPOSITORY https://github.com/doctest/doctest GIT_TAG v2.4.11
  FIND_PACKAGE_ARGS 2.4)
FetchContent_Declare(rapidcheck
  GIT_REPOSITORY https://github.com/emil-e/rapidcheck GIT_TAG master
  FIND_PACKAGE_ARGS)

FetchContent_MakeAvailable(nlohmann_json)
if(CASTORE_BUILD_SQLITE)
  find_package(SQLite3 3.37 REQUIRED)  # STRICT tables
  find_package(Threads REQUIRED)
  FetchContent_MakeAvailable(SQLiteCpp)
endif()
if(CASTORE_BUILD_CLI)
  FetchContent_MakeAvailable(CLI11)
endif()
if(CASTORE_BUILD_TESTS)
  FetchContent_MakeAvailable(doctest rapidcheck)
endif()
