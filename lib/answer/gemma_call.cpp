// SPDX-License-Identifier: Apache-2.0
// The arguments are rewritten as JSON text, which the JSON reader then judges: depth, numbers and
// double keys are its business.
#include "answer/gemma_call.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "answer/call_text.hpp"

namespace ottobit {

using namespace call_text;

namespace {

/// Rewrites an object without its brackets.
class BareKeysToJson {
 public:
  explicit BareKeysToJson(std::string_view text) : rest_(text) {}

  /// nullopt where it cannot be one.
  std::optional<std::string> run() {
    while (!(rest_ = trim_front(rest_)).empty()) {
      if (!part()) {
        return std::nullopt;
      }
    }
    drop_comma();
    return open_ == "{" ? std::optional("{" + json_ + "}") : std::nullopt;
  }

 private:
  bool part() {
    const char c = rest_.front();
    switch (c) {
      case '{':
      case '[':
        open_ += c;
        json_ += c;
        rest_.remove_prefix(1);
        is_key_ = c == '{';
        return true;
      case '}':
      case ']':
        if (open_.size() < 2 || open_.back() != (c == '}' ? '{' : '[')) {
          return false;
        }
        drop_comma();
        open_.pop_back();
        json_ += c;
        rest_.remove_prefix(1);
        is_key_ = false;
        return true;
      case ',':
        json_ += ',';
        rest_.remove_prefix(1);
        is_key_ = open_.back() == '{';
        return true;
      case ':':
        json_ += ':';
        rest_.remove_prefix(1);
        is_key_ = false;
        return true;
      default:
        return rest_.starts_with(kGemmaQuote) || c == '"' ? quoted() : bare();
    }
  }

  bool quoted() {
    if (take(rest_, kGemmaQuote)) {
      const std::optional<std::string_view> inside = take_until(rest_, kGemmaQuote);
      json_ += inside ? dump(OrderedJson(std::string(*inside))) : "";
      return inside.has_value();
    }
    std::size_t end = 1;
    while (end < rest_.size() && rest_[end] != '"') {
      end += rest_[end] == '\\' ? 2 : 1;
    }
    if (end >= rest_.size()) {
      return false;
    }
    json_ += rest_.substr(0, end + 1);
    rest_.remove_prefix(end + 1);
    return true;
  }

  /// A key up to the colon, or a value up to what follows it; templates write some values in the
  /// words of Python.
  bool bare() {
    const std::size_t end = std::min(rest_.find_first_of(is_key_ ? ":" : ",}]"), rest_.size());
    const std::string_view word = trim(rest_.substr(0, end));
    rest_.remove_prefix(end);
    json_ += is_key_ ? dump(OrderedJson(std::string(word))) : value_of(word);
    return !word.empty();
  }

  static std::string value_of(std::string_view word) {
    for (const auto& [python, json] :
         {std::pair{"None", "null"}, {"True", "true"}, {"False", "false"}}) {
      if (word == python) {
        return json;
      }
    }
    std::string why;
    return read_json(word, why) ? std::string(word) : dump(OrderedJson(std::string(word)));
  }

  /// One before a closing bracket.
  void drop_comma() {
    if (!json_.empty() && json_.back() == ',') {
      json_.pop_back();
    }
  }

  std::string_view rest_;
  std::string json_;
  std::string open_ = "{";  ///< the brackets around
  bool is_key_ = true;      ///< what comes is a key
};

}  // namespace

std::vector<ToolCall> read_bare_keys(std::string_view body, const ToolTypes& types,
                                     std::string& why) {
  body = trim(body);
  static_cast<void>(take(body, "call:"));
  const std::size_t bracket = body.find_first_of("{(");
  const bool closed = bracket != std::string_view::npos && body.size() > bracket + 1 &&
                      body.back() == (body[bracket] == '{' ? '}' : ')');
  const std::optional<std::string> arguments =
      closed ? BareKeysToJson(body.substr(bracket + 1, body.size() - bracket - 2)).run()
             : std::nullopt;
  if (!arguments) {
    why = "the call is not call:NAME{key:value}";
    return {};
  }
  return tool_call_of(trim(body.substr(0, bracket)), *arguments, types, why);
}

}  // namespace ottobit
