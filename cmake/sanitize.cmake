# SPDX-License-Identifier: Apache-2.0
# ottobit_sanitize: -fsanitize=... for our own sources and for what links them, from the list in
# OTTOBIT_SANITIZE (for example "address;undefined"). A finding ends the program, so a test fails.
add_library(ottobit_sanitize INTERFACE)

if(OTTOBIT_SANITIZE)
  list(JOIN OTTOBIT_SANITIZE "," ottobit_sanitizers)
  # The check of virtual tables needs a C++ runtime, which clang does not link into the C programs.
  target_compile_options(ottobit_sanitize INTERFACE -fsanitize=${ottobit_sanitizers}
                                                    -fno-sanitize-recover=all -fno-sanitize=vptr)
  target_link_options(ottobit_sanitize INTERFACE -fsanitize=${ottobit_sanitizers})
endif()
