// SPDX-License-Identifier: Apache-2.0
// What the tests of conversations share: rendering a template with variables and no messages, and
// showing which bytes came from the caller.
#pragma once

#include <string>
#include <string_view>

#include "chat/chat.hpp"
#include "support/contains.hpp"

namespace ottobit::chat_test {

using test::contains;

/// Renders `source` with the members of `variables` (a JSON object) and no messages.
inline Rendered render_snippet(const std::string& source, std::string_view variables = "{}") {
  const std::string first = variables.find_first_not_of("{} ") == std::string::npos
                                ? R"({"messages": [])"
                                : R"({"messages": [], )";
  return render_chat(ChatTemplate::parse(source, "snippet"),
                     first + std::string(variables.substr(1)), "<s>", "</s>");
}

inline std::string text_of(const std::string& source, std::string_view variables = "{}") {
  return render_snippet(source, variables).text;
}

/// The text with the caller's bytes in guillemets.
inline std::string marked(const Rendered& r) {
  std::string out;
  std::size_t at = 0;
  for (const TextSpan& span : r.content) {
    out += r.text.substr(at, span.begin - at) + "\u00AB" +
           r.text.substr(span.begin, span.end - span.begin) + "\u00BB";
    at = span.end;
  }
  return out + r.text.substr(at);
}

inline std::string marked_snippet(const std::string& source, std::string_view variables) {
  return marked(render_snippet(source, variables));
}

}  // namespace ottobit::chat_test
