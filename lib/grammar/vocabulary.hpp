// SPDX-License-Identifier: Apache-2.0
// The tokens of a model as a tree of bytes, for deciding about all of them at once.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace ottobit::grammar {

/// Immutable. Nodes lie in the order of a walk that goes to the children first, so a walk is a
/// loop, and what is below a node is skipped by one step.
class Vocabulary {
 public:
  struct Node {
    std::uint8_t byte = 0;    ///< that leads here
    std::int32_t depth = 0;   ///< bytes that lead here from the root
    std::int32_t end = 0;     ///< the node behind all that are below this one
    std::int32_t tokens = 0;  ///< first of the tokens of exactly these bytes; they end where those
                              ///< of the next node begin
  };

  /// The tokens that are text, each with its bytes; those without bytes are left out. `size` is the
  /// number of all tokens.
  Vocabulary(std::vector<std::pair<std::string_view, std::int32_t>> tokens, std::int32_t size);

  [[nodiscard]] std::int32_t size() const noexcept { return size_; }
  /// Node 0 is the root.
  [[nodiscard]] std::int32_t nodes() const noexcept {
    return static_cast<std::int32_t>(nodes_.size()) - 1;
  }
  [[nodiscard]] const Node& node(std::int32_t id) const noexcept {
    return nodes_[static_cast<std::size_t>(id)];
  }
  [[nodiscard]] std::span<const std::int32_t> tokens_at(std::int32_t id) const noexcept {
    const auto first = static_cast<std::size_t>(node(id).tokens);
    return std::span(tokens_).subspan(first, static_cast<std::size_t>(node(id + 1).tokens) - first);
  }

 private:
  std::int32_t size_;
  std::vector<Node> nodes_;  // and one behind the last
  std::vector<std::int32_t> tokens_;
};

}  // namespace ottobit::grammar
