# Turns the numbered files of migrations/sqlite into one C++ source, so that the library carries
# its schema with it.
#
#   cmake -D OUTPUT=migrations.cpp -D "FILES=0001_a.sql;0002_b.sql" -P EmbedMigrations.cmake
cmake_minimum_required(VERSION 3.25)
set(entries "")
set(expected 1)
foreach(file IN LISTS FILES)
  get_filename_component(name "${file}" NAME_WE)
  if(NOT name MATCHES "^([0-9][0-9][0-9][0-9])_([a-z0-9_]+)$")
    message(FATAL_ERROR "migration ${file}: the name must be NNNN_what_it_does.sql")
  endif()
  set(title "${CMAKE_MATCH_2}")
  math(EXPR number "${CMAKE_MATCH_1}" OUTPUT_FORMAT DECIMAL)
  if(NOT number EQUAL expected)
    message(FATAL_ERROR "migration ${file}: expected number ${expected}, numbers have no gaps")
  endif()
  math(EXPR expected "${expected} + 1")
  file(READ "${file}" sql)
  string(APPEND entries "    {${number}, \"${title}\", R\"castore_sql(${sql})castore_sql\"},\n")
endforeach()
file(WRITE "${OUTPUT}.tmp" "// Generated from migrations/sqlite by cmake/EmbedMigrations.cmake.
#include \"sqlite/migrations.hpp\"

#include <array>

namespace castore::sqlite {
namespace {

constexpr auto embedded = std::to_array<Migration>({
${entries}});

}  // namespace

std::span<const Migration> migrations() noexcept { return embedded; }

}  // namespace castore::sqlite
")
file(COPY_FILE "${OUTPUT}.tmp" "${OUTPUT}" ONLY_IF_DIFFERENT)
file(REMOVE "${OUTPUT}.tmp")
