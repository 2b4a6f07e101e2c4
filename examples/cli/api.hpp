// SPDX-License-Identifier: Apache-2.0
// The C interface as the command wants it: handles that release themselves, failures as exceptions,
// text and token lists as values. Nothing here knows what a command does. Written on ottobit.h
// alone, so it may serve as a pattern for other C++ programs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "ottobit.h"

namespace ottobit::cli {

/// What a library call reported: the status code and one sentence that begins with the subject.
class ApiError : public std::runtime_error {
 public:
  ApiError(ottobit_status code, const std::string& message)
      : std::runtime_error(message), code_(code) {}
  [[nodiscard]] ottobit_status code() const noexcept { return code_; }

 private:
  ottobit_status code_;
};

/// The command itself cannot go on (exit code 1).
class Failure : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The command line asks for something that does not fit together (exit code 2).
class UsageError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <auto Release>
struct Releaser {
  template <class T>
  void operator()(T* handle) const noexcept {
    Release(handle);
  }
};

using Runtime = std::unique_ptr<ottobit_runtime, Releaser<ottobit_runtime_release>>;
using Model = std::unique_ptr<ottobit_model, Releaser<ottobit_model_release>>;
using Session = std::unique_ptr<ottobit_session, Releaser<ottobit_session_release>>;
using Stream = std::unique_ptr<ottobit_stream, Releaser<ottobit_stream_release>>;
using Batch = std::unique_ptr<ottobit_batch, Releaser<ottobit_batch_release>>;
using ChatParser = std::unique_ptr<ottobit_chat_parser, Releaser<ottobit_chat_parser_release>>;
using Grammar = std::unique_ptr<ottobit_grammar, Releaser<ottobit_grammar_release>>;
using Cancel = std::unique_ptr<ottobit_cancel, Releaser<ottobit_cancel_release>>;

/// Throws ApiError for `status`, taking over `error` (may be null).
[[noreturn]] void throw_api_error(ottobit_status status, ottobit_error* error);

/// function(ottobit_error** err) -> status; throws ApiError where that is negative.
template <class Function>
ottobit_status call(Function&& function) {
  ottobit_error* error = nullptr;
  const ottobit_status status = function(&error);
  if (status < 0) {
    throw_api_error(status, error);
  }
  return status;
}

/// function(char* text, size_t cap, size_t* need, ottobit_error** err), asked for the size first.
template <class Function>
std::string text_of(Function&& function) {
  std::size_t need = 0;
  ottobit_error* error = nullptr;
  const ottobit_status status = function(nullptr, 0, &need, &error);
  if (status < 0 && status != OTTOBIT_E_BUFFER) {
    throw_api_error(status, error);
  }
  ottobit_error_release(error);
  std::string text(need, '\0');
  if (need > 0) {
    call([&](ottobit_error** err) { return function(text.data(), text.size(), &need, err); });
    text.resize(need);
  }
  return text;
}

/// The same for token ids.
template <class Function>
std::vector<std::int32_t> ids_of(Function&& function) {
  std::size_t need = 0;
  ottobit_error* error = nullptr;
  const ottobit_status status = function(nullptr, 0, &need, &error);
  if (status < 0 && status != OTTOBIT_E_BUFFER) {
    throw_api_error(status, error);
  }
  ottobit_error_release(error);
  std::vector<std::int32_t> ids(need);
  if (need > 0) {
    call([&](ottobit_error** err) { return function(ids.data(), ids.size(), &need, err); });
    ids.resize(need);
  }
  return ids;
}

/// An option struct filled by its own init function.
template <class Options, class Init>
Options initialised(Init init) {
  Options options{};
  call([&](ottobit_error**) { return init(&options, sizeof options); });
  return options;
}

[[nodiscard]] Cancel make_cancel();
[[nodiscard]] std::vector<std::int32_t> tokenize(const ottobit_model* model, std::string_view text,
                                                 std::uint32_t flags);
[[nodiscard]] std::vector<std::int32_t> chat_tokens(const ottobit_model* model,
                                                    const std::string& chat_json);
/// For an answer to that chat; empty: for one whose prompt is not known.
[[nodiscard]] ChatParser make_chat_parser(const ottobit_model* model, const std::string& chat_json);
[[nodiscard]] std::string model_json(const ottobit_model* model);
[[nodiscard]] ottobit_stats session_stats(const ottobit_session* session);

}  // namespace ottobit::cli
