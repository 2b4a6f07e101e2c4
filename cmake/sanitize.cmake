# SPDX-License-Identifier: Apache-2.0
# ottobit_sanitize: -fsanitize=... for our own sources and for what links them, from the list in
# OTTOBIT_SANITIZE (for example "address;undefined"). A finding ends the program, so a test fails.
add_library(ottobit_sanitize INTERFACE)

if(OTTOBIT_SANITIZE)
  list(JOIN OTTOBIT_SANITIZE "," ottobit_sanitizers)
  target_compile_options(ottobit_sanitize INTERFACE -fsanitize=${ottobit_sanitizers}
                                                    -fno-sanitize-recover=all)
  target_link_options(ottobit_sanitize INTERFACE -fsanitize=${ottobit_sanitizers})
endif()

# C programs that use the library: the sanitizers' C++ runtime comes with the C++ linker only.
function(ottobit_link_sanitized target)
  if(OTTOBIT_SANITIZE)
    set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX)
  endif()
endfunction()
