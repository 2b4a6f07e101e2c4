// SPDX-License-Identifier: Apache-2.0
// What every entry point of the C interface is made of: exceptions as status and error object,
// counted handles, versioned structs, texts and buffers as the head of ottobit.h promises them.
// Nothing here knows what a function does.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "ottobit/error.hpp"
#include "ottobit/float_modes.hpp"

#include "ottobit.h"

namespace ottobit::capi {

// --- errors --------------------------------------------------------------------------------------

/// Puts an error object into *err (if there is one and memory for it); returns `status`.
ottobit_status report(ottobit_error** err, ottobit_status status, const char* message,
                      const char* subject) noexcept;

/// Every entry point that has an `err` is exactly one guard(err, [&] { ... }).
template <class Body>
ottobit_status guard(ottobit_error** err, Body&& body) noexcept {
  const DefaultFloatModes modes;
  if (err != nullptr) {
    *err = nullptr;
  }
  try {
    return body();
  } catch (const Error& e) {
    return report(err, static_cast<ottobit_status>(e.code()), e.what(), e.subject().c_str());
  } catch (const std::bad_alloc&) {
    return report(err, OTTOBIT_E_MEMORY, "out of memory", "");
  } catch (const std::exception& e) {
    return report(err, OTTOBIT_E_INTERNAL, e.what(), "");
  } catch (...) {
    return report(err, OTTOBIT_E_INTERNAL, "unknown error", "");
  }
}

// --- handles -------------------------------------------------------------------------------------

/// Base of all handles: how many owners there are.
class Counted {
 public:
  void retain() noexcept { owners_.fetch_add(1, std::memory_order_relaxed); }
  /// True if that was the last owner.
  [[nodiscard]] bool release() noexcept {
    return owners_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }

 private:
  std::atomic<std::int64_t> owners_{1};
};

template <class Handle>
Handle* retain_handle(Handle* handle) noexcept {
  if (handle != nullptr) {
    handle->retain();
  }
  return handle;
}

template <class Handle>
void release_handle(Handle* handle) noexcept {
  if (handle != nullptr && handle->release()) {
    const std::unique_ptr<Handle> last(handle);
  }
}

/// A handle's ownership of another handle; may be empty.
template <class Handle>
class Ref {
 public:
  explicit Ref(Handle* handle = nullptr) noexcept : handle_(retain_handle(handle)) {}
  Ref(Ref&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Ref(const Ref&) = delete;
  Ref& operator=(const Ref&) = delete;
  Ref& operator=(Ref&&) = delete;
  ~Ref() { release_handle(handle_); }

  [[nodiscard]] Handle* get() const noexcept { return handle_; }
  Handle* operator->() const noexcept { return handle_; }
  Handle& operator*() const noexcept { return *handle_; }
  explicit operator bool() const noexcept { return handle_ != nullptr; }

 private:
  Handle* handle_;
};

/// The object behind a pointer that must not be NULL; `name` is the parameter's.
template <class T>
T& required(T* pointer, const char* name) {
  OTTOBIT_CHECK(pointer != nullptr, ErrorCode::argument, name, "is NULL");
  return *pointer;
}

/// Sets *out to NULL, so that a caller never sees an old handle after a failure.
template <class Handle>
Handle*& required_out(Handle** out) {
  required(out, "out") = nullptr;
  return *out;
}

// --- numbers -------------------------------------------------------------------------------------

/// Refuses bits that this release gives no meaning.
void check_flags(std::uint32_t flags, std::uint32_t known, const char* name);

/// An array of the caller's: NULL only where it is empty, and not longer than memory can be.
template <class T>
std::span<const T> array_in(const T* values, std::size_t count, const char* name) {
  OTTOBIT_CHECK(count <= PTRDIFF_MAX / sizeof(T), ErrorCode::argument, name,
                "has " + std::to_string(count) + " elements, more than memory can hold");
  OTTOBIT_CHECK(values != nullptr || count == 0, ErrorCode::argument, name,
                "is NULL with " + std::to_string(count) + " elements");
  return {values, count};
}

// --- texts ---------------------------------------------------------------------------------------

/// A text of the caller's; `length` may be OTTOBIT_NUL.
std::string_view text_in(const char* text, std::size_t length, const char* name);

/// A NUL-terminated text that may be NULL, which means empty.
inline std::string_view optional_text(const char* text) noexcept {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

/// Refuses settings_json that is not a JSON object or has a member: for functions without settings.
void refuse_settings(const char* settings_json);

/// The caller's buffer: `cap` elements at `data`.
template <class T>
struct Buffer {
  T* data;
  std::size_t cap;
  std::size_t* need;

  /// For results whose size is known before they are: true if the caller asked for the size alone.
  /// Throws where `size` elements do not fit.
  [[nodiscard]] bool asks_size(std::size_t size) const {
    if (need != nullptr) {
      *need = size;
    }
    if (cap == 0) {
      return true;
    }
    required(data, "buffer");
    OTTOBIT_CHECK(
        size <= cap, ErrorCode::buffer, "buffer",
        "has room for " + std::to_string(cap) + ", " + std::to_string(size) + " are needed");
    return false;
  }

  /// Hands the result out, or its size, by the rules for texts out.
  [[nodiscard]] ottobit_status give(std::span<const T> result) const {
    if (!asks_size(result.size())) {
      std::copy(result.begin(), result.end(), data);
      if constexpr (std::is_same_v<T, char>) {
        if (cap > result.size()) {
          data[result.size()] = '\0';
        }
      }
    }
    return OTTOBIT_OK;
  }
};

// --- versioned structs ---------------------------------------------------------------------------

/// No struct of this interface will ever be larger; what is, was not initialised.
inline constexpr std::size_t kLargestStruct = 4096;

/// Which second halves of the 8-byte units of a struct begin a 32-bit field: bit i for offset
/// 8 * i + 4. A struct_size may end there, but not within a pointer or a 64-bit number.
template <class T>
inline constexpr std::uint64_t kNarrowFields = 0;
template <>
inline constexpr std::uint64_t kNarrowFields<ottobit_runtime_options> = 0x3;
template <>
inline constexpr std::uint64_t kNarrowFields<ottobit_thread_hooks> = 0x1;
template <>
inline constexpr std::uint64_t kNarrowFields<ottobit_model_options> = 0x1;
template <>
inline constexpr std::uint64_t kNarrowFields<ottobit_session_options> = 0xF;
template <>
inline constexpr std::uint64_t kNarrowFields<ottobit_memory_estimate> = 0x1;
template <>
inline constexpr std::uint64_t kNarrowFields<ottobit_generate_options> = 0x400FFD;
template <>
inline constexpr std::uint64_t kNarrowFields<ottobit_event> = 0x3;
template <>
inline constexpr std::uint64_t kNarrowFields<ottobit_chat_part> = 0x1;
template <>
inline constexpr std::uint64_t kNarrowFields<ottobit_stats> = 0x1;
template <>
inline constexpr std::uint64_t kNarrowFields<ottobit_matrix> = 0x61;

/// True if a struct T of that size ends at the end of a field, or holds fields yet unknown.
template <class T>
constexpr bool possible_size(std::size_t size) noexcept {
  if (size < 2 * sizeof(std::uint32_t) || size > kLargestStruct || size % 4 != 0) {
    return false;
  }
  return size >= sizeof(T) || size % 8 == 0 || sizeof(void*) < 8 ||
         (kNarrowFields<T> >> (size / 8) & 1U) != 0;
}

[[noreturn]] void fail_struct_size(const char* name, std::size_t size, std::size_t known);

/// The struct_size of the caller's struct, checked.
template <class T>
std::size_t struct_size(const T* given, const char* name) {
  static_assert(std::is_trivially_copyable_v<T>);
  std::uint32_t size = 0;
  std::memcpy(&size, static_cast<const void*>(&required(given, name)), sizeof(size));
  if (!possible_size<T>(size)) {
    fail_struct_size(name, size, sizeof(T));
  }
  return size;
}

/// The caller's options over `defaults`; NULL means the defaults.
template <class T>
T read_struct(const T* given, const T& defaults, const char* name) {
  T result = defaults;
  if (given == nullptr) {
    return result;
  }
  const std::size_t size = struct_size(given, name);
  const auto* const bytes = static_cast<const std::byte*>(static_cast<const void*>(given));
  std::memcpy(static_cast<void*>(&result), bytes, std::min(size, sizeof(T)));
  const bool clean = size <= sizeof(T) || std::all_of(bytes + sizeof(T), bytes + size,
                                                      [](std::byte b) { return b == std::byte{}; });
  OTTOBIT_CHECK(
      clean, ErrorCode::structure, name,
      "has fields set behind the " + std::to_string(sizeof(T)) + " bytes that this library knows");
  return result;
}

/// Writes what the caller's struct has room for, and 0 behind what this library knows.
template <class T>
void write_struct(T* out, const T& value, std::size_t size) noexcept {
  constexpr std::size_t kSkip = sizeof(std::uint32_t);  // struct_size stays
  auto* const bytes = static_cast<std::byte*>(static_cast<void*>(out));
  const auto* const from = static_cast<const std::byte*>(static_cast<const void*>(&value));
  std::memcpy(bytes + kSkip, from + kSkip, std::min(size, sizeof(T)) - kSkip);
  if (size > sizeof(T)) {
    std::memset(bytes + sizeof(T), 0, size - sizeof(T));
  }
}

/// The body of the *_options_init functions.
template <class T>
ottobit_status init_struct(T* out, std::size_t size, const T& defaults) noexcept {
  if (out == nullptr) {
    return OTTOBIT_E_ARGUMENT;
  }
  if (!possible_size<T>(size)) {
    return OTTOBIT_E_STRUCT;
  }
  const auto written = static_cast<std::uint32_t>(size);
  std::memcpy(static_cast<void*>(out), &written, sizeof(written));
  write_struct(out, defaults, size);
  return OTTOBIT_OK;
}

}  // namespace ottobit::capi
