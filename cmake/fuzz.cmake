# SPDX-License-Identifier: Apache-2.0
# Searches for inputs that break what reads files of others, a minute for each target, under the
# address and undefined-behaviour sanitizers; needs clang. New inputs stay in build/fuzz/found.
#   cmake -P cmake/fuzz.cmake                      every target, 60 seconds each
#   cmake -DSECONDS=600 -DTARGETS=template -P cmake/fuzz.cmake
cmake_minimum_required(VERSION 3.24)
get_filename_component(root ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)
if(NOT SECONDS)
  set(SECONDS 60)
endif()
if(NOT TARGETS)
  file(GLOB TARGETS RELATIVE ${root}/tests/fuzz ${root}/tests/fuzz/fuzz_*.cpp)
  list(TRANSFORM TARGETS REPLACE "^fuzz_(.*)\\.cpp$" "\\1")
endif()
find_program(CLANGXX NAMES clang++ clang++-19 clang++-16 clang++-14)
find_program(CLANG NAMES clang clang-19 clang-16 clang-14)
if(NOT CLANGXX OR NOT CLANG)
  message(FATAL_ERROR "clang is not installed: sudo apt-get install clang")
endif()

list(TRANSFORM TARGETS PREPEND fuzz_ OUTPUT_VARIABLE programs)
execute_process(
  COMMAND
    ${CMAKE_COMMAND} -S ${root} -B ${root}/build/fuzz -G Ninja -DCMAKE_C_COMPILER=${CLANG}
    -DCMAKE_CXX_COMPILER=${CLANGXX} -DCMAKE_BUILD_TYPE=RelWithDebInfo -DOTTOBIT_FUZZ=ON
    "-DOTTOBIT_SANITIZE=fuzzer-no-link;address;undefined" -DOTTOBIT_BUILD_BENCH=OFF
    -DOTTOBIT_BUILD_EXAMPLES=OFF
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${root}/build/fuzz --target ${programs}
                COMMAND_ERROR_IS_FATAL ANY)

foreach(target IN LISTS TARGETS)
  set(found ${root}/build/fuzz/found/${target})
  file(MAKE_DIRECTORY ${found})
  execute_process(COMMAND ${root}/build/fuzz/tests/fuzz_${target} -max_total_time=${SECONDS}
                          -timeout=20 -rss_limit_mb=4096 -print_final_stats=1
                          -artifact_prefix=${found}-broken- ${found}
                          ${root}/tests/fuzz/corpus/${target}
                  RESULT_VARIABLE result ERROR_VARIABLE text)
  string(REGEX MATCH "number_of_executed_units: *([0-9]+)" unused "${text}")
  if(NOT result EQUAL 0)
    message(NOTICE "${text}")
    message(SEND_ERROR "${target}: broken; the input is beside build/fuzz/found")
  else()
    message(STATUS "${target}: ${CMAKE_MATCH_1} inputs, nothing broken")
  endif()
endforeach()
