// SPDX-License-Identifier: Apache-2.0
// Ctrl-C. The first one stops what is being computed, through a cancel token of the library; the
// second one without anything entered in between ends the process with exit code 130.
#pragma once

#include "ottobit.h"

namespace ottobit::cli {

inline constexpr int kExitInterrupted = 130;

/// Installs the handler; call once. SIGPIPE keeps its default: `ottobit run ... | head` ends
/// quietly.
void install_interrupt_handler();

/// How often Ctrl-C was pressed since the last clear_interrupts.
[[nodiscard]] int interrupts();
void clear_interrupts();

/// While it lives, Ctrl-C requests `cancel`, which must outlive it. Not nested.
class CancelOnInterrupt {
 public:
  explicit CancelOnInterrupt(ottobit_cancel* cancel);
  ~CancelOnInterrupt();
  CancelOnInterrupt(const CancelOnInterrupt&) = delete;
  CancelOnInterrupt& operator=(const CancelOnInterrupt&) = delete;
};

}  // namespace ottobit::cli
