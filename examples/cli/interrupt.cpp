// SPDX-License-Identifier: Apache-2.0
// The signal handler of the command. It touches lock-free atomics and async-signal-safe calls only.
#include "interrupt.hpp"

#include <atomic>
#include <csignal>

#include <unistd.h>

namespace ottobit::cli {
namespace {

constinit std::atomic<int> g_count{0};
constinit std::atomic<ottobit_cancel*> g_cancel{nullptr};
static_assert(std::atomic<int>::is_always_lock_free);
static_assert(std::atomic<ottobit_cancel*>::is_always_lock_free);

extern "C" void handle_interrupt(int /*signal*/) {
  if (g_count.fetch_add(1) >= 1) {
    _exit(kExitInterrupted);
  }
  ottobit_cancel* cancel = g_cancel.load();
  if (cancel != nullptr) {
    ottobit_cancel_request(cancel);
  }
}

}  // namespace

void install_interrupt_handler() {
  struct sigaction action = {};
  action.sa_handler = handle_interrupt;
  sigemptyset(&action.sa_mask);
  action.sa_flags = 0;  // no SA_RESTART: waiting for a line must end
  sigaction(SIGINT, &action, nullptr);
}

int interrupts() {
  return g_count.load();
}

void clear_interrupts() {
  g_count.store(0);
}

CancelOnInterrupt::CancelOnInterrupt(ottobit_cancel* cancel) {
  g_cancel.store(cancel);
  if (interrupts() > 0) {
    ottobit_cancel_request(cancel);
  }
}

CancelOnInterrupt::~CancelOnInterrupt() {
  g_cancel.store(nullptr);
}

}  // namespace ottobit::cli
