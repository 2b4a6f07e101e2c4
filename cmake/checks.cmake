# SPDX-License-Identifier: Apache-2.0
# The repository checks, as tests with the label check. Each is a script that takes what it looks at
# as -D arguments and can be run by hand.
set(checks ${PROJECT_SOURCE_DIR}/cmake)

# ottobit_add_check(name script -Dname=value...): a line that begins with "skipped:" skips the test.
function(ottobit_add_check name script)
  add_test(NAME check.${name} COMMAND ${CMAKE_COMMAND} -DSOURCE_DIR=${PROJECT_SOURCE_DIR} ${ARGN}
                                      -P ${checks}/${script}.cmake)
  set_tests_properties(check.${name} PROPERTIES LABELS check TIMEOUT 600
                                                SKIP_REGULAR_EXPRESSION "(^|\n)(-- )?skipped: ")
endfunction()

ottobit_add_check(spdx check_spdx)
ottobit_add_check(format check_format)
ottobit_add_check(layers check_layers)
ottobit_add_check(readme check_readme)
ottobit_add_check(initialisers check_initialisers)
if(TARGET ottobit_c)
  ottobit_add_check(header_c check_header_c -DCC=${CMAKE_C_COMPILER} -DCXX=${CMAKE_CXX_COMPILER})
endif()

# Each public header alone, as a user would include it.
add_test(NAME check.headers COMMAND ${CMAKE_COMMAND} --build ${PROJECT_BINARY_DIR} --config $<CONFIG>
                                    --target all_verify_interface_header_sets)
set_tests_properties(check.headers PROPERTIES LABELS check TIMEOUT 1200)

# Sanitizers add symbols and constructors of their own, and an installed tree would need them.
if(NOT OTTOBIT_SANITIZE)
  foreach(level IN LISTS OTTOBIT_ISA_COMPILED)
    ottobit_add_check(weak_symbols.${level} check_weak_symbols -DNM=${CMAKE_NM} -DLEVEL=${level}
                      "-DOBJECTS=$<TARGET_OBJECTS:ottobit_isa_${level}>")
  endforeach()
  ottobit_add_check(no_init_array check_no_init_array -DREADELF=${CMAKE_READELF}
                    -DARCHIVE=$<TARGET_FILE:ottobit_core>)
  if(TARGET ottobit_c)
    ottobit_add_check(exports check_exports -DNM=${CMAKE_NM} -DLIBRARY=$<TARGET_FILE:ottobit_c>)
    ottobit_add_check(symbols check_symbols -DNM=${CMAKE_NM} -DLIBRARY=$<TARGET_FILE:ottobit_c>)
    if(OTTOBIT_INSTALL)
      ottobit_add_check(
        consumer check_consumer -DBUILD_DIR=${PROJECT_BINARY_DIR} -DCONFIG=$<CONFIG>
        -DWORK_DIR=${PROJECT_BINARY_DIR}/consumer -DGENERATOR=${CMAKE_GENERATOR}
        -DCC=${CMAKE_C_COMPILER} -DCXX=${CMAKE_CXX_COMPILER} -DLIBDIR=${CMAKE_INSTALL_LIBDIR})
    endif()
  endif()
endif()

if(TARGET ottobit_bench)
  add_test(NAME check.bench COMMAND ottobit_bench --benchmark_list_tests=true)
  set_tests_properties(check.bench PROPERTIES LABELS check TIMEOUT 300)
endif()
