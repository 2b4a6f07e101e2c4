# SPDX-License-Identifier: Apache-2.0
# Third-party libraries, each as a target ottobit_<name> with SYSTEM includes: the system's copy
# first (ottobitDependencies.cmake), a pinned release second (fetch.cmake). Sets OTTOBIT_LINKED (what
# users of an archive must link too) and OTTOBIT_FEATURES (definitions for the optional ones found).
#   OTTOBIT_FETCH_DEPS=OFF          never download
#   OTTOBIT_USE_SYSTEM_<NAME>=OFF   ignore the system's copy of one library
#   OTTOBIT_SENTENCEPIECE=OFF, OTTOBIT_OPENMP=OFF   build without
include(${CMAKE_CURRENT_LIST_DIR}/ottobitDependencies.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/fetch.cmake)

option(OTTOBIT_FETCH_DEPS "Download the pinned release of a library that the system lacks" ON)
option(OTTOBIT_SENTENCEPIECE "Read SentencePiece tokenizer models" ON)
option(OTTOBIT_OPENMP "Build ottobit::openmp, for hosts that compute with OpenMP" ON)

# Only the build needs these four; the rest are in ottobitDependencies.cmake.
function(ottobit_find_nlohmann_json)
  ottobit_find(NAME nlohmann_json HEADER nlohmann/json.hpp ${ARGN})
endfunction()
function(ottobit_find_cli11)
  ottobit_find(NAME cli11 HEADER CLI/CLI.hpp ${ARGN})
endfunction()
function(ottobit_find_doctest)
  ottobit_find(NAME doctest HEADER doctest/doctest.h ${ARGN})
endfunction()
function(ottobit_find_eigen)
  ottobit_find(NAME eigen HEADER Eigen/Core SUFFIX eigen3 ${ARGN})
endfunction()
function(ottobit_find_benchmark)
  ottobit_find(NAME benchmark HEADER benchmark/benchmark.h LIBRARY benchmark ${ARGN})
endfunction()

# ottobit_need(name debian-package [OPTIONAL]): the target ottobit_<name>, or an error that says what
# to do. An optional one that is absent is only mentioned.
function(ottobit_need name package)
  string(TOUPPER ${name} upper)
  option(OTTOBIT_USE_SYSTEM_${upper} "Use the system's ${name} if it is there" ON)
  mark_as_advanced(OTTOBIT_USE_SYSTEM_${upper})
  if(OTTOBIT_USE_SYSTEM_${upper})
    cmake_language(CALL ottobit_find_${name} GLOBAL)
  endif()
  if(NOT TARGET ottobit_${name} AND OTTOBIT_FETCH_DEPS AND COMMAND ottobit_fetch_${name})
    cmake_language(CALL ottobit_fetch_${name})
  endif()
  if(TARGET ottobit_${name})
    return()
  endif()
  set(advice "Debian and Ubuntu have it as ${package}; elsewhere set CMAKE_PREFIX_PATH")
  if(COMMAND ottobit_fetch_${name})
    string(APPEND advice ", or OTTOBIT_FETCH_DEPS=ON to download it")
  endif()
  if("OPTIONAL" IN_LIST ARGN)
    message(STATUS "ottobit: building without ${name}. ${advice}")
  else()
    message(FATAL_ERROR "ottobit: ${name} was not found. ${advice}.")
  endif()
endfunction()

ottobit_need(xsimd libxsimd-dev)
ottobit_need(nlohmann_json nlohmann-json3-dev)
ottobit_need(pcre2 libpcre2-dev)
ottobit_need(utf8proc libutf8proc-dev)
ottobit_need(threads "a part of the C library")

set(OTTOBIT_LINKED ottobit_pcre2 ottobit_utf8proc ottobit_threads)
set(OTTOBIT_FEATURES "")
if(OTTOBIT_SENTENCEPIECE)
  ottobit_need(sentencepiece libsentencepiece-dev OPTIONAL)
  if(TARGET ottobit_sentencepiece)
    list(APPEND OTTOBIT_LINKED ottobit_sentencepiece)
    list(APPEND OTTOBIT_FEATURES OTTOBIT_SENTENCEPIECE=1)
  endif()
endif()

# Parts of the library, of which ottobit_build_json tells, are those built here and archives.
foreach(name pcre2 utf8proc sentencepiece)
  if(TARGET ottobit_${name})
    string(TOUPPER ${name} upper)
    get_target_property(of_the_system ottobit_${name} IMPORTED)
    if(NOT of_the_system OR OTTOBIT_${upper}_LIBRARY MATCHES "\\.(a|lib)$")
      list(APPEND OTTOBIT_FEATURES OTTOBIT_BUNDLED_${upper}=1)
    endif()
  endif()
endforeach()

if(OTTOBIT_OPENMP)
  ottobit_need(gomp "a part of g++" OPTIONAL)
endif()

if(OTTOBIT_BUILD_EXAMPLES)
  ottobit_need(cli11 libcli11-dev)
endif()
if(OTTOBIT_BUILD_TESTS)
  ottobit_need(doctest doctest-dev)
endif()
ottobit_need(eigen libeigen3-dev OPTIONAL)
if(OTTOBIT_BUILD_BENCH)
  ottobit_need(benchmark libbenchmark-dev OPTIONAL)
endif()
