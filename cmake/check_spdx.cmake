# SPDX-License-Identifier: Apache-2.0
# Every source names its licence in its first line, or in its second after "#!".
#   cmake -DSOURCE_DIR=. -P cmake/check_spdx.cmake
cmake_minimum_required(VERSION 3.24)
include(${CMAKE_CURRENT_LIST_DIR}/repository_files.cmake)
ottobit_repository_files(files ${SOURCE_DIR} *.hpp *.cpp *.h *.c *.cmake *.py *.sh *.rs *.go
                         *CMakeLists.txt .ci/run)
list(LENGTH files count)
foreach(file IN LISTS files)
  file(STRINGS ${SOURCE_DIR}/${file} lines LIMIT_COUNT 2)
  list(POP_FRONT lines first second)
  if(first MATCHES "^#!")
    set(first "${second}")
  endif()
  if(NOT first MATCHES "SPDX-License-Identifier: Apache-2\\.0")
    message(SEND_ERROR "${file}: the first line is not an SPDX licence identifier")
  endif()
endforeach()
message(STATUS "${count} files")
