// SPDX-License-Identifier: Apache-2.0
#include "answer/call_markup.hpp"

#include <algorithm>
#include <optional>

#include "answer/call_text.hpp"
#include "answer/python_literal.hpp"

namespace ottobit {

using namespace call_text;

namespace {

/// The value that the bare `text` means.
OrderedJson value_of(std::string_view text, ToolTypes::Kind kind) {
  if (kind != ToolTypes::Kind::text) {
    std::string ignored;
    std::optional<OrderedJson> json = read_json(text, ignored);
    if (!json) {
      json = read_python_literal(text);
    }
    if (json && !(kind == ToolTypes::Kind::unknown && json->is_string())) {
      return std::move(*json);
    }
  }
  return std::string(text);
}

/// Something like </parameter>.
bool holds_marker(std::string_view text) noexcept {
  return text.find('<') != std::string_view::npos && text.find('>') != std::string_view::npos;
}

struct Markup {
  std::string_view begin;       ///< before a parameter's name
  std::string_view named;       ///< between name and value
  std::string_view end;         ///< after the value
  bool lines;                   ///< values stand on lines of their own
  std::string_view value = {};  ///< before the value, blanks aside
};

/// How many parameters begin in `text`, up to their values.
std::size_t count_begins(std::string_view text, const Markup& markup) noexcept {
  std::size_t count = 0;
  while (take_until(text, markup.begin)) {
    std::string_view rest = text;
    const std::optional<std::string_view> key = take_until(rest, markup.named);
    const bool is_key = key && key->find_first_of("<>\n") == std::string_view::npos;
    count += is_key && trim_front(rest).starts_with(markup.value) ? 1U : 0U;
  }
  return count;
}

/// A value up to the first end that a parameter or the end of the call follows. An end before that
/// is text of the value, if its line goes on; how far that is sure is told by `doubt`: 1, 2 where
/// it stands at the end of a line. None where a parameter seems to begin within the value, whose
/// own end is missing, or where two ends follow each other.
std::optional<std::string_view> take_value(std::string_view& body, const Markup& markup,
                                           int& doubt) {
  for (std::size_t at = body.find(markup.end); at != std::string_view::npos;
       at = body.find(markup.end, at + markup.end.size())) {
    const std::string_view value = body.substr(0, at);
    const std::string_view rest = body.substr(at + markup.end.size());
    const std::string_view next = trim(rest);
    if (next.empty() || next.substr(0, markup.begin.size()) == markup.begin) {
      if (count_begins(value, markup) > count_of(value, markup.end)) {
        return std::nullopt;
      }
      body = rest;
      return value;
    }
    if (next.substr(0, markup.end.size()) == markup.end) {
      return std::nullopt;
    }
    doubt = std::max(doubt, rest.find_first_not_of(" \t") == rest.find('\n') ? 2 : 1);
  }
  return std::nullopt;
}

std::vector<ToolCall> read_parameters(std::string_view name, std::string_view body,
                                      const Markup& markup, const ToolTypes& types,
                                      std::string& why) {
  OrderedJson arguments = OrderedJson::object();
  int doubt = 0;
  for (body = trim(body); !body.empty(); body = trim(body)) {
    if (!take(body, markup.begin)) {
      why = "found \"" + std::string(body.substr(0, body.find('\n'))) + "\", expected \"" +
            std::string(markup.begin) + "\"";
      return {};
    }
    std::optional<std::string_view> key = take_until(body, markup.named);
    if (!markup.value.empty()) {
      body = trim_front(body);
      key = key && take(body, markup.value) ? key : std::nullopt;
    }
    std::optional<std::string_view> value = key ? take_value(body, markup, doubt) : std::nullopt;
    if (!key || !value) {
      why = "a parameter has no end, or another begins within it";
      return {};
    }
    ToolTypes::Kind kind = types.of(name, *key);
    if (const std::size_t quote = key->find('"'); quote != std::string_view::npos) {
      const std::string_view attributes = key->substr(quote);  // dsml: k" string="true
      key = key->substr(0, quote);
      kind = attributes.find("string=\"false") != std::string_view::npos ? ToolTypes::Kind::json
                                                                         : ToolTypes::Kind::text;
    }
    if (markup.lines && value->size() > 1 && value->front() == '\n' && value->back() == '\n') {
      value = value->substr(1, value->size() - 2);
    }
    if (arguments.contains(*key)) {
      why = "the parameter \"" + std::string(*key) + "\" is given twice";
      return {};
    }
    OrderedJson& argument = arguments[std::string(*key)];
    argument = value_of(*value, kind);
    if (kind == ToolTypes::Kind::json && argument.is_string() && holds_marker(*value)) {
      why = "the parameter \"" + std::string(*key) + "\" is no text, and has a marker in it";
      return {};
    }
  }
  if (name.empty()) {
    why = "the call has no name";
    return {};
  }
  if (doubt > (types.declares(name) ? 2 : 1)) {
    why = "a parameter has no beginning";
    return {};
  }
  if (!types.has_required(name, arguments)) {
    why = "a parameter is missing that the tool requires";
    return {};
  }
  return {{.id = {}, .name = std::string(name), .arguments = dump(arguments)}};
}

}  // namespace

std::vector<ToolCall> read_function(std::string_view body, bool lines, const ToolTypes& types,
                                    std::string& why) {
  body = trim(body);
  std::optional<std::string_view> name;
  if (take(body, "<function=")) {
    name = take_until(body, ">");
  }
  constexpr std::string_view kEnd = "</function>";
  if (!name || body.size() < kEnd.size() || body.substr(body.size() - kEnd.size()) != kEnd) {
    why = "the call is not <function=NAME> ... </function>";
    return {};
  }
  body.remove_suffix(kEnd.size());
  return read_parameters(
      *name, body, {.begin = "<parameter=", .named = ">", .end = "</parameter>", .lines = lines},
      types, why);
}

std::vector<ToolCall> read_invoke(std::string_view body, std::string_view token,
                                  const ToolTypes& types, std::string& why) {
  const std::optional<std::string_view> name = take_until(body, "\">");
  if (!name) {
    why = "the call has no name";
    return {};
  }
  const std::string begin = "<" + std::string(token) + "parameter name=\"";
  const std::string end = "</" + std::string(token) + "parameter>";
  return read_parameters(*name, body, {.begin = begin, .named = "\">", .end = end, .lines = false},
                         types, why);
}

std::vector<ToolCall> read_pairs(std::string_view body, const ToolTypes& types, std::string& why) {
  constexpr std::string_view kBegin = "<arg_key>";
  const std::size_t end = std::min(body.find(kBegin), body.size());
  return read_parameters(trim(body.substr(0, end)), body.substr(end),
                         {.begin = kBegin,
                          .named = "</arg_key>",
                          .end = "</arg_value>",
                          .lines = false,
                          .value = "<arg_value>"},
                         types, why);
}

}  // namespace ottobit
