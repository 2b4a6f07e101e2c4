// SPDX-License-Identifier: Apache-2.0
// The arguments are rewritten as a Python dict, which the reader of Python's values then judges.
#include "answer/python_call.hpp"

#include <algorithm>
#include <utility>

#include "answer/call_text.hpp"
#include "answer/python_literal.hpp"

namespace ottobit {

using namespace call_text;

namespace {

constexpr std::string_view kNameLetters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

/// Rewrites `key=value, ...` up to the bracket that closes the call.
class ArgumentsToDict {
 public:
  explicit ArgumentsToDict(std::string_view& text) : text_(text) {}

  std::optional<std::string> run() {
    while (!text_.empty()) {
      const char c = text_.front();
      if (c == ')' && depth_ == 0) {
        text_.remove_prefix(1);
        return dict_ + "}";
      }
      if (c == '"' || c == '\'') {
        quoted(c);
      } else if (c == '=' && depth_ == 0) {
        text_.remove_prefix(1);
        key();
      } else if (kNameLetters.find(c) != std::string_view::npos) {
        word();
      } else {
        depth_ += c == '[' || c == '{' || c == '(' ? 1 : c == ']' || c == '}' || c == ')' ? -1 : 0;
        dict_ += c;
        text_.remove_prefix(1);
      }
    }
    return std::nullopt;
  }

 private:
  void quoted(char quote) {
    std::size_t end = 1;
    while (end < text_.size() && text_[end] != quote) {
      end += text_[end] == '\\' ? 2 : 1;
    }
    end = std::min(end + 1, text_.size());
    dict_ += text_.substr(0, end);
    text_.remove_prefix(end);
  }

  /// What stands before `=` becomes a text.
  void key() {
    dict_.erase(dict_.find_last_not_of(kBlank) + 1);
    dict_.insert(dict_.find_last_not_of(kNameLetters) + 1, 1, '\'');
    dict_ += "':";
  }

  /// Words of JSON become those of Python.
  void word() {
    const std::size_t end = std::min(text_.find_first_not_of(kNameLetters), text_.size());
    std::string_view found = text_.substr(0, end);
    const bool is_key = trim_front(text_.substr(end)).substr(0, 1) == "=" && depth_ == 0;
    for (const auto& [json, python] :
         {std::pair{"null", "None"}, {"true", "True"}, {"false", "False"}}) {
      if (found == json && !is_key) {
        found = python;
        break;
      }
    }
    dict_ += found;
    text_.remove_prefix(end);
  }

  std::string_view& text_;
  std::string dict_ = "{";
  int depth_ = 0;
};

}  // namespace

std::optional<ToolCall> take_python_call(std::string_view& text) {
  std::string_view rest = text;
  const std::optional<std::string_view> name = take_until(rest, "(");
  if (!name || name->empty() || name->find_first_not_of(kNameLetters) != std::string_view::npos) {
    return std::nullopt;
  }
  const std::optional<std::string> dict = ArgumentsToDict(rest).run();
  const std::optional<OrderedJson> arguments = dict ? read_python_literal(*dict) : std::nullopt;
  if (!arguments || !arguments->is_object()) {
    return std::nullopt;
  }
  text = rest;
  return ToolCall{.id = {}, .name = std::string(*name), .arguments = dump(*arguments)};
}

std::vector<ToolCall> read_python_calls(std::string_view body, const ToolTypes& types,
                                        std::string& why) {
  std::string_view rest = trim(body);
  const bool is_list = take(rest, "[");
  rest = trim_front(rest);
  if (rest.substr(0, 1) == "{") {
    return read_tool_calls(CallSyntax::calls, body, types, why);
  }
  std::vector<ToolCall> calls;
  do {
    rest = trim_front(rest);
    std::optional<ToolCall> call = take_python_call(rest);
    if (!call) {
      break;
    }
    calls.push_back(std::move(*call));
    rest = trim_front(rest);
  } while (take(rest, ","));
  if (calls.empty() || rest != (is_list ? "]" : "")) {
    why = "the calls are not [NAME(key=value, ...), ...]";
    return {};
  }
  return calls;
}

}  // namespace ottobit
