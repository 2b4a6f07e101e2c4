// SPDX-License-Identifier: Apache-2.0
// The calls of the C interface that several commands need, and errors as exceptions.
#include "api.hpp"

namespace ottobit::cli {

void throw_api_error(ottobit_status status, ottobit_error* error) {
  std::string message;
  if (error != nullptr) {
    const char* sentence = ottobit_error_message(error);
    const char* subject = ottobit_error_subject(error);
    message = sentence != nullptr ? sentence : "";
    const std::string about = subject != nullptr ? subject : "";
    if (!about.empty() && message.rfind(about, 0) != 0) {
      message = about + ": " + message;
    }
    ottobit_error_release(error);
  }
  if (message.empty()) {
    const char* name = ottobit_status_name(status);
    message = name != nullptr ? name : "unknown status";
  }
  throw ApiError(status, message);
}

Cancel make_cancel() {
  ottobit_cancel* cancel = nullptr;
  call([&](ottobit_error** err) { return ottobit_cancel_create(&cancel, err); });
  return Cancel(cancel);
}

std::vector<std::int32_t> tokenize(const ottobit_model* model, std::string_view text,
                                   std::uint32_t flags) {
  return ids_of([&](std::int32_t* ids, std::size_t cap, std::size_t* need, ottobit_error** err) {
    return ottobit_tokenize(model, text.data(), text.size(), flags, ids, cap, need, err);
  });
}

std::vector<std::int32_t> chat_tokens(const ottobit_model* model, const std::string& chat_json) {
  return ids_of([&](std::int32_t* ids, std::size_t cap, std::size_t* need, ottobit_error** err) {
    return ottobit_chat_tokens(model, chat_json.data(), chat_json.size(), ids, cap, need, err);
  });
}

ChatParser make_chat_parser(const ottobit_model* model, const std::string& chat_json) {
  ottobit_chat_parser* parser = nullptr;
  call([&](ottobit_error** err) {
    return ottobit_chat_parser_create(model, chat_json.empty() ? nullptr : chat_json.data(),
                                      chat_json.size(), &parser, err);
  });
  return ChatParser(parser);
}

std::string model_json(const ottobit_model* model) {
  return text_of([&](char* text, std::size_t cap, std::size_t* need, ottobit_error** err) {
    return ottobit_model_json(model, text, cap, need, err);
  });
}

ottobit_stats session_stats(const ottobit_session* session) {
  ottobit_stats stats{};
  stats.struct_size = sizeof stats;
  call([&](ottobit_error** err) { return ottobit_session_stats(session, &stats, err); });
  return stats;
}

}  // namespace ottobit::cli
