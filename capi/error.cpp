// SPDX-License-Identifier: Apache-2.0
// Error objects and the names of status numbers.
#include <array>

#include "common.hpp"

struct ottobit_error {
  ottobit_status status;
  std::string message;
  std::string subject;
};

namespace ottobit::capi {
namespace {

/// One line: a file name or a tensor name may hold anything.
std::string one_line(const char* text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return line;
}

}  // namespace

ottobit_status report(ottobit_error** err, ottobit_status status, const char* message,
                      const char* subject) noexcept {
  if (err != nullptr) {
    try {
      *err = std::make_unique<ottobit_error>(
                 ottobit_error{status, one_line(message), one_line(subject)})
                 .release();
    } catch (...) {
      *err = nullptr;  // no memory to say so: the status has to do
    }
  }
  return status;
}

}  // namespace ottobit::capi

int32_t ottobit_error_code(const ottobit_error* e) {
  return e == nullptr ? OTTOBIT_OK : e->status;
}

const char* ottobit_error_message(const ottobit_error* e) {
  return e == nullptr ? "" : e->message.c_str();
}

const char* ottobit_error_subject(const ottobit_error* e) {
  return e == nullptr ? "" : e->subject.c_str();
}

void ottobit_error_release(ottobit_error* e) {
  const std::unique_ptr<ottobit_error> last(e);
}

const char* ottobit_status_name(ottobit_status s) {
  static constexpr std::array<const char*, 19> kFailures{
      "OTTOBIT_OK",          "OTTOBIT_E_ARGUMENT",  "OTTOBIT_E_STRUCT",     "OTTOBIT_E_MEMORY",
      "OTTOBIT_E_IO",        "OTTOBIT_E_FORMAT",    "OTTOBIT_E_CHECKPOINT", "OTTOBIT_E_UNSUPPORTED",
      "OTTOBIT_E_CANCELLED", "OTTOBIT_E_BUSY",      "OTTOBIT_E_CONTEXT",    "OTTOBIT_E_BUFFER",
      "OTTOBIT_E_TEMPLATE",  "OTTOBIT_E_GRAMMAR",   "OTTOBIT_E_STATE",      "OTTOBIT_E_CPU",
      "OTTOBIT_E_CALLBACK",  "OTTOBIT_E_NOT_FOUND", "OTTOBIT_E_INTERNAL"};
  if (s == OTTOBIT_END) {
    return "OTTOBIT_END";
  }
  const auto index = static_cast<std::size_t>(-static_cast<std::int64_t>(s));
  return s <= 0 && index < kFailures.size() ? kFailures[index] : "unknown";
}
