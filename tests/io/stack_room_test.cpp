// SPDX-License-Identifier: Apache-2.0
// Calls within calls end while the thread has stack left, whatever stack it is on.
#include "io/stack_room.hpp"

#include <vector>

#include <doctest/doctest.h>
#include <ucontext.h>

#include "support/small_stack.hpp"

namespace ottobit {
namespace {

/// How often a function of some 200 bytes of stack calls itself while there is room.
int depth_of(const StackRoom& room) {
  volatile char some[128] = {};
  if (!room.left()) {
    return some[0];
  }
  return 1 + depth_of(room) + some[1];
}

ucontext_t g_outside;
ucontext_t g_inside;
int g_depth = 0;

void on_a_fibre() {
  g_depth = depth_of(StackRoom());
  swapcontext(&g_inside, &g_outside);
}

}  // namespace

TEST_CASE("calls within calls end where the stack does") {
  constexpr std::size_t kKiB = 1024;
  int small = 0;
  int large = 0;
  test::on_stack(test::kSmallStack, [&] { small = depth_of(StackRoom()); });
  test::on_stack(64 * test::kSmallStack, [&] { large = depth_of(StackRoom()); });
  const auto most = static_cast<int>(test::kSmallStack / 128);
  CHECK(small > static_cast<int>(StackRoom::kAlways / kKiB));
  CHECK(small < most);
  CHECK(large > 32 * small);
}

TEST_CASE("on a stack that is not the thread's own there is room for what always is") {
  std::vector<char> stack(test::kSmallStack);
  getcontext(&g_inside);
  g_inside.uc_stack.ss_sp = stack.data();
  g_inside.uc_stack.ss_size = stack.size();
  g_inside.uc_link = nullptr;
  makecontext(&g_inside, &on_a_fibre, 0);
  swapcontext(&g_outside, &g_inside);
  CHECK(g_depth > static_cast<int>(StackRoom::kAlways / 1024));
  CHECK(g_depth <= static_cast<int>(StackRoom::kAlways / 128));
}

}  // namespace ottobit
