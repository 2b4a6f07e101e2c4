# SPDX-License-Identifier: Apache-2.0
# One object library per instruction set level: lib/kernels/*.isa.cpp is compiled once for each with
# that level's flags, and nothing else in the project gets such flags. Each level compiled in is
# announced to lib/kernels/dispatch.cpp as OTTOBIT_HAVE_<LEVEL>=1 (the baseline is always there).
# Feature flags only: names of CPUs are unknown to older compilers, and `native` does not travel.
include(CheckCXXCompilerFlag)

file(GLOB OTTOBIT_ISA_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/lib/kernels/*.isa.cpp)

# The levels this processor family knows, lowest first, with the flags of each.
set(ottobit_isa_flags_baseline "")
set(ottobit_isa_known baseline)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  list(APPEND ottobit_isa_known avx2 avx512 avx512_bf16)
  set(ottobit_isa_flags_baseline -march=x86-64)
  set(ottobit_isa_flags_avx2 -march=x86-64-v3)
  set(ottobit_isa_flags_avx512 -march=x86-64-v4)
  # xsimd refuses inconsistent sets: VBMI needs IFMA.
  set(ottobit_isa_flags_avx512_bf16 -march=x86-64-v4 -mavx512ifma -mavx512vbmi -mavx512vbmi2
                                    -mavx512vnni -mavx512bf16)
endif()

set(OTTOBIT_ISA_LEVELS "${ottobit_isa_known}"
    CACHE STRING "Instruction set levels to compile, lowest first")

# ottobit_add_isa(level flags...): the objects of one level. They stay out of link-time optimisation,
# which would mix the levels, and are optimised even in Debug, where they would be too slow to test.
function(ottobit_add_isa level)
  set(target ottobit_isa_${level})
  add_library(${target} OBJECT ${OTTOBIT_ISA_SOURCES})
  target_compile_options(${target} PRIVATE ${ARGN} $<$<CONFIG:Debug>:-O2>)
  set_target_properties(${target} PROPERTIES INTERPROCEDURAL_OPTIMIZATION OFF)
  ottobit_private_objects(${target})
endfunction()

# Sets OTTOBIT_ISA_COMPILED to the levels that are in this build.
set(OTTOBIT_ISA_COMPILED "")
if(OTTOBIT_ISA_SOURCES)
  foreach(level IN LISTS ottobit_isa_known)
    if(NOT level IN_LIST OTTOBIT_ISA_LEVELS AND NOT level STREQUAL "baseline")
      continue()
    endif()
    string(TOUPPER ${level} name)
    list(JOIN ottobit_isa_flags_${level} " " flags)
    if(flags)
      set(CMAKE_REQUIRED_QUIET ON)
      check_cxx_compiler_flag("${flags}" OTTOBIT_COMPILER_KNOWS_${name})
      unset(CMAKE_REQUIRED_QUIET)
      if(NOT OTTOBIT_COMPILER_KNOWS_${name})
        message(WARNING "ottobit: this compiler does not know ${flags}; level ${level} is left out")
        continue()
      endif()
    endif()
    ottobit_add_isa(${level} ${ottobit_isa_flags_${level}})
    list(APPEND OTTOBIT_ISA_COMPILED ${level})
  endforeach()
endif()
foreach(level IN LISTS OTTOBIT_ISA_LEVELS)
  if(NOT level IN_LIST ottobit_isa_known)
    message(FATAL_ERROR "OTTOBIT_ISA_LEVELS: ${level} is not one of ${ottobit_isa_known}")
  endif()
endforeach()
