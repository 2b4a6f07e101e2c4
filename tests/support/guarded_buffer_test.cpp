// SPDX-License-Identifier: Apache-2.0
// The guard pages must really fault, or every test that relies on them proves nothing.
#include "support/guarded_buffer.hpp"

#include <csignal>
#include <cstdint>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ottobit::test {
namespace {

/// True if reading the byte kills a child process with SIGSEGV or SIGBUS.
bool reading_faults(const volatile std::byte* at) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    static_cast<void>(std::signal(SIGSEGV, SIG_DFL));  // not a sanitizer's or doctest's handler
    static_cast<void>(std::signal(SIGBUS, SIG_DFL));
    const std::byte value = *at;
    ::_exit(value == std::byte{0} ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) && (WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGBUS);
}

const std::byte* bytes_of(const void* data) {
  return static_cast<const std::byte*>(data);
}

TEST_CASE("GuardedBuffer faults on the byte behind its last element") {
  for (const Index size : {0, 1, 5, 1024, 4096, 4097}) {
    CAPTURE(size);
    const GuardedBuffer<std::uint16_t> buffer(size);
    const std::byte* const end = bytes_of(buffer.data() + size);
    CHECK(reading_faults(end));
    if (size > 0) {
      CHECK_FALSE(reading_faults(end - 1));
      CHECK_FALSE(reading_faults(bytes_of(buffer.data())));
    }
  }
}

TEST_CASE("GuardedBuffer faults on the byte before its first element when asked to") {
  for (const Index size : {1, 5, 4097}) {
    CAPTURE(size);
    const GuardedBuffer<float> buffer(size, GuardSide::before);
    CHECK(reading_faults(bytes_of(buffer.data()) - 1));
    CHECK_FALSE(reading_faults(bytes_of(buffer.data())));
  }
}

TEST_CASE("GuardedBuffer starts as zeros, holds values and moves") {
  GuardedBuffer<int> buffer(3);
  CHECK(buffer[0] == 0);
  CHECK(buffer[2] == 0);
  buffer.fill(7);
  const int* const at = buffer.data();
  GuardedBuffer<int> moved = std::move(buffer);
  CHECK(moved.data() == at);
  CHECK(moved[1] == 7);
  const GuardedBuffer<double> listed{1.5, 2.5};
  CHECK(listed.size() == 2);
  CHECK(listed.span()[1] == 2.5);
}

}  // namespace
}  // namespace ottobit::test
