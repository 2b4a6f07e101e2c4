# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds the `ottobit` command and asks the small example model a question:
#   cmake -P cmake/demo.cmake
cmake_minimum_required(VERSION 3.24)
include(${CMAKE_CURRENT_LIST_DIR}/bootstrap.cmake)

ottobit_prepare(ottobit_cli)

set(question "How many r's are in strawberry?")
ottobit_say("")
ottobit_say("$ build/release/ottobit run examples/models/otto-mini -p \"${question}\"")
# One variable for both streams keeps what they print in order.
execute_process(COMMAND build/release/ottobit run examples/models/otto-mini -p "${question}"
                WORKING_DIRECTORY ${OTTOBIT_ROOT} INPUT_FILE /dev/null RESULT_VARIABLE result
                OUTPUT_VARIABLE text ERROR_VARIABLE text OUTPUT_STRIP_TRAILING_WHITESPACE
                ERROR_STRIP_TRAILING_WHITESPACE)
ottobit_say("${text}")
if(NOT result EQUAL 0)
  message(FATAL_ERROR "build/release/ottobit ended with ${result}")
endif()
