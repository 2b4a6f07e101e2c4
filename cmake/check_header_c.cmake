# SPDX-License-Identifier: Apache-2.0
# ottobit.h stands alone in every C standard since C89 and every C++ standard since C++11, without
# warnings and without padding that would differ between compilers.
#   cmake -DSOURCE_DIR=. -DCC=cc -DCXX=c++ -P cmake/check_header_c.cmake
cmake_minimum_required(VERSION 3.24)
set(flags -fsyntax-only -pedantic-errors -Wall -Wextra -Wpedantic -Wpadded -Werror)
set(header ${SOURCE_DIR}/capi/ottobit.h)

function(check_header compiler language standard)
  execute_process(COMMAND ${compiler} -x ${language} -std=${standard} ${flags} ${ARGN} -include
                          ${header} /dev/null RESULT_VARIABLE result ERROR_VARIABLE text)
  if(NOT result EQUAL 0)
    message(SEND_ERROR "ottobit.h as ${standard}:\n${text}")
  endif()
endfunction()

foreach(static "" -DOTTOBIT_STATIC)
  foreach(standard c89 c99 c11 c17)
    check_header(${CC} c ${standard} -Wstrict-prototypes ${static})
  endforeach()
  foreach(standard c++11 c++14 c++17 c++20)
    check_header(${CXX} c++ ${standard} ${static})
  endforeach()
endforeach()
