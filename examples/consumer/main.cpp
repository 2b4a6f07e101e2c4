// SPDX-License-Identifier: Apache-2.0
// The smallest program on the C++ library: opening a folder that is not there is an Error that says
// what and where.
#include <cstdio>

#include <ottobit/ottobit.hpp>

int main() {
  try {
    static_cast<void>(ottobit::Model::open("no-such-folder", ottobit::Machine{}));
  } catch (const ottobit::Error& error) {
    std::printf("as expected: %s\n", error.what());
    return 0;
  }
  return 1;
}
