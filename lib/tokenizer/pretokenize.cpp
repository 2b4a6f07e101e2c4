// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/pretokenize.hpp"

#include <optional>
#include <utility>

#include "ottobit/error.hpp"

#include "io/replace.hpp"
#include "tokenizer/spec.hpp"

namespace ottobit {
namespace {

// The pattern that ByteLevel uses by itself (GPT-2).
constexpr const char* kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

// `\w+|[^\w\s]+` of Whitespace, whose words are those of Rust.
constexpr const char* kWhitespacePattern =
    R"([\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{200c}\x{200d}]+|)"
    R"([^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{200c}\x{200d}\s]+)";

}  // namespace

PreTokenizer PreTokenizer::parse(const Json& spec, const std::string& subject) {
  PreTokenizer result;
  if (!spec.is_null()) {
    result.add(spec, subject, 0);
  }
  return result;
}

void PreTokenizer::add(const Json& spec, const std::string& subject, int depth) {
  const std::string type = spec_type(spec, subject, depth);
  const std::string where = subject + ": " + type;
  if (type == "Sequence") {
    for (const Json& step : spec_list(spec, "pretokenizers", where)) {
      add(step, subject, depth + 1);
    }
  } else if (type == "ByteLevel") {
    add_byte_level(spec, where);
  } else if (type == "Metaspace") {
    add_metaspace(spec, where);
  } else if (type == "Split") {
    add_split(spec, where);
  } else if (type == "Digits") {
    const bool one = spec_flag(spec, "individual_digits", false, where);
    steps_.push_back({.regex = std::make_shared<const Regex>(one ? R"(\p{N})" : R"(\p{N}+)", where),
                      .text = {},
                      .space = {}});
  } else if (type == "Punctuation") {
    steps_.push_back({.regex = std::make_shared<const Regex>(R"([\p{P}!-/:-@\[-`{-~])", where),
                      .text = {},
                      .space = {}});
  } else if (type == "Whitespace") {
    steps_.push_back({.regex = std::make_shared<const Regex>(kWhitespacePattern, where),
                      .text = {},
                      .behavior = Behavior::removed,
                      .invert = true,
                      .space = {}});
  } else if (type == "WhitespaceSplit") {
    steps_.push_back({.regex = std::make_shared<const Regex>(R"(\s)", where),
                      .text = {},
                      .behavior = Behavior::removed,
                      .space = {}});
  } else {
    fail_unknown(subject, "pre-tokenizer", type);
  }
}

void PreTokenizer::add_byte_level(const Json& spec, const std::string& where) {
  byte_level_ = true;
  Step step;
  if (spec_flag(spec, "use_regex", true, where)) {
    step.regex = std::make_shared<const Regex>(kGpt2Pattern, where);
  }
  if (spec_flag(spec, "add_prefix_space", true, where)) {
    step.prefix = Space::always;
    step.space = " ";
  }
  steps_.push_back(std::move(step));
}

void PreTokenizer::add_metaspace(const Json& spec, const std::string& where) {
  Step step;
  step.metaspace = true;
  step.space = spec.contains("replacement") ? spec_text(spec, "replacement", where) : "\u2581";
  OTTOBIT_CHECK(
      !step.space.empty() && step.space.size() <= 4, ErrorCode::format, where,
      "`replacement` has " + std::to_string(step.space.size()) + " bytes, expected one character");
  const bool old_prefix = spec_flag(spec, "add_prefix_space", true, where);
  const std::string scheme = spec.contains("prepend_scheme")
                                 ? spec_text(spec, "prepend_scheme", where)
                                 : (old_prefix ? "always" : "never");
  OTTOBIT_CHECK(scheme == "always" || scheme == "never" || scheme == "first", ErrorCode::format,
                where, "`prepend_scheme` is none of always, never, first");
  step.prefix =
      scheme == "always" ? Space::always : (scheme == "first" ? Space::first : Space::never);
  if (spec_flag(spec, "split", true, where)) {
    step.text = step.space;
    step.behavior = Behavior::merged_next;
  }
  steps_.push_back(std::move(step));
}

void PreTokenizer::add_split(const Json& spec, const std::string& where) {
  static constexpr std::pair<const char*, Behavior> kBehaviors[] = {
      {"Removed", Behavior::removed},
      {"Isolated", Behavior::isolated},
      {"MergedWithPrevious", Behavior::merged_previous},
      {"MergedWithNext", Behavior::merged_next},
      {"Contiguous", Behavior::contiguous}};
  Step step;
  const SplitPattern pattern = spec_pattern(spec, where);
  if (pattern.is_regex) {
    step.regex = std::make_shared<const Regex>(pattern.text, where);
  } else {
    step.text = pattern.text;
  }
  step.invert = spec_flag(spec, "invert", false, where);
  const std::string wanted = spec_text(spec, "behavior", where);
  for (const auto& [name, behavior] : kBehaviors) {
    if (wanted == name) {
      step.behavior = behavior;
      steps_.push_back(std::move(step));
      return;
    }
  }
  fail_unknown(where, "behavior", wanted);
}

void PreTokenizer::apply(std::vector<std::string>& pieces, bool first) const {
  std::vector<std::string> next;
  for (const Step& step : steps_) {
    next.clear();
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      std::string& text = pieces[i];
      if (step.metaspace) {
        text = replace_all(text, " ", step.space);
      }
      const bool prefix =
          step.prefix == Space::always || (step.prefix == Space::first && first && i == 0);
      if (prefix && !text.starts_with(step.space)) {
        text.insert(0, step.space);
      }
      cut(step, text, next);
    }
    pieces.swap(next);
  }
}

std::vector<TextRange> PreTokenizer::matches(const Step& step, std::string_view text) {
  std::vector<TextRange> found;
  if (step.regex) {
    Regex::Search search(*step.regex, text);
    std::size_t at = 0;
    while (const std::optional<TextRange> match = search.next(at)) {
      found.push_back(*match);
      at = match->end;
    }
    return found;
  }
  for (std::size_t at = text.find(step.text); at != std::string_view::npos;
       at = text.find(step.text, at + step.text.size())) {
    found.push_back({at, at + step.text.size()});
  }
  return found;
}

void PreTokenizer::cut(const Step& step, const std::string& text, std::vector<std::string>& out) {
  if (!step.regex && step.text.empty()) {
    out.push_back(text);
    return;
  }
  struct Part {
    TextRange range;
    bool match;
  };
  std::vector<Part> parts;
  std::size_t at = 0;
  for (const TextRange& match : matches(step, text)) {
    if (match.begin > at) {
      parts.push_back({{at, match.begin}, step.invert});
    }
    parts.push_back({match, !step.invert});
    at = match.end;
  }
  if (at < text.size()) {
    parts.push_back({{at, text.size()}, step.invert});
  }
  const auto join = [&](std::size_t i) {  // whether part i belongs to the piece before it
    if (i == 0) {
      return false;
    }
    switch (step.behavior) {
      case Behavior::merged_previous:
        return parts[i].match && !parts[i - 1].match;
      case Behavior::merged_next:
        return parts[i - 1].match && !parts[i].match;
      case Behavior::contiguous:
        return parts[i].match == parts[i - 1].match;
      default:
        return false;
    }
  };
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].match && step.behavior == Behavior::removed) {
      continue;
    }
    const std::string_view piece = std::string_view(text).substr(
        parts[i].range.begin, parts[i].range.end - parts[i].range.begin);
    if (join(i)) {
      out.back() += piece;
    } else {
      out.emplace_back(piece);
    }
  }
}

}  // namespace ottobit
