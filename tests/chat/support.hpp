// SPDX-License-Identifier: Apache-2.0
// What the tests of the chat templates share: rendering a snippet with variables, and showing which
// bytes came from the caller.
#pragma once

#include <string>
#include <string_view>

#include "ottobit/error.hpp"

#include "chat/chat.hpp"

namespace ottobit::chat_test {

/// Renders `source` with the members of `variables` (a JSON object) and no messages.
inline Rendered render_snippet(const std::string& source, std::string variables = "{}") {
  const std::string first = variables.find_first_not_of("{} ") == std::string::npos
                                ? R"({"messages": [])"
                                : R"({"messages": [], )";
  return render_chat(ChatTemplate::parse(source, "snippet"), first + variables.substr(1), "<s>",
                     "</s>");
}

inline std::string text_of(const std::string& source, std::string variables = "{}") {
  return render_snippet(source, std::move(variables)).text;
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

inline std::string marked_snippet(const std::string& source, std::string variables) {
  return marked(render_snippet(source, std::move(variables)));
}

/// The message of the error that rendering gives; empty where it gives none.
inline std::string error_of(const std::string& source, std::string variables = "{}") {
  try {
    render_snippet(source, std::move(variables));
  } catch (const Error& e) {
    return e.code() == ErrorCode::chat_template ? e.what() : "other code: " + std::string(e.what());
  }
  return "";
}

/// The message of the error that parsing gives; empty where it gives none.
inline std::string parse_error_of(const std::string& source) {
  try {
    ChatTemplate::parse(source, "t");
  } catch (const Error& e) {
    return e.code() == ErrorCode::chat_template ? e.what() : "other code: " + std::string(e.what());
  }
  return "";
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace ottobit::chat_test
