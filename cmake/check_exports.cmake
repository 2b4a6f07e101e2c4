# SPDX-License-Identifier: Apache-2.0
# The shared library exports exactly the functions that ottobit.h declares, and the header's version
# is the library's.
#   cmake -DSOURCE_DIR=. -DNM=nm -DLIBRARY=libottobit.so -P cmake/check_exports.cmake
cmake_minimum_required(VERSION 3.24)
file(READ ${SOURCE_DIR}/capi/ottobit.h header)
string(REPLACE ";" "@" header "${header}")
string(REGEX REPLACE "/\\*([^*]|\\*+[^*/])*\\*+/" "" code "${header}")
string(REGEX MATCHALL "OTTOBIT_CALL[ \n]+ottobit_[a-z0-9_]+[ \n]*\\(" declared "${code}")
list(TRANSFORM declared REPLACE "OTTOBIT_CALL[ \n]+(ottobit_[a-z0-9_]+)[ \n]*\\(" "\\1")
list(SORT declared)
if(NOT declared)
  message(FATAL_ERROR "found no function in capi/ottobit.h")
endif()

# Column 2 is the kind; A is the name of a version node.
execute_process(COMMAND ${NM} -D --defined-only ${LIBRARY} OUTPUT_VARIABLE text
                COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[0-9a-f]+ [B-Zb-z] [^\n]+" exported "${text}")
list(TRANSFORM exported REPLACE "^[0-9a-f]+ . ([^@]+).*" "\\1")
list(SORT exported)

set(extra ${exported})
list(REMOVE_ITEM extra ${declared})
set(lost ${declared})
list(REMOVE_ITEM lost ${exported} "")
foreach(name IN LISTS extra)
  message(SEND_ERROR "${name} is exported but ottobit.h does not declare it")
endforeach()
foreach(name IN LISTS lost)
  message(SEND_ERROR "${name} is declared in ottobit.h but not exported")
endforeach()

file(READ ${SOURCE_DIR}/include/ottobit/version.hpp version)
foreach(part Major Minor Patch)
  string(REGEX MATCH "kVersion${part} = ([0-9]+);" unused "${version}")
  set(${part} ${CMAKE_MATCH_1})
endforeach()
string(REGEX MATCH "kVersionText = \"([^\"]+)\"" unused "${version}")
if(NOT CMAKE_MATCH_1 STREQUAL "${Major}.${Minor}.${Patch}")
  message(SEND_ERROR "version.hpp: kVersionText is ${CMAKE_MATCH_1}, the numbers say "
                     "${Major}.${Minor}.${Patch}")
endif()
string(REGEX MATCH "#define OTTOBIT_VERSION (0x[0-9a-fA-F]+)" unused "${header}")
math(EXPR found "${CMAKE_MATCH_1}")
math(EXPR expected "(${Major} << 16) | (${Minor} << 8) | ${Patch}")
if(NOT found EQUAL expected)
  message(SEND_ERROR "OTTOBIT_VERSION is ${CMAKE_MATCH_1}, version.hpp says "
                     "${Major}.${Minor}.${Patch}")
endif()
list(LENGTH exported count)
message(STATUS "${count} functions")
