# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds everything and runs every test:
#   cmake -P cmake/test.cmake
cmake_minimum_required(VERSION 3.24)
include(${CMAKE_CURRENT_LIST_DIR}/bootstrap.cmake)

ottobit_prepare()

ottobit_jobs(jobs)
execute_process(COMMAND ${CMAKE_CTEST_COMMAND} --test-dir ${OTTOBIT_BUILD} --output-on-failure
                        --no-tests=error --parallel ${jobs}
                RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "Tests failed; their output is above.")
endif()
