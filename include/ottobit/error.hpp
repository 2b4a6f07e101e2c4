// SPDX-License-Identifier: Apache-2.0
// Errors of the library: one exception type with a code, a one-line message and the subject (the
// file or tensor it is about). Opening, parsing and binding throw; kernels never do. The C boundary
// turns an Error into a status and an ottobit_error (capi/ottobit.cpp).
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace ottobit {

/// The values equal the OTTOBIT_E_* constants of ottobit.h and never change meaning.
enum class ErrorCode : std::int32_t {
  argument = -1,
  structure = -2,
  memory = -3,
  io = -4,
  format = -5,
  checkpoint = -6,
  unsupported = -7,
  cancelled = -8,
  busy = -9,
  context = -10,
  buffer = -11,
  chat_template = -12,
  grammar = -13,
  state = -14,
  cpu = -15,
  callback = -16,
  not_found = -17,
  internal = -18,
};

/// What went wrong. `what()` is one line without a trailing period that states subject, found and
/// expected; `subject()` is the file or tensor alone (may be empty).
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, std::string subject, const std::string& message)
      : std::runtime_error(subject.empty() ? message : subject + ": " + message),
        code_(code),
        subject_(std::move(subject)) {}

  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  [[nodiscard]] const std::string& subject() const noexcept { return subject_; }

 private:
  ErrorCode code_;
  std::string subject_;
};

/// Throws Error{code, subject, message}; keeps throwing code out of the callers' hot paths.
[[noreturn]] inline void fail(ErrorCode code, std::string subject, const std::string& message) {
  throw Error(code, std::move(subject), message);
}

}  // namespace ottobit

/// Always on: checks input that comes from outside. `message` is evaluated only on failure.
#define OTTOBIT_CHECK(condition, code, subject, message) \
  do {                                                   \
    if (!(condition)) [[unlikely]] {                     \
      ::ottobit::fail((code), (subject), (message));     \
    }                                                    \
  } while (false)

/// Debug only: states what the programmer promises. Traps rather than calling abort().
#if defined(NDEBUG)
#define OTTOBIT_ASSERT(condition) static_cast<void>(0)
#else
#define OTTOBIT_ASSERT(condition) ((condition) ? static_cast<void>(0) : __builtin_trap())
#endif
