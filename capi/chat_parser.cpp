// SPDX-License-Identifier: Apache-2.0
// Answers taken apart.
#include "ottobit/chat_parser.hpp"

#include <memory>
#include <string>

#include "handles.hpp"

struct ottobit_chat_parser {
  explicit ottobit_chat_parser(ottobit::ChatParser made) : parser(std::move(made)) {}

  ottobit::ChatParser parser;
  std::string text;  // of the last part, with the NUL that views do not promise
  std::string name;
  std::string id;
};

using namespace ottobit::capi;  // NOLINT(google-build-using-namespace): the functions are global

ottobit_status ottobit_chat_parse(const ottobit_model* m, const char* text, size_t text_len,
                                  char* json, size_t cap, size_t* need, ottobit_error** err) {
  return guard(err, [&] {
    const ottobit::Model& model = *required(m, "model").model;
    return Buffer<char>{json, cap, need}.give(
        ottobit::parse_chat_answer(model, text_in(text, text_len, "text")));
  });
}

ottobit_status ottobit_chat_parser_create(const ottobit_model* m, const char* json, size_t json_len,
                                          ottobit_chat_parser** out, ottobit_error** err) {
  return guard(err, [&] {
    ottobit_chat_parser*& result = required_out(out);
    const ottobit_model& model = required(m, "model");
    const std::string_view chat = json == nullptr ? "" : text_in(json, json_len, "json");
    OTTOBIT_CHECK(json == nullptr || !chat.empty(), ottobit::ErrorCode::argument, "json",
                  "is empty, expected a JSON object or NULL");
    result =
        std::make_unique<ottobit_chat_parser>(ottobit::ChatParser(model.model, chat)).release();
    return OTTOBIT_OK;
  });
}

void ottobit_chat_parser_release(ottobit_chat_parser* p) {
  const std::unique_ptr<ottobit_chat_parser> last(p);
}

ottobit_status ottobit_chat_parser_tokens(ottobit_chat_parser* p, const int32_t* ids, size_t n,
                                          ottobit_error** err) {
  return guard(err, [&] {
    required(p, "parser").parser.feed_tokens(array_in(ids, n, "ids"));
    return OTTOBIT_OK;
  });
}

ottobit_status ottobit_chat_parser_text(ottobit_chat_parser* p, const char* text, size_t text_len,
                                        ottobit_error** err) {
  return guard(err, [&] {
    required(p, "parser").parser.feed_text(text_in(text, text_len, "text"));
    return OTTOBIT_OK;
  });
}

ottobit_status ottobit_chat_parser_finish(ottobit_chat_parser* p, ottobit_error** err) {
  return guard(err, [&] {
    required(p, "parser").parser.finish();
    return OTTOBIT_OK;
  });
}

ottobit_status ottobit_chat_parser_next(ottobit_chat_parser* p, ottobit_chat_part* part,
                                        ottobit_error** err) {
  return guard(err, [&] {
    ottobit_chat_parser& owner = required(p, "parser");
    const std::size_t size = struct_size(part, "part");
    ottobit::ChatPart next;
    if (!owner.parser.next(next)) {
      return OTTOBIT_END;
    }
    owner.text = next.text;
    owner.name = next.name;
    owner.id = next.id;
    ottobit_chat_part result{};
    result.kind = static_cast<std::int32_t>(next.kind);
    result.text = owner.text.c_str();
    result.text_len = owner.text.size();
    result.name = owner.name.c_str();
    result.id = owner.id.c_str();
    write_struct(part, result, size);
    return OTTOBIT_OK;
  });
}

ottobit_status ottobit_chat_parser_json(const ottobit_chat_parser* p, char* json, size_t cap,
                                        size_t* need, ottobit_error** err) {
  return guard(err, [&] {
    return Buffer<char>{json, cap, need}.give(required(p, "parser").parser.json());
  });
}
