# SPDX-License-Identifier: Apache-2.0
# Every C and C++ source is formatted as clang-format 14 does it. Other releases format differently,
# so without that one the check is skipped.
#   cmake -DSOURCE_DIR=. -P cmake/check_format.cmake      to see; clang-format-14 -i FILE to mend
cmake_minimum_required(VERSION 3.24)
include(${CMAKE_CURRENT_LIST_DIR}/repository_files.cmake)
find_program(CLANG_FORMAT NAMES clang-format-14 clang-format)
if(CLANG_FORMAT)
  execute_process(COMMAND ${CLANG_FORMAT} --version OUTPUT_VARIABLE version)
endif()
if(NOT version MATCHES "version 14\\.")
  message(STATUS "skipped: clang-format 14 is not installed")
  return()
endif()
ottobit_repository_files(files ${SOURCE_DIR} *.hpp *.cpp *.h *.c)
execute_process(COMMAND ${CLANG_FORMAT} --dry-run -Werror ${files} WORKING_DIRECTORY ${SOURCE_DIR}
                RESULT_VARIABLE result ERROR_VARIABLE text)
if(NOT result EQUAL 0)
  message(NOTICE "${text}")
  message(FATAL_ERROR "not formatted as shown above; run: clang-format-14 -i FILE")
endif()
