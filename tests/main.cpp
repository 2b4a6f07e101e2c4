// SPDX-License-Identifier: Apache-2.0
// The main function of ottobit_tests. doctest's own options apply: --list-test-cases,
// --test-case=PATTERN, --test-suite=PATTERN.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
