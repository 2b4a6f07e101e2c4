# SPDX-License-Identifier: Apache-2.0
# How a library that ottobit uses is found on this system. The build includes this file, and so does
# the installed package, where only users of the static library and of the C++ headers need it.

# ottobit_find(NAME pcre2 HEADER pcre2.h [LIBRARY pcre2-8] [PKG libpcre2-8] [SUFFIX dir] [GLOBAL])
# makes the imported target ottobit_<NAME> if the header, and the library where one is named, are
# there; otherwise it makes nothing. pkg-config is asked where to look, but is not needed.
function(ottobit_find)
  cmake_parse_arguments(PARSE_ARGV 0 arg "GLOBAL" "NAME;HEADER;LIBRARY;PKG;SUFFIX" "")
  if(TARGET ottobit_${arg_NAME})
    return()
  endif()
  string(TOUPPER ${arg_NAME} upper)
  if(arg_PKG)
    find_package(PkgConfig QUIET)
    if(PKG_CONFIG_FOUND)
      pkg_check_modules(OTTOBIT_PC_${upper} QUIET ${arg_PKG})
    endif()
  endif()
  find_path(OTTOBIT_${upper}_INCLUDE_DIR ${arg_HEADER} HINTS ${OTTOBIT_PC_${upper}_INCLUDE_DIRS}
            PATH_SUFFIXES ${arg_SUFFIX})
  mark_as_advanced(OTTOBIT_${upper}_INCLUDE_DIR)
  if(NOT OTTOBIT_${upper}_INCLUDE_DIR)
    return()
  endif()
  if(arg_LIBRARY)
    find_library(OTTOBIT_${upper}_LIBRARY ${arg_LIBRARY} HINTS ${OTTOBIT_PC_${upper}_LIBRARY_DIRS})
    mark_as_advanced(OTTOBIT_${upper}_LIBRARY)
    if(NOT OTTOBIT_${upper}_LIBRARY)
      return()
    endif()
  endif()
  set(global "")
  if(arg_GLOBAL)
    set(global GLOBAL)
  endif()
  add_library(ottobit_${arg_NAME} INTERFACE IMPORTED ${global})
  target_include_directories(ottobit_${arg_NAME} INTERFACE ${OTTOBIT_${upper}_INCLUDE_DIR})
  if(arg_LIBRARY)
    target_link_libraries(ottobit_${arg_NAME} INTERFACE ${OTTOBIT_${upper}_LIBRARY})
  endif()
endfunction()

# Each takes GLOBAL or nothing. A target that is already there is left as it is.
function(ottobit_find_xsimd)
  # This header came with xsimd 8; older releases have another interface and will not do.
  ottobit_find(NAME xsimd HEADER xsimd/arch/xsimd_avx512bw.hpp PKG xsimd ${ARGN})
endfunction()

function(ottobit_find_pcre2)
  ottobit_find(NAME pcre2 HEADER pcre2.h LIBRARY pcre2-8 PKG libpcre2-8 ${ARGN})
endfunction()

function(ottobit_find_utf8proc)
  ottobit_find(NAME utf8proc HEADER utf8proc.h LIBRARY utf8proc PKG libutf8proc ${ARGN})
endfunction()

function(ottobit_find_sentencepiece)
  ottobit_find(NAME sentencepiece HEADER sentencepiece_processor.h LIBRARY sentencepiece
               PKG sentencepiece ${ARGN})
endfunction()

function(ottobit_find_threads)
  find_package(Threads QUIET)
  if(TARGET Threads::Threads AND NOT TARGET ottobit_threads)
    add_library(ottobit_threads INTERFACE IMPORTED ${ARGN})
    target_link_libraries(ottobit_threads INTERFACE Threads::Threads)
    if("GLOBAL" IN_LIST ARGN)
      set_target_properties(Threads::Threads PROPERTIES IMPORTED_GLOBAL ON)
    endif()
  endif()
endfunction()
