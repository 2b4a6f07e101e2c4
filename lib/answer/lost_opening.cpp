// SPDX-License-Identifier: Apache-2.0
#include "answer/lost_opening.hpp"

#include <algorithm>

namespace ottobit {

namespace {

using Match = CallFronts::Match;

constexpr std::string_view kDigits = "0123456789";
/// In a front: a colon and a number, or nothing.
constexpr char kNumber = '\1';

constexpr bool is_blank(char c) noexcept {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

std::vector<std::string> fronts_of(CallSyntax syntax, const std::string& name) {
  switch (syntax) {
    case CallSyntax::json:
    case CallSyntax::json_parameters:
      return {R"({"name":")" + name + '"', R"({"type":"function","name":")" + name + '"'};
    case CallSyntax::deepseek:
      return {name + "<｜tool▁sep｜>", "function<｜tool▁sep｜>" + name};
    case CallSyntax::kimi: {
      const std::string end = kNumber + std::string("<|tool_call_argument_begin|>");
      return {"functions." + name + end, name + end};
    }
    case CallSyntax::function:
    case CallSyntax::function_lines:
      return {"<function=" + name + ">"};
    case CallSyntax::invoke:
    case CallSyntax::dsml:
      return {name + "\">"};
    case CallSyntax::pairs:
      return {name + "<arg_key>"};
    case CallSyntax::calls:
    case CallSyntax::named:
      return {name + "[ARGS]", name + "[CALL_ID]"};
    case CallSyntax::python:
      return {"[" + name + "("};
    case CallSyntax::bare_keys:
      return {"call:" + name + "{"};
    case CallSyntax::none:
      break;
  }
  return {};
}

Match match_one(std::string_view text, std::string_view front) noexcept {
  std::size_t at = 0;
  const auto skip_blanks = [&] {
    while (at < text.size() && is_blank(text[at])) {
      ++at;
    }
    return at < text.size();
  };
  for (const char c : front) {
    if (!skip_blanks()) {
      return Match::perhaps;
    }
    if (c != kNumber) {
      if (text[at++] != c) {
        return Match::none;
      }
    } else if (text[at] == ':') {
      at = std::min(text.find_first_not_of(kDigits, at + 1), text.size());
    }
  }
  return Match::call;
}

}  // namespace

CallFronts::CallFronts(CallSyntax syntax, const ToolTypes& tools) {
  for (const std::string& name : tools.names()) {
    for (std::string& front : fronts_of(syntax, name)) {
      front.erase(std::remove_if(front.begin(), front.end(), is_blank), front.end());
      fronts_.push_back(std::move(front));
    }
  }
}

CallFronts::Match CallFronts::match(std::string_view text) const noexcept {
  constexpr std::size_t kFarthest = 4096;
  Match best = Match::none;
  for (const std::string& front : fronts_) {
    best = std::max(best, match_one(text.substr(0, kFarthest), front));
  }
  return best == Match::perhaps && text.size() >= kFarthest ? Match::none : best;
}

}  // namespace ottobit
