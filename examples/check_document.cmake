# Every block of C++ in DOCUMENT must occur, but for white space, in one of SOURCES, and every block of
# text in one of OUTPUT.
#
#   cmake -D DOCUMENT=guide.md -D "SOURCES=a.cpp;b.hpp" [-D "OUTPUT=expected.txt"] [-D WHOLE=a.cpp]
#         -P check_document.cmake
#
# The file WHOLE must be one of the blocks, from its first line to its last.
cmake_minimum_required(VERSION 3.24)

# Dropping white space altogether lets a document indent and break lines as it likes.
function(without_white_space out text)
  string(REGEX REPLACE "[ \t\r\n]+" "" text "${text}")
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

# The files' text, without white space.
function(read_all out)
  set(all "")
  foreach(file IN LISTS ARGN)
    file(READ "${file}" text)
    without_white_space(text "${text}")
    string(APPEND all "${text}\n")
  endforeach()
  set(${out} "${all}" PARENT_SCOPE)
endfunction()

# Counts the blocks of that language, each of which has to be in `text`, which is that of `files`.
function(check_blocks out_count language text files)
  set(count 0)
  set(fence "```")
  file(READ "${DOCUMENT}" rest)
  string(LENGTH "${fence}${language}\n" opening)
  while(TRUE)
    string(FIND "${rest}" "${fence}${language}\n" start)
    if(start EQUAL -1)
      break()
    endif()
    math(EXPR start "${start} + ${opening}")
    string(SUBSTRING "${rest}" ${start} -1 rest)
    string(FIND "${rest}" "\n${fence}" end)
    if(end EQUAL -1)
      message(FATAL_ERROR "${DOCUMENT}: a block of ${language} does not end")
    endif()
    string(SUBSTRING "${rest}" 0 ${end} block)
    string(SUBSTRING "${rest}" ${end} -1 rest)
    math(EXPR count "${count} + 1")

    if(WHOLE AND "${block}\n" STREQUAL "${whole}")
      set(whole_found ON PARENT_SCOPE)
    endif()
    without_white_space(needle "${block}")
    string(FIND "${text}" "${needle}" found)
    if(needle STREQUAL "" OR found EQUAL -1)
      message(FATAL_ERROR "${DOCUMENT}: this block is in none of ${files}:\n${block}")
    endif()
  endwhile()
  set(${out_count} ${count} PARENT_SCOPE)
endfunction()

if(WHOLE)
  file(READ "${WHOLE}" whole)
endif()
read_all(code ${SOURCES})
check_blocks(blocks cpp "${code}" "${SOURCES}")
if(blocks EQUAL 0)
  message(FATAL_ERROR "${DOCUMENT} has no block of C++")
endif()
if(WHOLE AND NOT whole_found)
  message(FATAL_ERROR "${DOCUMENT} has no block that is ${WHOLE}")
endif()

read_all(printed ${OUTPUT})
check_blocks(blocks text "${printed}" "${OUTPUT}")
