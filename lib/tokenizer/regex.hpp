// SPDX-License-Identifier: Apache-2.0
// Regex: a compiled PCRE2 pattern with Unicode properties. Immutable, shareable between threads.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ottobit/tokenizer.hpp"

struct pcre2_real_code_8;
struct pcre2_real_match_data_8;
struct pcre2_real_jit_stack_8;
struct pcre2_real_match_context_8;

namespace ottobit {

class Regex {
 public:
  /// `pattern` is in the syntax of tokenizer files (pattern.hpp). Error{format, subject} with
  /// PCRE2's message if it is not one.
  Regex(const std::string& pattern, const std::string& subject);

  /// Finds matches in one text, left to right. Belongs to one thread.
  class Search {
   public:
    /// `text` must be valid UTF-8; it and the regex must outlive the search.
    Search(const Regex& regex, std::string_view text);
    Search(const Search&) = delete;
    Search& operator=(const Search&) = delete;
    ~Search() = default;
    /// The next match that is not empty, from `offset` on. Error{format} if matching takes more
    /// steps than any real pattern needs.
    [[nodiscard]] std::optional<TextRange> next(std::size_t offset);

   private:
    struct Free {
      void operator()(pcre2_real_match_data_8* data) const noexcept;
      void operator()(pcre2_real_match_context_8* context) const noexcept;
      void operator()(pcre2_real_jit_stack_8* stack) const noexcept;
    };
    [[nodiscard]] int match(std::size_t offset);
    [[nodiscard]] bool grow_stack();

    const Regex& regex_;
    std::string known_;      // if not empty, what text_ views: see newer_characters.hpp
    std::string_view text_;  // as long as the text, with its matches at the same places
    std::unique_ptr<pcre2_real_match_data_8, Free> data_;
    std::unique_ptr<pcre2_real_match_context_8, Free> context_;
    std::unique_ptr<pcre2_real_jit_stack_8, Free> stack_;  // once the machine's own is too small
    std::size_t stack_bytes_ = 0;
  };

 private:
  struct Free {
    void operator()(pcre2_real_code_8* code) const noexcept;
  };
  std::string subject_;
  std::unique_ptr<pcre2_real_code_8, Free> code_;
};

}  // namespace ottobit
