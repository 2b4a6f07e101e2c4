// SPDX-License-Identifier: Apache-2.0
// PreTokenizer: the `pre_tokenizer` of a tokenizer.json. Cuts a text into the pieces that merges
// never cross.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/json.hpp"
#include "tokenizer/regex.hpp"

namespace ottobit {

class PreTokenizer {
 public:
  /// `spec` may be null: the text is one piece. Error{unsupported} for an unknown type.
  [[nodiscard]] static PreTokenizer parse(const Json& spec, const std::string& subject);

  /// Replaces `pieces`, one text to begin with, by what it is cut into, in order. `first`: the text
  /// begins the input (some steps put a space before it).
  void apply(std::vector<std::string>& pieces, bool first) const;
  /// Whether pieces are read byte by byte.
  [[nodiscard]] bool is_byte_level() const noexcept { return byte_level_; }

 private:
  /// What becomes of the matches of a split.
  enum class Behavior : std::uint8_t {
    removed,
    isolated,
    merged_previous,
    merged_next,
    contiguous
  };
  enum class Space : std::uint8_t { never, first, always };
  struct Step {
    std::shared_ptr<const Regex> regex;  // null: no split by a pattern
    std::string text;                    // split by this text instead, if not empty
    Behavior behavior = Behavior::isolated;
    bool invert = false;
    Space prefix = Space::never;  // put `space` before pieces that do not begin with it
    std::string space;            // what a space is written as; replaces " " if metaspace
    bool metaspace = false;
  };
  void add(const Json& spec, const std::string& subject, int depth);
  void add_byte_level(const Json& spec, const std::string& where);
  void add_metaspace(const Json& spec, const std::string& where);
  void add_split(const Json& spec, const std::string& where);
  static std::vector<TextRange> matches(const Step& step, std::string_view text);
  static void cut(const Step& step, const std::string& text, std::vector<std::string>& out);

  std::vector<Step> steps_;
  bool byte_level_ = false;
};

}  // namespace ottobit
