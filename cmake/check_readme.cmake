# SPDX-License-Identifier: Apache-2.0
# The program in README.md is examples/ask.c, word for word, so it compiles and runs.
#   cmake -DSOURCE_DIR=. -P cmake/check_readme.cmake
cmake_minimum_required(VERSION 3.24)
file(READ ${SOURCE_DIR}/README.md readme)
file(READ ${SOURCE_DIR}/examples/ask.c program)
string(REGEX REPLACE "^/\\* SPDX[^\n]*\n" "" program "${program}")
string(FIND "${readme}" "```c\n${program}```" at)
if(at EQUAL -1)
  message(FATAL_ERROR "README.md does not hold examples/ask.c as its C program")
endif()
message(STATUS "the program of README.md is examples/ask.c")
