# Each dependency by find_package, and from its sources where the system has no package of it.
# Only what the chosen components need is looked for. No variable set here is seen by a project that
# adds castore as a subdirectory.
include(FetchContent)

# FIND_PACKAGE_ARGS CONFIG, because a stray FindX.cmake of the parent project is not what we mean;
# SYSTEM, because our warnings are not for others' headers.
FetchContent_Declare(nlohmann_json
  URL https://github.com/nlohmann/json/releases/download/v3.11.3/json.tar.xz
  URL_HASH SHA256=d6c65aca6b1ed68e7a182f4757257b107ae403032760ed6ef121c9d55e81757d
  SYSTEM
  FIND_PACKAGE_ARGS 3.11 QUIET CONFIG)
FetchContent_Declare(SQLiteCpp
  GIT_REPOSITORY https://github.com/SRombauts/SQLiteCpp GIT_TAG 3.3.2
  SYSTEM
  FIND_PACKAGE_ARGS 3.2 QUIET CONFIG)
FetchContent_Declare(CLI11
  GIT_REPOSITORY https://github.com/CLIUtils/CLI11 GIT_TAG v2.4.2
  SYSTEM
  FIND_PACKAGE_ARGS 2.1 QUIET CONFIG)
# its package does not say which version it is
FetchContent_Declare(valijson
  GIT_REPOSITORY https://github.com/tristanpenman/valijson GIT_TAG v1.0.6
  SYSTEM
  FIND_PACKAGE_ARGS QUIET CONFIG)
FetchContent_Declare(doctest
  GIT_REPOSITORY https://github.com/doctest/doctest GIT_TAG v2.4.11
  SYSTEM
  FIND_PACKAGE_ARGS 2.4 QUIET CONFIG)
# rapidcheck has no releases: the newest commit when this was written
FetchContent_Declare(rapidcheck
  GIT_REPOSITORY https://github.com/emil-e/rapidcheck
  GIT_TAG ff6af6fc683159deb51c543b065eba14dfcf329b
  SYSTEM
  FIND_PACKAGE_ARGS QUIET CONFIG)
FetchContent_Declare(benchmark
  GIT_REPOSITORY https://github.com/google/benchmark GIT_TAG v1.7.1
  SYSTEM
  FIND_PACKAGE_ARGS 1.7 QUIET CONFIG)

# A function, so that what is set for the dependencies' builds ends with them.
function(castore_make_available)
  set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)  # their option() respects the variables below
  set(CMAKE_COMPILE_WARNING_AS_ERROR OFF)
  string(APPEND CMAKE_CXX_FLAGS " -w")
  set(CMAKE_CXX_CLANG_TIDY "")
  set(JSON_BuildTests OFF)
  set(JSON_Install ${CASTORE_INSTALL})
  set(CLI11_BUILD_TESTS OFF)
  set(CLI11_BUILD_EXAMPLES OFF)
  set(valijson_BUILD_EXAMPLES OFF)
  set(valijson_BUILD_TESTS OFF)
  set(DOCTEST_WITH_TESTS OFF)
  set(DOCTEST_NO_INSTALL ON)
  set(BENCHMARK_ENABLE_TESTING OFF)
  set(BENCHMARK_ENABLE_INSTALL OFF)
  set(SQLITECPP_INTERNAL_SQLITE OFF)
  set(SQLITECPP_RUN_CPPLINT OFF)
  set(SQLITECPP_RUN_CPPCHECK OFF)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)  # a static SQLiteCpp goes into a shared castore_sqlite
  FetchContent_MakeAvailable(${ARGN})
endfunction()

find_package(Threads REQUIRED)
castore_make_available(nlohmann_json)
if(CASTORE_BUILD_SQLITE)
  find_package(SQLite3 3.37 REQUIRED)  # STRICT tables
  castore_make_available(SQLiteCpp)
endif()
if(CASTORE_BUILD_JSON_SCHEMA)
  castore_make_available(valijson)
endif()
if(CASTORE_BUILD_CLI)
  castore_make_available(CLI11)
endif()
if(CASTORE_BUILD_TESTS)
  castore_make_available(doctest rapidcheck)
  # where doctest.cmake is, with doctest_discover_tests: of a package, of its sources
  list(APPEND CMAKE_MODULE_PATH ${doctest_DIR} ${doctest_SOURCE_DIR}/scripts/cmake)
endif()
if(CASTORE_BUILD_BENCH)
  castore_make_available(benchmark)
endif()
