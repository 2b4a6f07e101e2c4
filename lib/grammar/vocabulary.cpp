// SPDX-License-Identifier: Apache-2.0
#include "grammar/vocabulary.hpp"

#include <algorithm>

namespace ottobit::grammar {

namespace {

std::size_t common_length(std::string_view a, std::string_view b) noexcept {
  const auto ends = std::mismatch(
      a.begin(), a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())), b.begin());
  return static_cast<std::size_t>(ends.first - a.begin());
}

}  // namespace

Vocabulary::Vocabulary(std::vector<std::pair<std::string_view, std::int32_t>> tokens,
                       std::int32_t size)
    : size_(size) {
  std::sort(tokens.begin(), tokens.end());
  std::vector<std::int32_t> way = {0};  // the nodes from the root to the last one
  nodes_.emplace_back();
  std::string_view last;
  const auto close = [&](std::size_t keep) {
    while (way.size() > keep) {
      nodes_[static_cast<std::size_t>(way.back())].end = static_cast<std::int32_t>(nodes_.size());
      way.pop_back();
    }
  };
  for (const auto& [bytes, id] : tokens) {
    if (bytes.empty()) {
      continue;
    }
    const std::size_t common = common_length(last, bytes);
    close(common + 1);
    for (std::size_t i = common; i < bytes.size(); ++i) {
      way.push_back(static_cast<std::int32_t>(nodes_.size()));
      nodes_.push_back({static_cast<std::uint8_t>(bytes[i]), static_cast<std::int32_t>(i + 1), 0,
                        static_cast<std::int32_t>(tokens_.size())});
    }
    tokens_.push_back(id);
    last = bytes;
  }
  close(0);
  nodes_.push_back({0, 0, 0, static_cast<std::int32_t>(tokens_.size())});
}

}  // namespace ottobit::grammar
