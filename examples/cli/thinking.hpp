// SPDX-License-Identifier: Apache-2.0
// Tells a model's thinking from its answer while both arrive. The markers' names come from the
// library (think_begin and think_end of the model's JSON). Where a marker is one token, that token
// decides: special tokens do not appear in the text, and ordinary text that merely looks like a
// marker is text. Where it is several tokens, the text decides.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "ottobit.h"

namespace ottobit::cli {

class ThinkingSplitter {
 public:
  /// Called with pieces in their order; `thinking` tells to which of the two a piece belongs.
  using Piece = std::function<void(bool thinking, std::string_view text)>;

  /// No markers: everything is answer.
  ThinkingSplitter() = default;
  /// Markers of `model`; empty names mean none. `prompt` tells whether the template has already
  /// opened the thinking block.
  ThinkingSplitter(const ottobit_model* model, const std::string& begin, const std::string& end,
                   std::span<const std::int32_t> prompt);

  /// One event of the stream; `token` is -1 where there is none.
  void feed(std::int32_t token, std::string_view text, const Piece& piece);
  /// Gives what was held back.
  void finish(const Piece& piece);
  /// True once thinking has begun.
  [[nodiscard]] bool seen() const noexcept { return seen_; }

 private:
  struct Marker {
    std::string text;
    std::int32_t id = -1;  ///< -1: not a single token
  };

  void switch_to(bool thinking) noexcept;
  void feed_marker(const Marker& marker, std::string_view text, const Piece& piece);
  void feed_text(const Piece& piece);

  Marker begin_;
  Marker end_;
  std::string held_;  ///< the tail of the text that may be the start of a marker
  std::string owed_;  ///< a marker whose token came before its text
  bool thinking_ = false;
  bool seen_ = false;
};

}  // namespace ottobit::cli
