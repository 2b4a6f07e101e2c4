# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` lays down: the command, both libraries, the C header, the C++ headers, the
# CMake package and ottobit.pc. The tree can be moved afterwards: nothing in it holds a path.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/ottobit)

# Three exports, because each asks more of the system than the one before: the shared library
# nothing, the archive the third-party libraries, the C++ headers xsimd.
if(TARGET ottobit_c)
  install(TARGETS ottobit_c EXPORT ottobitSharedTargets
          RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
          FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(TARGETS ottobit_static EXPORT ottobitStaticTargets
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
          FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endif()
if(TARGET ottobit_openmp)
  install(TARGETS ottobit_openmp EXPORT ottobitOpenmpTargets
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
          FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endif()
install(TARGETS ottobit_headers ottobit_core EXPORT ottobitCoreTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${ottobit_interop} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ottobit/interop)
if(TARGET ottobit_cli)
  install(TARGETS ottobit_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

# Headers of a fetched xsimd: the C++ headers include them.
get_property(bundled_headers GLOBAL PROPERTY OTTOBIT_BUNDLED_HEADERS)
if(bundled_headers)
  install(DIRECTORY ${bundled_headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endif()

set(exports Core)
if(TARGET ottobit_openmp)
  list(APPEND exports Openmp)
endif()
if(TARGET ottobit_c)
  list(PREPEND exports Shared Static)
endif()
foreach(export IN LISTS exports)
  install(EXPORT ottobit${export}Targets NAMESPACE ottobit:: DESTINATION ${package_dir})
endforeach()

# Libraries the archive asks for, and those it carries inside.
get_property(OTTOBIT_BUNDLED GLOBAL PROPERTY OTTOBIT_BUNDLED)
list(JOIN OTTOBIT_LINKED " " OTTOBIT_NEEDS)
configure_package_config_file(cmake/ottobitConfig.cmake.in ${PROJECT_BINARY_DIR}/ottobitConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ottobitConfigVersion.cmake
                                 COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/ottobitConfig.cmake
              ${PROJECT_BINARY_DIR}/ottobitConfigVersion.cmake cmake/ottobitDependencies.cmake
        DESTINATION ${package_dir})

# pkg-config: `--libs` for the shared library, `--static --libs` for the archive.
set(pc_private "")
foreach(name pcre2=pcre2-8 utf8proc=utf8proc sentencepiece=sentencepiece)
  string(REGEX MATCH "^[^=]+" target ${name})
  string(REGEX MATCH "[^=]+$" library ${name})
  if("ottobit_${target}" IN_LIST OTTOBIT_LINKED AND NOT target IN_LIST OTTOBIT_BUNDLED)
    string(APPEND pc_private " -l${library}")
  endif()
endforeach()
string(APPEND pc_private " -lstdc++ -lpthread -lm")
file(RELATIVE_PATH pc_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" pc_prefix "${pc_prefix}")
configure_file(cmake/ottobit.pc.in ${PROJECT_BINARY_DIR}/ottobit.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/ottobit.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
