// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/normalize.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

#include <utf8proc.h>

#include "ottobit/error.hpp"

#include "io/replace.hpp"
#include "tokenizer/newer_characters.hpp"
#include "tokenizer/spec.hpp"
#include "tokenizer/utf8.hpp"

namespace ottobit {
namespace {

/// Marks behind a letter in the order of their combining classes, as all normal forms have them
/// (the Unicode Standard, section 3.11): utf8proc takes a time that grows with the square of their
/// number where they are not.
std::string ordered(std::string_view text) {
  struct Mark {
    int kind;  // combining class
    std::string_view bytes;
  };
  std::string out;
  std::vector<Mark> marks;
  const auto flush = [&] {
    std::stable_sort(marks.begin(), marks.end(),
                     [](const Mark& a, const Mark& b) { return a.kind < b.kind; });
    for (const Mark& mark : marks) {
      out += mark.bytes;
    }
    marks.clear();
  };
  while (!text.empty()) {
    const utf8::Character character = utf8::first_character(text);
    const std::string_view bytes = text.substr(0, character.length);
    text.remove_prefix(character.length);
    const auto code = static_cast<utf8proc_int32_t>(character.code);
    const int kind = utf8proc_get_property(code)->combining_class;
    if (kind != 0) {
      marks.push_back({kind, bytes});
      continue;
    }
    flush();
    out += bytes;
  }
  flush();
  return out;
}

void append_normal_form(std::string_view unordered, unsigned options, std::string& out) {
  if (unordered.empty()) {
    return;
  }
  const std::string text = ordered(unordered);
  utf8proc_uint8_t* result = nullptr;
  const utf8proc_ssize_t size = utf8proc_map(
      static_cast<const utf8proc_uint8_t*>(static_cast<const void*>(text.data())),
      static_cast<utf8proc_ssize_t>(text.size()), &result, static_cast<utf8proc_option_t>(options));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(result, &std::free);
  if (size == UTF8PROC_ERROR_NOMEM) {
    throw std::bad_alloc();
  }
  OTTOBIT_CHECK(size >= 0, ErrorCode::argument, "text", utf8proc_errmsg(size));
  out.append(static_cast<const char*>(static_cast<const void*>(result)),
             static_cast<std::size_t>(size));
}

/// The normal form of text without the characters that have none.
void append_all_but_unknown(std::string_view text, unsigned options, std::string& out) {
  std::size_t rest = 0;
  for (std::size_t at = 0; at < text.size();) {
    const utf8::Character character = utf8::first_character(text.substr(at));
    const std::size_t end = at + character.length;
    if (normalizes_as_unknown(character.code)) {
      append_normal_form(text.substr(rest, at - rest), options, out);
      out += text.substr(at, character.length);
      rest = end;
    }
    at = end;
  }
  append_normal_form(text.substr(rest), options, out);
}

/// ASCII is its own normal form, and what follows changes at most its last character (by marks):
/// only the rest goes through the tables.
std::string normal_form(std::string_view text, unsigned options) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto other = std::find_if_not(text.begin(), text.end(), is_ascii);
    const auto begin = other == text.begin() || other == text.end() ? other : other - 1;
    const auto end = std::find_if(other, text.end(), is_ascii);
    out.append(text.begin(), begin);
    append_all_but_unknown({begin, end}, options, out);
    text = {end, text.end()};
  }
  return out;
}

std::string lowercase(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const utf8::Character character = utf8::first_character(text);
    const auto code = static_cast<utf8proc_int32_t>(character.code);
    if (character.code == 0x130) {
      out += "i\u0307";  // the one that becomes two
    } else {
      utf8::append(out, static_cast<char32_t>(utf8proc_tolower(code)));
    }
    text.remove_prefix(character.length);
  }
  return out;
}

std::string replace_all(std::string_view text, const Regex& from, std::string_view to,
                        std::size_t most) {
  std::string out;
  Regex::Search search(from, text);
  std::size_t at = 0;
  while (const std::optional<TextRange> match = search.next(at)) {
    out += text.substr(at, match->begin - at);
    out += to;
    check_growth(out.size(), most);
    at = match->end;
  }
  return out += text.substr(at);
}

std::string_view strip(std::string_view text, bool left, bool right) {
  while (left && !text.empty() && utf8::is_space(text)) {
    text.remove_prefix(utf8::first_character(text).length);
  }
  while (right && !text.empty() && utf8::is_space(utf8::last_character(text))) {
    text.remove_suffix(utf8::last_character(text).size());
  }
  return text;
}

}  // namespace

Normalizer Normalizer::parse(const Json& spec, const std::string& subject) {
  Normalizer normalizer;
  if (!spec.is_null()) {
    normalizer.add(spec, subject, 0);
  }
  return normalizer;
}

void Normalizer::add(const Json& spec, const std::string& subject, int depth) {
  const std::string type = spec_type(spec, subject, depth);
  const std::string where = subject + ": " + type;
  if (type == "Sequence") {
    for (const Json& step : spec_list(spec, "normalizers", where)) {
      add(step, subject, depth + 1);
    }
    return;
  }
  Step step;
  if (type == "NFC") {
    step.kind = Kind::nfc;
  } else if (type == "NFD") {
    step.kind = Kind::nfd;
  } else if (type == "NFKC") {
    step.kind = Kind::nfkc;
  } else if (type == "NFKD") {
    step.kind = Kind::nfkd;
  } else if (type == "Lowercase") {
    step.kind = Kind::lowercase;
  } else if (type == "Prepend") {
    step.kind = Kind::prepend;
    step.content = spec_text(spec, "prepend", where);
  } else if (type == "Replace") {
    step.kind = Kind::replace;
    step.content = spec_text(spec, "content", where);
    const SplitPattern pattern = spec_pattern(spec, where);
    step.pattern = pattern.text;
    if (pattern.is_regex) {
      step.regex = std::make_shared<const Regex>(pattern.text, where);
    }
  } else if (type == "Strip") {
    step.kind = Kind::strip;
    step.left = spec_flag(spec, "strip_left", true, where);
    step.right = spec_flag(spec, "strip_right", true, where);
  } else {
    fail_unknown(subject, "normalizer", type);
  }
  steps_.push_back(std::move(step));
}

std::string Normalizer::apply(std::string_view text) const {
  constexpr unsigned kStable = UTF8PROC_STABLE;
  // Normal forms make at most eleven bytes of one, replacements of published files three.
  const std::size_t most = (std::size_t{64} << 10U) + 64 * text.size();
  std::string out(text);
  for (const Step& step : steps_) {
    check_growth(out.size(), most);
    switch (step.kind) {
      case Kind::nfc:
        out = normal_form(out, kStable | UTF8PROC_COMPOSE);
        break;
      case Kind::nfd:
        out = normal_form(out, kStable | UTF8PROC_DECOMPOSE);
        break;
      case Kind::nfkc:
        out = normal_form(out, kStable | UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
        break;
      case Kind::nfkd:
        out = normal_form(out, kStable | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
        break;
      case Kind::lowercase:
        out = lowercase(out);
        break;
      case Kind::prepend:
        out = out.empty() ? out : step.content + out;
        break;
      case Kind::strip:
        out = std::string(strip(out, step.left, step.right));
        break;
      case Kind::replace:
        out = step.regex ? replace_all(out, *step.regex, step.content, most)
                         : replace_all(out, step.pattern, step.content, most);
        break;
    }
  }
  return out;
}

}  // namespace ottobit
