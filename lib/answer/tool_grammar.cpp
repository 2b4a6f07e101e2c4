// SPDX-License-Identifier: Apache-2.0
#include "answer/tool_grammar.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "ottobit/error.hpp"

#include "answer/gemma_call.hpp"
#include "answer/tool_arguments.hpp"
#include "grammar/avoid.hpp"
#include "io/json.hpp"

namespace ottobit {
namespace {

using grammar::all;
using grammar::any;
using grammar::Expr;
using grammar::kUnbounded;
using grammar::repeat;
using grammar::Rules;
using grammar::text;

constexpr std::string_view kDeepSeekSeparator = "<｜tool▁sep｜>";
constexpr std::string_view kKimiSeparator = "<|tool_call_argument_begin|>";
constexpr std::string_view kMistralSeparator = "[ARGS]";
constexpr std::string_view kPairWords[] = {"<arg_key>", "</arg_key>", "<arg_value>",
                                           "</arg_value>"};

/// Every character.
grammar::CharSet everything() {
  return grammar::inverted({});
}

/// At most one newline.
Expr line() {
  return grammar::optional(text("\n"));
}

class ToolReader {
 public:
  ToolReader(const ToolSyntax& syntax, const std::string& subject)
      : syntax_(syntax), format_(*syntax.format), subject_(subject) {}

  Rules read(const OrderedJson& request) {
    if (format_.syntax == CallSyntax::none && !format_.harmony) {
      refuse("", "answers of the format " + std::string(format_.name) + " cannot be constrained");
    }
    const bool list = request.is_array();
    if (!list && (!request.is_object() || !request.contains("tools"))) {
      refuse("", R"(expected a list of tools, or an object with "tools")");
    }
    const OrderedJson& tools = list ? request : request["tools"];
    const OrderedJson choice = list ? OrderedJson() : request.value("tool_choice", OrderedJson());
    const auto parallel = list ? request.end() : request.find("parallel_tool_calls");
    const bool several =
        parallel == request.end() || !parallel->is_boolean() || parallel->get<bool>();
    rules_.add("root");
    rules_.rules[0] = answer(tools, choice, several);
    return std::move(rules_);
  }

 private:
  [[noreturn]] void refuse(const std::string& place, const std::string& why) const {
    fail(ErrorCode::grammar, subject_, (place.empty() ? "" : place + ": ") + why);
  }

  [[nodiscard]] Expr word(std::string_view marker) const { return text(syntax_.spelled(marker)); }

  /// Text without `marker`, with the markers of thinking where these are tokens.
  [[nodiscard]] Expr prose(std::string_view marker) const {
    std::vector<Expr> tokens;
    for (const MarkerPair& pair : {format_.think, format_.report}) {
      for (const std::string_view other : {pair.open, pair.close}) {
        if (other != marker && !other.empty() && !syntax_.is_text(other)) {
          tokens.push_back(word(other));
        }
      }
    }
    return grammar::text_avoiding(letters({marker}), everything(), tokens, subject_);
  }

  /// Those markers that are text.
  [[nodiscard]] std::vector<std::string> letters(
      const std::vector<std::string_view>& markers) const {
    std::vector<std::string> words;
    for (const std::string_view marker : markers) {
      if (!marker.empty() && syntax_.is_text(marker)) {
        words.emplace_back(marker);
      }
    }
    return words;
  }

  Expr answer(const OrderedJson& tools, const OrderedJson& choice, bool several) {
    const bool named = choice.is_object();
    const std::string wanted = named ? name_of(choice, "#/tool_choice") : "";
    const std::string mode = choice.is_string() ? choice.get<std::string>() : named ? "" : "auto";
    if (!named && mode != "auto" && mode != "none" && mode != "required") {
      refuse("#/tool_choice", R"(expected "auto", "none", "required" or a function)");
    }
    std::vector<Expr> calls;
    std::set<std::string> names;
    if (!tools.is_array() || tools.empty()) {
      refuse("#/tools", "expected a list of tools");
    }
    for (const OrderedJson& tool : tools) {
      const std::string name = name_of(tool);
      if (!names.insert(name).second) {
        refuse("#/tools", "there are two of the name " + name);
      }
      if (wanted.empty() || name == wanted) {
        calls.push_back(call(name, inner(tool).value("parameters", OrderedJson())));
      }
    }
    if (calls.empty()) {
      refuse("#/tool_choice", "there is no tool " + wanted);
    }
    if (format_.harmony) {
      return harmony(std::move(calls), mode);
    }
    const std::string_view opening =
        format_.section.open.empty() ? format_.call.open : format_.section.open;
    if (mode == "none") {
      return prose(opening);
    }
    Expr made = section(any(std::move(calls)), several);
    if (format_.bare_calls) {  // nothing else, with or without the marker
      made = all(grammar::optional(word(opening)), std::move(made));
      if (mode == "auto") {
        const grammar::CharSet call_or_blank = {
            {U'\t', U'\n'}, {U' ', U' '}, {U'{', U'{'}};  // what may begin a call
        made = any(std::move(made), text(""),
                   all(grammar::chars(grammar::inverted(call_or_blank)), prose(opening)));
      }
      return made;
    }
    if (mode == "auto") {
      return all(prose(opening), grammar::optional(std::move(made)));
    }
    if (format_.think.close.empty()) {
      return made;
    }
    Expr thought =
        all(prose(format_.think.close), word(format_.think.close), repeat(text("\n"), 0, 2));
    return all(grammar::optional(std::move(thought)), std::move(made));
  }

  /// Messages of thinking and of what is said before a call; then the answer or the call. One turn
  /// makes one call.
  [[nodiscard]] Expr harmony(std::vector<Expr> calls, const std::string& mode) const {
    const Expr said =
        all(word("<|message|>"), grammar::text_avoiding(ends_, everything(), {}, subject_));
    const auto channel = [&](const char* name) { return all(word("<|channel|>"), text(name)); };
    std::vector<Expr> last;
    if (mode == "auto" || mode == "none") {
      last.push_back(all(channel("final"), said));
    }
    if (mode != "none") {
      std::move(calls.begin(), calls.end(), std::back_inserter(last));
    }
    Expr before = all(any(channel("analysis"), channel("commentary")), said, word("<|end|>"),
                      word("<|start|>"), text("assistant"));
    return all(repeat(std::move(before), 0, kUnbounded), any(std::move(last)));
  }

  /// The recipient stands in the header of the message, before or after the channel.
  [[nodiscard]] Expr harmony_call(const std::string& name, Expr arguments) const {
    const Expr to = text(" to=functions." + name);
    const Expr channel = all(word("<|channel|>"), text("commentary"));
    const Expr type = any(text(""), text(" json"),
                          all(grammar::optional(text(" ")), word("<|constrain|>"), text("json")));
    return all(any(all(channel, to), all(to, channel)), type, word("<|message|>"),
               std::move(arguments));
  }

  [[nodiscard]] static const OrderedJson& inner(const OrderedJson& tool) {
    return tool.is_object() && tool.contains("function") ? tool["function"] : tool;
  }
  [[nodiscard]] std::string name_of(const OrderedJson& tool, const char* place = "#/tools") const {
    const OrderedJson& function = inner(tool);
    constexpr std::string_view kLetters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    const auto found = function.is_object() ? function.find("name") : function.end();
    if (!function.is_object() || found == function.end() || !found->is_string() ||
        found->get<std::string>().empty() ||
        found->get<std::string>().find_first_not_of(kLetters) != std::string::npos) {
      refuse(place, "expected a name of letters, digits, \"_\", \".\" and \"-\"");
    }
    return found->get<std::string>();
  }

  /// All calls, with what stands around them.
  [[nodiscard]] Expr section(Expr one, bool several) const {
    if (format_.bare_calls) {
      return one;
    }
    if (format_.syntax == CallSyntax::calls || format_.syntax == CallSyntax::python) {
      Expr more = several ? repeat(all(text(", "), one), 0, kUnbounded) : text("");
      return all(word(format_.call.open), text("["), one, std::move(more), text("]"),
                 word(format_.call.close));
    }
    Expr calls = several ? all(one, repeat(all(line(), one), 0, kUnbounded)) : std::move(one);
    if (format_.section.open.empty()) {
      return calls;
    }
    return all(word(format_.section.open), line(), std::move(calls), line(),
               word(format_.section.close));
  }

  /// One call with its markers.
  Expr call(const std::string& name, const OrderedJson& schema) {
    ToolArguments arguments(rules_, syntax_, ends_, subject_ + ", tool " + name);
    const std::string quoted = OrderedJson(name).dump();
    if (format_.harmony) {
      return harmony_call(name, arguments.object(schema));
    }
    const Expr open = word(format_.call.open);
    const Expr close = word(format_.call.close);
    switch (format_.syntax) {
      case CallSyntax::json:
        return all(open, line(), text("{\"name\": " + quoted + ", \"arguments\": "),
                   arguments.object(schema), text("}"), line(), close);
      case CallSyntax::json_parameters:
        return all(text("{\"name\": " + quoted + ", \"parameters\": "), arguments.object(schema),
                   text("}"));
      case CallSyntax::deepseek:
        if (syntax_.fenced) {
          return all(open, text("function"), word(kDeepSeekSeparator), text(name + "\n```json\n"),
                     arguments.object(schema), text("\n```"), close);
        }
        return all(open, text(name), word(kDeepSeekSeparator), arguments.object(schema), close);
      case CallSyntax::kimi:
        return all(open, text("functions." + name + ":"),
                   repeat(grammar::chars({{U'0', U'9'}}), 1, 3), word(kKimiSeparator),
                   arguments.object(schema), close);
      case CallSyntax::function:
      case CallSyntax::function_lines:
        return all(open, line(), text("<function=" + name + ">\n"), arguments.tags(schema),
                   text("</function>"), line(), close);
      case CallSyntax::invoke:
      case CallSyntax::dsml:
        return all(open, text(name + "\">\n"), arguments.tags(schema), close);
      case CallSyntax::pairs:
        return all(open, text(name + "\n"), arguments.tags(schema), close);
      case CallSyntax::named:
        return all(open, text(name), word(kMistralSeparator), arguments.object(schema));
      case CallSyntax::calls:
        return all(text("{\"name\": " + quoted + ", \"arguments\": "), arguments.object(schema),
                   text("}"));
      case CallSyntax::python:
        return all(text(name + "("), arguments.assignments(schema), text(")"));
      case CallSyntax::bare_keys:
        return all(open, text("call:" + name + "{"), arguments.bare_keys(schema), text("}"), close);
      case CallSyntax::none:
        break;
    }
    return text("");
  }

  const ToolSyntax& syntax_;
  const AnswerFormat& format_;
  const std::string& subject_;
  /// What would end a text or a call and is no token.
  const std::vector<std::string> ends_ = letters(
      format_.harmony ? markers_of(format_) : std::vector<std::string_view>{format_.call.close});
  Rules rules_;
};

}  // namespace

std::string ToolSyntax::spelled(std::string_view written) const {
  std::string out;
  while (!written.empty()) {
    std::string_view longest;
    for (const std::string& control : controls) {
      if (control.size() > longest.size() && written.starts_with(control)) {
        longest = control;
      }
    }
    out += longest.empty() ? "" : "\xFF";
    out += written.substr(0, std::max<std::size_t>(longest.size(), 1));
    written.remove_prefix(std::max<std::size_t>(longest.size(), 1));
  }
  return out;
}

std::vector<std::string_view> tool_words(const AnswerFormat& format) {
  std::vector<std::string_view> words = markers_of(format);
  words.insert(words.end(), {format.report.open, format.report.close});
  words.insert(words.end(), {format.within, kDeepSeekSeparator, kKimiSeparator, kMistralSeparator});
  words.push_back(kGemmaQuote);
  words.insert(words.end(), std::begin(kPairWords), std::end(kPairWords));
  words.erase(std::remove(words.begin(), words.end(), std::string_view()), words.end());
  return words;
}

Rules read_tools(std::string_view text, const ToolSyntax& syntax, const std::string& subject) {
  return ToolReader(syntax, subject).read(parse_ordered_json(text, subject, ErrorCode::grammar));
}

}  // namespace ottobit
