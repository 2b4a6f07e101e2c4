# SPDX-License-Identifier: Apache-2.0
# A project of its own (examples/consumer) uses an installed ottobit: through find_package with both
# libraries, as a C-only project, and through pkg-config. The installed tree is moved first, because
# it promises to be relocatable.
#   BUILD_DIR CONFIG GENERATOR CC CXX LIBDIR of the build; WORK_DIR is emptied and used.
cmake_minimum_required(VERSION 3.24)
file(REMOVE_RECURSE ${WORK_DIR})
file(MAKE_DIRECTORY ${WORK_DIR})
set(prefix ${WORK_DIR}/moved)

function(step what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(NOT result EQUAL 0)
    message(NOTICE "${text}")
    message(FATAL_ERROR "${what} failed (${result})")
  endif()
  if(text MATCHES "[Ww]arning")
    message(NOTICE "${text}")
    message(FATAL_ERROR "${what} warned")
  endif()
  message(STATUS "${what}: ok")
endfunction()

step("install" ${CMAKE_COMMAND} --install ${BUILD_DIR} --config ${CONFIG} --prefix ${WORK_DIR}/first)
file(RENAME ${WORK_DIR}/first ${prefix})

foreach(language CXX C)
  set(build ${WORK_DIR}/build-${language})
  set(cxx "")
  if(language STREQUAL "CXX")
    set(cxx -DCMAKE_CXX_COMPILER=${CXX})
  endif()
  step("configure with ${language}" ${CMAKE_COMMAND} -S ${SOURCE_DIR}/examples/consumer -B ${build}
       -G ${GENERATOR} -DCMAKE_PREFIX_PATH=${prefix} -DCMAKE_C_COMPILER=${CC} ${cxx}
       -DCMAKE_BUILD_TYPE=${CONFIG} -DCONSUMER_LANGUAGE=${language})
  step("build with ${language}" ${CMAKE_COMMAND} --build ${build} --config ${CONFIG})
  step("run with ${language}" ${CMAKE_CTEST_COMMAND} --test-dir ${build} -C ${CONFIG}
       --output-on-failure --no-tests=error)
endforeach()

find_program(PKG_CONFIG pkg-config)
if(NOT PKG_CONFIG)
  message(STATUS "no pkg-config, so ottobit.pc was not tried")
  return()
endif()
set(ENV{PKG_CONFIG_PATH} ${prefix}/${LIBDIR}/pkgconfig)
set(ENV{LD_LIBRARY_PATH} ${prefix}/${LIBDIR})
foreach(kind shared static)
  set(options --cflags --libs)
  if(kind STREQUAL "static")
    list(APPEND options --static)
  endif()
  execute_process(COMMAND ${PKG_CONFIG} ${options} ottobit OUTPUT_VARIABLE flags
                  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  if(kind STREQUAL "static")
    string(REPLACE "-lottobit" "-l:libottobit.a" flags "${flags}")
  endif()
  separate_arguments(flags UNIX_COMMAND "${flags}")
  set(program ${WORK_DIR}/pkg-config-${kind})
  step("pkg-config ${kind}" ${CC} ${SOURCE_DIR}/examples/consumer/main.c ${flags} -o ${program})
  step("run pkg-config ${kind}" ${program})
endforeach()

step("the installed command" ${prefix}/bin/ottobit --version)
