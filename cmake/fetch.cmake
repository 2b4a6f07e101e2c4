# SPDX-License-Identifier: Apache-2.0
# Pinned releases of the third-party libraries, for systems that do not package them. The versions
# are those of Debian 12, which the tests run against. A folder given in
# FETCHCONTENT_SOURCE_DIR_OTTOBIT_<NAME> is used instead of downloading. Objects of a fetched library
# go into our own archives (property OTTOBIT_BUNDLED_OBJECTS), so an installed ottobit stands alone.
include(FetchContent)

set_property(GLOBAL PROPERTY OTTOBIT_BUNDLED_OBJECTS "")

# The sources of one release, in ${source}; nothing of it is built yet.
macro(ottobit_populate name repository tag)
  message(STATUS "ottobit: fetching ${name} ${tag}, which this system lacks")
  # A SOURCE_SUBDIR without a CMakeLists.txt: MakeAvailable populates and adds nothing.
  FetchContent_Declare(ottobit_${name} GIT_REPOSITORY ${repository} GIT_TAG ${tag} GIT_SHALLOW ON
                       SOURCE_SUBDIR not-added-here)
  FetchContent_MakeAvailable(ottobit_${name})
  set(source ${ottobit_${name}_SOURCE_DIR})
  set(binary ${ottobit_${name}_BINARY_DIR})
endmacro()

# Adds the fetched project's own build; called inside a function, so that the answers to its options
# stay there. Its install rules and programs are left out.
macro(ottobit_add_project)
  set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)
  set(CMAKE_POLICY_VERSION_MINIMUM 3.5)
  set(CMAKE_WARN_DEPRECATED OFF)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  set(CMAKE_C_VISIBILITY_PRESET hidden)
  set(CMAKE_CXX_VISIBILITY_PRESET hidden)
  set(BUILD_SHARED_LIBS OFF)
  add_subdirectory(${source} ${binary} EXCLUDE_FROM_ALL)
endmacro()

# Makes ottobit_<name> from the include folders given; OBJECTS_OF names a static library to bundle.
function(ottobit_bundle name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "OBJECTS_OF" "INCLUDE;DEFINE")
  add_library(ottobit_${name} INTERFACE IMPORTED GLOBAL)
  target_include_directories(ottobit_${name} INTERFACE ${arg_INCLUDE})
  target_compile_definitions(ottobit_${name} INTERFACE ${arg_DEFINE})
  if(arg_OBJECTS_OF)
    add_dependencies(ottobit_${name} ${arg_OBJECTS_OF}) # its headers may be generated
    set_property(GLOBAL APPEND PROPERTY OTTOBIT_BUNDLED_OBJECTS
                                        $<TARGET_OBJECTS:${arg_OBJECTS_OF}>)
  endif()
  set_property(GLOBAL APPEND PROPERTY OTTOBIT_BUNDLED ${name})
endfunction()

function(ottobit_fetch_xsimd)
  ottobit_populate(xsimd https://github.com/xtensor-stack/xsimd.git 8.1.0)
  ottobit_bundle(xsimd INCLUDE ${source}/include)
  set_property(GLOBAL PROPERTY OTTOBIT_BUNDLED_HEADERS ${source}/include/xsimd)
endfunction()

function(ottobit_fetch_nlohmann_json)
  ottobit_populate(nlohmann_json https://github.com/nlohmann/json.git v3.11.2)
  ottobit_bundle(nlohmann_json INCLUDE ${source}/single_include)
endfunction()

function(ottobit_fetch_pcre2)
  ottobit_populate(pcre2 https://github.com/PCRE2Project/pcre2.git pcre2-10.42)
  set(PCRE2_BUILD_PCRE2GREP OFF)
  set(PCRE2_BUILD_TESTS OFF)
  ottobit_add_project()
  ottobit_bundle(pcre2 INCLUDE ${binary} DEFINE PCRE2_STATIC OBJECTS_OF pcre2-8-static)
endfunction()

function(ottobit_fetch_utf8proc)
  ottobit_populate(utf8proc https://github.com/JuliaStrings/utf8proc.git v2.8.0)
  set(UTF8PROC_INSTALL OFF)
  set(UTF8PROC_ENABLE_TESTING OFF)
  ottobit_add_project()
  ottobit_bundle(utf8proc INCLUDE ${source} DEFINE UTF8PROC_STATIC OBJECTS_OF utf8proc)
endfunction()

function(ottobit_fetch_sentencepiece)
  ottobit_populate(sentencepiece https://github.com/google/sentencepiece.git v0.1.97)
  set(SPM_ENABLE_SHARED OFF)
  ottobit_add_project()
  ottobit_bundle(sentencepiece INCLUDE ${source}/src OBJECTS_OF sentencepiece-static)
endfunction()

function(ottobit_fetch_cli11)
  ottobit_populate(cli11 https://github.com/CLIUtils/CLI11.git v2.1.2)
  ottobit_bundle(cli11 INCLUDE ${source}/include)
endfunction()

function(ottobit_fetch_doctest)
  ottobit_populate(doctest https://github.com/doctest/doctest.git v2.4.9)
  ottobit_bundle(doctest INCLUDE ${source})
endfunction()
