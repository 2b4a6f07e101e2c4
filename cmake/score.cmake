# SPDX-License-Identifier: Apache-2.0
# Builds, then asks the bundled model its 360 test questions:
#   cmake -P cmake/score.cmake
cmake_minimum_required(VERSION 3.24)
include(${CMAKE_CURRENT_LIST_DIR}/bootstrap.cmake)

ottobit_prepare(ottobit_c)
find_program(PYTHON python3)
if(NOT PYTHON)
  message(FATAL_ERROR "python3 is not installed: sudo apt-get install python3")
endif()
execute_process(COMMAND ${PYTHON} ${OTTOBIT_ROOT}/tests/otto_mini_score.py
                COMMAND_ERROR_IS_FATAL ANY)
