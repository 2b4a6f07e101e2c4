# SPDX-License-Identifier: Apache-2.0
# #include points downwards. The first table gives each file a layer (the first pattern that matches),
# the second says which layers and third-party headers a layer may include besides itself.
#   cmake -DSOURCE_DIR=. -P cmake/check_layers.cmake
cmake_minimum_required(VERSION 3.24)
include(${CMAKE_CURRENT_LIST_DIR}/repository_files.cmake)

set(OTTOBIT_LAYERS
    "base=^include/ottobit/(error|float_modes|isa|memory|version|watch)\\.hpp$"
    "numeric=^include/ottobit/numeric/"
    "views=^include/ottobit/(weight|source|arena|engine|parallel)\\.hpp$"
    "spec=^include/ottobit/spec\\.hpp$"
    "simd=^include/ottobit/simd/"
    "format=^include/ottobit/format/"
    "table=^include/ottobit/kernels/table\\.hpp$"
    "kernels=^include/ottobit/kernels/"
    "layers=^include/ottobit/layers/"
    "decoder=^include/ottobit/decoder\\.hpp$"
    "interop=^include/ottobit/interop/"
    "tokenizer.hpp=^include/ottobit/tokenizer\\.hpp$"
    "public=^include/ottobit/[a-z_]+\\.hpp$"
    "isa.cpp=^lib/kernels/.*\\.isa\\.cpp$"
    "lib/kernels=^lib/kernels/"
    "lib/cpu=^lib/cpu/"
    "io/json=^lib/io/(json|json_value|printable|replace|stack_room)\\."
    "io/config=^lib/io/config\\."
    "lib/io=^lib/io/"
    "lib/models=^lib/models/"
    "lib/folder=^lib/folder/"
    "lib/tokenizer=^lib/tokenizer/"
    "lib/jinja=^lib/jinja/"
    "lib/chat=^lib/chat/"
    "lib/grammar=^lib/grammar/"
    "lib/answer=^lib/answer/"
    "lib/runtime=^lib/runtime/"
    "ottobit.h=^capi/ottobit\\.h$"
    "capi=^capi/"
    "probe=^examples/cli/probe"
    "cli=^examples/cli/"
    "consumer=^examples/consumer/"
    "examples=^examples/"
    "bench=^bench/"
    "tests=^tests/")

set(below_format base numeric views)
set(below_kernels ${below_format} simd format)
set(below_layers ${below_format} spec table)
set(all_headers ${below_kernels} spec table kernels layers decoder tokenizer.hpp public)
set(all_lib lib/kernels lib/cpu io/json io/config lib/io lib/models lib/folder lib/tokenizer
            lib/jinja lib/chat lib/grammar lib/answer lib/runtime)

set(may_base "")
set(may_numeric base)
set(may_views base numeric)
set(may_spec base numeric)
set(may_simd ${below_format} <xsimd> <intrinsics>)
set(may_format ${below_format} simd)
set(may_table ${below_format} spec)
set(may_kernels ${below_kernels} table)
set(may_layers ${below_layers})
set(may_decoder ${below_layers} layers)
set(may_interop ${below_format} table <Eigen>)
set(may_tokenizer.hpp base)
set(may_public ${below_layers} layers decoder tokenizer.hpp)
set(may_isa.cpp ${below_kernels} table kernels)
set(may_lib/kernels ${below_format} table lib/cpu)
set(may_lib/cpu base)
set(may_io/json base <nlohmann>)
set(may_io/config ${below_format} io/json)
set(may_lib/io ${below_format} io/json io/config)
set(may_lib/models base numeric spec io/json io/config)
set(may_lib/tokenizer base tokenizer.hpp io/json io/config <pcre2> <utf8proc> <sentencepiece>)
set(may_lib/jinja base io/json <utf8proc>)
set(may_lib/chat base io/json lib/jinja)
set(may_lib/grammar base tokenizer.hpp lib/tokenizer io/json)
set(may_lib/answer base tokenizer.hpp io/json lib/tokenizer lib/grammar)
set(may_lib/folder ${all_headers} io/json io/config lib/io lib/models lib/chat)
set(may_lib/runtime ${all_headers} ${all_lib})
set(may_ottobit.h "")
set(may_capi ${all_headers} ottobit.h)
set(may_probe <intrinsics>)
set(may_cli ottobit.h probe <nlohmann> <CLI> <intrinsics>)
set(may_consumer ottobit.h public)
set(may_examples ${all_headers} ottobit.h)
set(may_bench ${all_headers} ${all_lib} probe <nlohmann> <benchmark>)
set(may_tests ${all_headers} ${all_lib} interop ottobit.h <nlohmann> <doctest> <Eigen> <omp>
              <sentencepiece> <pcre2> <utf8proc> <intrinsics>)

# Third-party headers, by the beginning of their names. Others in <> are the system's.
set(OTTOBIT_THIRD_PARTY
    "<xsimd>=^xsimd/"
    "<intrinsics>=^(immintrin|x86intrin|emmintrin|arm_neon|arm_sve)\\.h"
    "<Eigen>=^Eigen/"
    "<nlohmann>=^nlohmann/"
    "<pcre2>=^pcre2"
    "<utf8proc>=^utf8proc"
    "<sentencepiece>=^sentencepiece"
    "<CLI>=^CLI/"
    "<benchmark>=^benchmark/"
    "<doctest>=^doctest/"
    "<omp>=^omp\\.h")

function(find_in table text out)
  set(${out} "" PARENT_SCOPE)
  foreach(row IN LISTS ${table})
    string(REGEX MATCH "^[^=]+" name "${row}")
    string(REGEX REPLACE "^[^=]+=" "" pattern "${row}")
    if(text MATCHES "${pattern}")
      set(${out} ${name} PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()

# The file of the checkout that `#include "name"` in `file` means; empty for a system header.
function(resolve file name out)
  cmake_path(GET file PARENT_PATH folder)
  foreach(start ${folder} include lib capi bench tests examples/cli)
    if(EXISTS ${SOURCE_DIR}/${start}/${name} AND NOT IS_DIRECTORY ${SOURCE_DIR}/${start}/${name})
      cmake_path(SET path NORMALIZE ${start}/${name})
      set(${out} ${path} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  set(${out} "" PARENT_SCOPE)
endfunction()

ottobit_repository_files(files ${SOURCE_DIR} *.hpp *.cpp *.h *.c)
set(count 0)
foreach(file IN LISTS files)
  find_in(OTTOBIT_LAYERS ${file} layer)
  if(NOT layer)
    message(SEND_ERROR "${file}: belongs to no layer of cmake/check_layers.cmake")
    continue()
  endif()
  file(STRINGS ${SOURCE_DIR}/${file} lines REGEX "^[ \t]*#[ \t]*include[ \t]*[<\"]")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE ".*#[ \t]*include[ \t]*[<\"]([^>\"]+)[>\"].*" "\\1" name "${line}")
    math(EXPR count "${count} + 1")
    find_in(OTTOBIT_THIRD_PARTY ${name} target)
    if(NOT target)
      resolve(${file} ${name} path)
      if(NOT path)
        continue()
      endif()
      find_in(OTTOBIT_LAYERS ${path} target)
    endif()
    if(NOT target STREQUAL layer AND NOT target IN_LIST may_${layer})
      message(SEND_ERROR "${file} (${layer}) must not include ${name} (${target})")
    endif()
  endforeach()
endforeach()
list(LENGTH files files)
message(STATUS "${count} includes in ${files} files")
