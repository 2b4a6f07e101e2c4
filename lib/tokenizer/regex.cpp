// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/regex.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8  // NOLINT(readability-identifier-naming)
#include <algorithm>
#include <array>
#include <cstdint>
#include <new>

#include <pcre2.h>

#include "ottobit/error.hpp"

#include "tokenizer/newer_characters.hpp"
#include "tokenizer/pattern.hpp"

namespace ottobit {
namespace {

// Published patterns need a few hundred steps a match, or some for each letter of a long word; a
// hostile one must not run for hours.
constexpr std::uint64_t kMatchLimit = 10'000'000;
constexpr std::uint64_t kStepsPerByte = 32;
// What a match may remember of where it could go on otherwise: so much, and so much for each byte.
constexpr std::size_t kFirstStack = std::size_t{256} << 10U;
constexpr std::size_t kStackPerByte = 256;
constexpr std::size_t kMaxPattern = std::size_t{1} << 16U;
// Groups within each other. Published patterns have three; compiling takes stack for each.
constexpr std::uint32_t kMostGroups = 32;

std::string message_of(int code) {
  std::array<PCRE2_UCHAR8, 256> text{};
  const int size = pcre2_get_error_message_8(code, text.data(), text.size());
  return size < 0 ? "error " + std::to_string(code)
                  : std::string(text.begin(), text.begin() + size);
}

PCRE2_SPTR8 bytes_of(std::string_view text) {
  return static_cast<PCRE2_SPTR8>(static_cast<const void*>(text.data()));
}

}  // namespace

void Regex::Free::operator()(pcre2_real_code_8* code) const noexcept {
  pcre2_code_free_8(code);
}
void Regex::Search::Free::operator()(pcre2_real_match_data_8* data) const noexcept {
  pcre2_match_data_free_8(data);
}
void Regex::Search::Free::operator()(pcre2_real_match_context_8* context) const noexcept {
  pcre2_match_context_free_8(context);
}

void Regex::Search::Free::operator()(pcre2_real_jit_stack_8* stack) const noexcept {
  pcre2_jit_stack_free_8(stack);
}

Regex::Regex(const std::string& pattern, const std::string& subject) : subject_(subject) {
  OTTOBIT_CHECK(pattern.size() <= kMaxPattern, ErrorCode::format, subject,
                "a regular expression of " + std::to_string(pattern.size()) + " bytes, expected " +
                    std::to_string(kMaxPattern) + " at most");
  int error = 0;
  PCRE2_SIZE at = 0;
  const std::string translated = pcre_pattern(pattern, subject);
  const std::unique_ptr<pcre2_compile_context_8, decltype(&pcre2_compile_context_free_8)> context(
      pcre2_compile_context_create_8(nullptr), &pcre2_compile_context_free_8);
  if (context == nullptr) {
    throw std::bad_alloc();
  }
  pcre2_set_parens_nest_limit_8(context.get(), kMostGroups);
  code_.reset(pcre2_compile_8(bytes_of(translated), translated.size(),
                              PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE, &error, &at, context.get()));
  if (code_ == nullptr && error == PCRE2_ERROR_HEAP_FAILED) {
    throw std::bad_alloc();
  }
  OTTOBIT_CHECK(code_ != nullptr, ErrorCode::format, subject,
                "regular expression: " + message_of(error) + " at offset " + std::to_string(at));
  // Where the system forbids it, matching is slower and otherwise the same.
  static_cast<void>(pcre2_jit_compile_8(code_.get(), PCRE2_JIT_COMPLETE));
}

Regex::Search::Search(const Regex& regex, std::string_view text)
    : regex_(regex),
      known_(with_known_characters(text)),
      text_(known_.empty() ? text : std::string_view(known_)),
      data_(pcre2_match_data_create_8(1, nullptr)),
      context_(pcre2_match_context_create_8(nullptr)) {
  if (data_ == nullptr || context_ == nullptr) {
    throw std::bad_alloc();
  }
  const std::uint64_t limit = kMatchLimit + kStepsPerByte * text.size();
  pcre2_set_match_limit_8(context_.get(),
                          static_cast<std::uint32_t>(std::min<std::uint64_t>(limit, ~0U)));
}

/// Compiled patterns keep their way back on a stack, which is the machine's until it is too small.
int Regex::Search::match(std::size_t offset) {
  while (true) {
    const int found =
        pcre2_match_8(regex_.code_.get(), bytes_of(text_), text_.size(), offset,
                      PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, data_.get(), context_.get());
    if (found != PCRE2_ERROR_JIT_STACKLIMIT || !grow_stack()) {
      return found;
    }
  }
}

bool Regex::Search::grow_stack() {
  const std::size_t most = kFirstStack + kStackPerByte * text_.size();
  if (stack_bytes_ >= most) {
    return false;
  }
  stack_bytes_ = std::min(most, std::max(kFirstStack, 4 * stack_bytes_));
  stack_.reset();  // before there are two
  stack_.reset(pcre2_jit_stack_create_8(kFirstStack / 8, stack_bytes_, nullptr));
  if (stack_ == nullptr) {
    throw std::bad_alloc();
  }
  pcre2_jit_stack_assign_8(context_.get(), nullptr, stack_.get());
  return true;
}

std::optional<TextRange> Regex::Search::next(std::size_t offset) {
  if (offset >= text_.size()) {
    return std::nullopt;
  }
  const int found = match(offset);
  if (found == PCRE2_ERROR_NOMATCH) {
    return std::nullopt;
  }
  OTTOBIT_CHECK(found >= 0, ErrorCode::format, regex_.subject_,
                "matching the regular expression: " + message_of(found));
  const PCRE2_SIZE* ends = pcre2_get_ovector_pointer_8(data_.get());
  // \K in a look-ahead could put the beginning after the end.
  OTTOBIT_CHECK(ends[0] >= offset && ends[0] < ends[1], ErrorCode::format, regex_.subject_,
                "the regular expression matches backwards");
  return TextRange{ends[0], ends[1]};
}

}  // namespace ottobit
