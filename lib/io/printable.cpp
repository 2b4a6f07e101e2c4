// SPDX-License-Identifier: Apache-2.0
// Escaping of hostile names, and the two kinds of file that downloads most often leave in place of
// the real one.
#include "io/printable.hpp"

#include <algorithm>

namespace ottobit {
namespace {

bool is_continuation(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
}

/// Length of the well-formed UTF-8 sequence that begins at `at`, or 0 (Unicode 15, table 3-7).
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80U) {
    return 1;
  }
  if (!is_continuation(text, at + 1)) {
    return 0;
  }
  const auto second = static_cast<unsigned char>(text[at + 1]);
  if (lead >= 0xC2U && lead <= 0xDFU) {
    return 2;
  }
  if (lead >= 0xE0U && lead <= 0xEFU) {
    const bool overlong = lead == 0xE0U && second < 0xA0U;
    const bool surrogate = lead == 0xEDU && second > 0x9FU;
    return !overlong && !surrogate && is_continuation(text, at + 2) ? 3 : 0;
  }
  if (lead >= 0xF0U && lead <= 0xF4U) {
    const bool overlong = lead == 0xF0U && second < 0x90U;
    const bool too_large = lead == 0xF4U && second > 0x8FU;
    const bool complete = is_continuation(text, at + 2) && is_continuation(text, at + 3);
    return !overlong && !too_large && complete ? 4 : 0;
  }
  return 0;
}

/// C0 and C1 control characters, DEL, and the line and paragraph separators.
bool breaks_a_line(std::string_view sequence) {
  const auto first = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) {
    return first < 0x20U || first == 0x7FU;
  }
  return (sequence.size() == 2 && first == 0xC2U &&
          static_cast<unsigned char>(sequence[1]) < 0xA0U) ||
         sequence == "\xE2\x80\xA8" || sequence == "\xE2\x80\xA9";
}

void append_escaped(std::string& out, std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += "\\x";
    out += kHex[byte >> 4U];
    out += kHex[byte & 15U];
  }
}

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text, i);
    const std::string_view sequence = text.substr(i, std::max<std::size_t>(length, 1));
    if (length == 0 || breaks_a_line(sequence)) {
      append_escaped(out, sequence);
    } else {
      out += sequence;
    }
    i += sequence.size();
  }
  return out;
}

char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool starts_with_ignoring_case(std::string_view text, std::string_view lower_case_prefix) {
  return text.size() >= lower_case_prefix.size() &&
         std::equal(lower_case_prefix.begin(), lower_case_prefix.end(), text.begin(),
                    [](char a, char b) { return a == ascii_lower(b); });
}

}  // namespace

std::string printable(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) {
    return escape(text);
  }
  // Cut between characters, so that the ends are not shown as escapes.
  std::size_t head = max_bytes * 2 / 3;
  std::size_t tail = text.size() - max_bytes / 3;
  for (int i = 0; i < 3 && head > 0 && is_continuation(text, head); ++i) {
    --head;
  }
  for (int i = 0; i < 3 && is_continuation(text, tail); ++i) {
    ++tail;
  }
  return escape(text.substr(0, head)) + "..." + escape(text.substr(tail));
}

std::string in_backticks(std::string_view text) {
  std::string result(1, '`');  // not "`" + ...: g++ 12 sees an overlap there (its bug 105651)
  result += printable(text);
  result += '`';
  return result;
}

std::string path_text(const std::filesystem::path& path) {
  return printable(path.string(), 1024);
}

std::string file_name_text(const std::filesystem::path& path) {
  return printable(path.has_filename() ? path.filename().string() : path.string());
}

std::string foreign_content(std::string_view head, const std::filesystem::path& folder) {
  if (head.starts_with("version https://git-lfs.github.com/spec/")) {
    return "is a git-lfs pointer, not the file itself; run `git lfs pull` in " +
           (folder.empty() ? std::string("its folder") : path_text(folder));
  }
  if (head.starts_with("\xEF\xBB\xBF")) {
    head.remove_prefix(3);
  }
  head.remove_prefix(std::min(head.find_first_not_of(" \t\r\n"), head.size()));
  if (starts_with_ignoring_case(head, "<!doctype html") ||
      starts_with_ignoring_case(head, "<html")) {
    return "is an HTML page, not the file itself; the download went to a web page";
  }
  return {};
}

}  // namespace ottobit
