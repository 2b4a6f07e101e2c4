// SPDX-License-Identifier: Apache-2.0
// Text, tokens and chats.
#include <vector>

#include "ottobit/tokenizer.hpp"

#include "handles.hpp"

using namespace ottobit::capi;  // NOLINT(google-build-using-namespace): the functions are global

namespace {

constexpr std::uint32_t kTokenFlags = OTTOBIT_TOKENS_SPECIAL | OTTOBIT_TOKENS_BOS;

const ottobit::Model& model_of(const ottobit_model* m) {
  return *required(m, "model").model;
}

}  // namespace

ottobit_status ottobit_tokenize(const ottobit_model* m, const char* text, size_t text_len,
                                uint32_t flags, int32_t* ids, size_t cap, size_t* need,
                                ottobit_error** err) {
  return guard(err, [&] {
    const ottobit::Model& model = model_of(m);
    check_flags(flags, kTokenFlags, "flags");
    ottobit::EncodeOptions options;
    options.parse_special = (flags & OTTOBIT_TOKENS_SPECIAL) != 0;
    options.add_bos = (flags & OTTOBIT_TOKENS_BOS) != 0;
    const std::vector<std::int32_t> tokens =
        model.tokenizer().encode(text_in(text, text_len, "text"), options);
    return Buffer<std::int32_t>{ids, cap, need}.give(tokens);
  });
}

ottobit_status ottobit_detokenize(const ottobit_model* m, const int32_t* ids, size_t n,
                                  uint32_t flags, char* text, size_t cap, size_t* need,
                                  ottobit_error** err) {
  return guard(err, [&] {
    const ottobit::Model& model = model_of(m);
    check_flags(flags, kTokenFlags, "flags");
    const bool skip_special = (flags & OTTOBIT_TOKENS_SPECIAL) == 0;
    const std::string result = model.tokenizer().decode(array_in(ids, n, "ids"), skip_special);
    return Buffer<char>{text, cap, need}.give(result);
  });
}

ottobit_status ottobit_token_bytes(const ottobit_model* m, int32_t id, char* bytes, size_t cap,
                                   size_t* need, ottobit_error** err) {
  return guard(err, [&] {
    return Buffer<char>{bytes, cap, need}.give(model_of(m).tokenizer().token_bytes(id));
  });
}

int32_t ottobit_token_is_end(const ottobit_model* m, int32_t id) {
  return m != nullptr && m->model->is_end(id) ? 1 : 0;
}

ottobit_status ottobit_chat_text(const ottobit_model* m, const char* json, size_t json_len,
                                 char* text, size_t cap, size_t* need, ottobit_error** err) {
  return guard(err, [&] {
    const std::string result = model_of(m).chat_text(text_in(json, json_len, "json"));
    return Buffer<char>{text, cap, need}.give(result);
  });
}

ottobit_status ottobit_chat_tokens(const ottobit_model* m, const char* json, size_t json_len,
                                   int32_t* ids, size_t cap, size_t* need, ottobit_error** err) {
  return guard(err, [&] {
    const std::vector<std::int32_t> tokens =
        model_of(m).chat_tokens(text_in(json, json_len, "json"));
    return Buffer<std::int32_t>{ids, cap, need}.give(tokens);
  });
}
