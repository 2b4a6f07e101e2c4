# SPDX-License-Identifier: Apache-2.0
# What demo.cmake and test.cmake share: install the Debian packages that are missing, configure and
# build in build/release. Both use this one configuration, so neither rebuilds what the other built.
get_filename_component(OTTOBIT_ROOT ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)
set(OTTOBIT_BUILD ${OTTOBIT_ROOT}/build/release)

# Without these nothing can be built, unless the libraries are found in another way.
set(OTTOBIT_REQUIRED libxsimd-dev nlohmann-json3-dev libpcre2-dev libutf8proc-dev libcli11-dev
                     doctest-dev)
# Without these something is slower or left out: Ninja, SentencePiece tokenizers, the tests against
# Eigen, the benchmarks, the tests of the package files and of the C interface from Python.
set(OTTOBIT_WANTED ninja-build libsentencepiece-dev libeigen3-dev libbenchmark-dev pkg-config
                   python3)

# Prints a line on standard output.
function(ottobit_say)
  list(JOIN ARGN " " text)
  execute_process(COMMAND ${CMAKE_COMMAND} -E echo "${text}")
endfunction()

# Those of the packages that dpkg does not know as installed.
function(ottobit_missing_packages out)
  execute_process(COMMAND ${OTTOBIT_DPKG} -W -f "\${Package}=\${db:Status-Status}\\n" ${ARGN}
                  OUTPUT_VARIABLE text ERROR_QUIET)
  set(missing "")
  foreach(package IN LISTS ARGN)
    if(NOT "\n${text}" MATCHES "\n${package}=installed\n")
      list(APPEND missing ${package})
    endif()
  endforeach()
  set(${out} "${missing}" PARENT_SCOPE)
endfunction()

# Tools count as present wherever they came from. Changes the caller's lists `required` and `wanted`.
function(ottobit_consider_tools)
  find_program(OTTOBIT_CXX NAMES $ENV{CXX} c++ g++ clang++)
  if(NOT OTTOBIT_CXX)
    list(APPEND required g++)
  endif()
  find_program(OTTOBIT_NINJA NAMES ninja ninja-build)
  find_program(OTTOBIT_MAKE NAMES make gmake)
  if(OTTOBIT_NINJA)
    list(REMOVE_ITEM wanted ninja-build)
  elseif(NOT OTTOBIT_MAKE AND "ninja-build" IN_LIST wanted)
    list(REMOVE_ITEM wanted ninja-build)
    list(APPEND required ninja-build)
  endif()
  foreach(tool pkg-config python3)
    find_program(OTTOBIT_TOOL_${tool} ${tool})
    if(OTTOBIT_TOOL_${tool})
      list(REMOVE_ITEM wanted ${tool})
    endif()
  endforeach()
  set(required "${required}" PARENT_SCOPE)
  set(wanted "${wanted}" PARENT_SCOPE)
endfunction()

# How to run apt-get here: as root, through sudo without a password, or (empty) not at all.
function(ottobit_apt_command out)
  set(environment ${CMAKE_COMMAND} -E env DEBIAN_FRONTEND=noninteractive)
  find_program(OTTOBIT_ID id)
  execute_process(COMMAND ${OTTOBIT_ID} -u OUTPUT_VARIABLE user OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(user EQUAL 0)
    set(${out} ${environment} ${OTTOBIT_APT} PARENT_SCOPE)
    return()
  endif()
  set(${out} "" PARENT_SCOPE)
  find_program(OTTOBIT_SUDO sudo)
  if(OTTOBIT_SUDO)
    execute_process(COMMAND ${OTTOBIT_SUDO} -n true RESULT_VARIABLE result OUTPUT_QUIET ERROR_QUIET)
    if(result EQUAL 0)
      set(${out} ${OTTOBIT_SUDO} -n ${environment} ${OTTOBIT_APT} PARENT_SCOPE)
    endif()
  endif()
endfunction()

# Installs what is missing. Stops with the line to run where that is not possible; systems without
# apt-get are left to CMake's own search and to the pinned downloads.
function(ottobit_install_packages)
  find_program(OTTOBIT_DPKG dpkg-query)
  find_program(OTTOBIT_APT apt-get)
  if(NOT OTTOBIT_DPKG OR NOT OTTOBIT_APT)
    return()
  endif()
  ottobit_missing_packages(required ${OTTOBIT_REQUIRED})
  ottobit_missing_packages(wanted ${OTTOBIT_WANTED})
  ottobit_consider_tools()
  if(NOT required AND NOT wanted)
    return()
  endif()
  list(JOIN required " " required_names)
  list(JOIN wanted " " wanted_names)
  string(STRIP "${required_names} ${wanted_names}" names)
  set(line "sudo apt-get install --no-install-recommends ${names}")
  ottobit_apt_command(apt)
  if(apt)
    ottobit_say("Installing Debian packages (about a minute): ${names}")
    execute_process(COMMAND ${apt} update -qq OUTPUT_VARIABLE text ERROR_VARIABLE text)
    execute_process(
      COMMAND ${apt} install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 ${required}
              ${wanted}
      RESULT_VARIABLE result OUTPUT_VARIABLE more ERROR_VARIABLE more)
    if(result EQUAL 0)
      return()
    endif()
    message(NOTICE "${text}${more}")
  endif()
  if(required)
    message(NOTICE "These packages are needed and could not be installed from here (that takes root, "
                   "or sudo without a password). Install them, then run this again:\n\n  ${line}\n")
    message(FATAL_ERROR "missing packages: ${required_names}")
  endif()
  ottobit_say("Going on without ${wanted_names}. To have them: ${line}")
endfunction()

# The number of compilers to run at once: one for each processor this process may use, fewer where
# memory is short (the largest sources need about 1.5 GB).
function(ottobit_jobs out)
  find_program(OTTOBIT_NPROC nproc)
  if(OTTOBIT_NPROC)
    execute_process(COMMAND ${OTTOBIT_NPROC} OUTPUT_VARIABLE jobs OUTPUT_STRIP_TRAILING_WHITESPACE)
  else()
    cmake_host_system_information(RESULT jobs QUERY NUMBER_OF_LOGICAL_CORES)
  endif()
  cmake_host_system_information(RESULT memory_mib QUERY AVAILABLE_PHYSICAL_MEMORY)
  math(EXPR fit "${memory_mib} / 1536")
  if(fit GREATER 0 AND fit LESS jobs)
    set(jobs ${fit})
  elseif(fit EQUAL 0)
    set(jobs 1)
  endif()
  set(${out} ${jobs} PARENT_SCOPE)
endfunction()

# Configures build/release with Ninja, else make; what an earlier configuration chose is kept. A cache
# that belongs to another place (a copied checkout) is begun anew.
function(ottobit_configure)
  set(options -DCMAKE_BUILD_TYPE=Release)
  if(DEFINED ENV{CI})
    list(APPEND options -DOTTOBIT_WERROR=ON)
  endif()
  set(cache ${OTTOBIT_BUILD}/CMakeCache.txt)
  set(home "")
  if(EXISTS ${cache})
    file(STRINGS ${cache} home REGEX "^CMAKE_HOME_DIRECTORY:")
    string(REGEX REPLACE "^[^=]*=" "" home "${home}")
  endif()
  if(NOT home STREQUAL OTTOBIT_ROOT)
    list(APPEND options --fresh)
    find_program(OTTOBIT_NINJA NAMES ninja ninja-build)
    if(OTTOBIT_NINJA)
      list(APPEND options -G Ninja)
    else()
      list(APPEND options -G "Unix Makefiles")
    endif()
  endif()
  # Warnings go to the terminal; the rest is shown only if it is of use.
  execute_process(COMMAND ${CMAKE_COMMAND} -S ${OTTOBIT_ROOT} -B ${OTTOBIT_BUILD} ${options}
                  RESULT_VARIABLE result OUTPUT_VARIABLE text)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${text}\nConfiguring failed.")
  endif()
endfunction()

# ottobit_build([target...]): builds these targets, or everything.
function(ottobit_build)
  # Lets ccache, where it is installed, recognise a checkout in another folder.
  if(NOT DEFINED ENV{CCACHE_BASEDIR})
    set(ENV{CCACHE_BASEDIR} ${OTTOBIT_ROOT})
    set(ENV{CCACHE_NOHASHDIR} true)
  endif()
  set(targets "")
  if(ARGN)
    set(targets --target ${ARGN})
  endif()
  ottobit_jobs(jobs)
  execute_process(COMMAND ${CMAKE_COMMAND} --build ${OTTOBIT_BUILD} --parallel ${jobs} ${targets}
                  RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "Building failed; the compiler's messages are above.")
  endif()
endfunction()

# Packages, configuration and build in one.
function(ottobit_prepare)
  ottobit_install_packages()
  ottobit_say("Building in build/release")
  ottobit_configure()
  ottobit_build(${ARGN})
endfunction()
