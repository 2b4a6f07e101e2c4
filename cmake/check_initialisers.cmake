# SPDX-License-Identifier: Apache-2.0
# A nested aggregate names its type: `.router = RouterSpec{.experts = ...}`, not `.router = {.experts
# = ...}`. Where a later initialiser throws, g++ 12 destroys the unnamed one twice.
#   cmake -DSOURCE_DIR=. -P cmake/check_initialisers.cmake
cmake_minimum_required(VERSION 3.24)
include(${CMAKE_CURRENT_LIST_DIR}/repository_files.cmake)
ottobit_repository_files(files ${SOURCE_DIR} include/*.hpp lib/*.hpp lib/*.cpp capi/*.hpp capi/*.cpp
                         examples/*.hpp examples/*.cpp)
list(LENGTH files count)
foreach(file IN LISTS files)
  file(READ ${SOURCE_DIR}/${file} text)
  if(text MATCHES "\\.[a-z_]+ = {[ \n]*\\.[a-z_]+ =[^;]*")
    string(SUBSTRING "${CMAKE_MATCH_0}" 0 60 found)
    message(SEND_ERROR "${file}: a nested aggregate does not name its type: ${found}")
  endif()
endforeach()
message(STATUS "${count} files")
