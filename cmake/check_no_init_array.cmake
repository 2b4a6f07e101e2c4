# SPDX-License-Identifier: Apache-2.0
# No object of the library runs code before main: there are no constructors of global objects.
#   cmake -DREADELF=readelf -DARCHIVE=libottobit_core.a -P cmake/check_no_init_array.cmake
cmake_minimum_required(VERSION 3.24)
execute_process(COMMAND ${READELF} -W -S ${ARCHIVE} OUTPUT_VARIABLE text ERROR_VARIABLE errors
                RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(STATUS "skipped: ${READELF} cannot read this archive")
  return()
endif()
string(REGEX MATCHALL "File: [^\n]+|\\.(init_array|ctors)[^\n]*" lines "${text}")
foreach(line IN LISTS lines)
  if(line MATCHES "^File: (.*)")
    set(object "${CMAKE_MATCH_1}")
  else()
    message(SEND_ERROR "${object} has a static constructor (section ${line})")
  endif()
endforeach()
