// SPDX-License-Identifier: Apache-2.0
// Grammars for constrained output.
#include "ottobit/grammar.hpp"

#include "handles.hpp"

using namespace ottobit::capi;  // NOLINT(google-build-using-namespace): the functions are global

ottobit_status ottobit_grammar_compile(const ottobit_model* m, int32_t kind, const char* text,
                                       size_t text_len, ottobit_grammar** out,
                                       ottobit_error** err) {
  return guard(err, [&] {
    ottobit_grammar*& result = required_out(out);
    const ottobit_model& model = required(m, "model");
    OTTOBIT_CHECK(kind >= OTTOBIT_GRAMMAR_JSON_SCHEMA && kind <= OTTOBIT_GRAMMAR_TOOLS,
                  ottobit::ErrorCode::argument, "kind", std::to_string(kind) + ", expected 1 to 4");
    ottobit::GrammarHandle made = ottobit::compile_grammar(
        *model.model, static_cast<ottobit::GrammarKind>(kind), text_in(text, text_len, "text"));
    result = std::make_unique<ottobit_grammar>(model, std::move(made)).release();
    return OTTOBIT_OK;
  });
}

ottobit_grammar* ottobit_grammar_retain(ottobit_grammar* g) {
  return retain_handle(g);
}

void ottobit_grammar_release(ottobit_grammar* g) {
  release_handle(g);
}
