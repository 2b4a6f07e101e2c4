# SPDX-License-Identifier: Apache-2.0
# ottobit_warnings: the warnings our own sources are held to. It is linked privately, so neither a
# consumer nor a third-party header ever sees these flags. OTTOBIT_WERROR turns them into errors.
add_library(ottobit_warnings INTERFACE)

set(ottobit_warnings_c -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wdouble-promotion
                       -Wcast-align -Wundef -Wno-missing-field-initializers)
set(ottobit_warnings_cxx ${ottobit_warnings_c} -Wold-style-cast -Wnon-virtual-dtor
                         -Woverloaded-virtual)
# g++ 12 finds null pointers that are none where it inlines std::string and std::vector into a
# third-party header. Targets with many such headers say so by this property.
define_property(TARGET PROPERTY OTTOBIT_FALSE_NULL_DEREFERENCE
                BRIEF_DOCS "Compile without -Wnull-dereference")
set(ottobit_property $<TARGET_PROPERTY:OTTOBIT_FALSE_NULL_DEREFERENCE>)
# -Wsign-conversion stays off: sizes are signed by design, and std containers are not.
list(APPEND ottobit_warnings_cxx -Wno-sign-conversion)

if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
  target_compile_options(
    ottobit_warnings
    INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:${ottobit_warnings_cxx}>"
              "$<$<COMPILE_LANGUAGE:C>:${ottobit_warnings_c};-Wstrict-prototypes>"
              $<$<NOT:$<BOOL:${ottobit_property}>>:-Wnull-dereference>
              $<$<BOOL:${OTTOBIT_WERROR}>:-Werror>)
endif()
