# SPDX-License-Identifier: Apache-2.0
# Objects compiled for an instruction set level define no weak symbol outside that level's namespace.
# The linker keeps one copy of a weak symbol for the whole program; if it came from an AVX-512 object,
# an older machine would die on it.
#   cmake -DNM=nm -DLEVEL=avx2 "-DOBJECTS=a.o;b.o" -P cmake/check_weak_symbols.cmake
cmake_minimum_required(VERSION 3.24)
foreach(object IN LISTS OBJECTS)
  execute_process(COMMAND ${NM} -C --defined-only ${object} OUTPUT_VARIABLE text
                  COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE ";" "," text "${text}")
  string(REPLACE "[" "(" text "${text}")
  string(REPLACE "]" ")" text "${text}")
  string(REGEX MATCHALL "[^\n]+ [WVu] [^\n]+" weak "${text}")
  foreach(line IN LISTS weak)
    # DW.ref.* and __clang_call_terminate are data and a helper of exception handling, without vectors.
    if(NOT line MATCHES "ottobit::${LEVEL}::|DW\\.ref\\.|__clang_call_terminate")
      message(SEND_ERROR "${object} leaks: ${line}")
    endif()
  endforeach()
endforeach()
