// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/bpe.hpp"

#include <algorithm>
#include <limits>
#include <queue>

#include "ottobit/error.hpp"

#include "io/printable.hpp"
#include "tokenizer/byte_level.hpp"
#include "tokenizer/spec.hpp"
#include "tokenizer/utf8.hpp"

namespace ottobit {
namespace {

constexpr std::int64_t kMaxVocab = std::int64_t{1} << 24;
constexpr std::size_t kShort = 32;  // symbols of what is merged without a heap

/// "<0x0A>" for 10.
std::string byte_spelling(unsigned byte) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  return std::string("<0x") + kHex[byte >> 4U] + kHex[byte & 15U] + ">";
}

}  // namespace

Bpe Bpe::parse(const Source& source, bool byte_level, const std::string& subject) {
  const Json& model = source.options;
  Bpe bpe;
  bpe.byte_level_ = byte_level;
  bpe.byte_fallback_ = spec_flag(model, "byte_fallback", false, subject);
  bpe.fuse_unknown_ = spec_flag(model, "fuse_unk", false, subject);
  bpe.ignore_merges_ = spec_flag(model, "ignore_merges", false, subject);
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const auto found = model.find(key);
    OTTOBIT_CHECK(found == model.end() || found->is_null() || *found == "", ErrorCode::unsupported,
                  subject, "`" + std::string(key) + "` is not known");
  }
  OTTOBIT_CHECK(source.vocab.is_object(), ErrorCode::format, subject,
                "`vocab` is missing or not an object");
  OTTOBIT_CHECK(source.merges.is_array(), ErrorCode::format, subject,
                "`merges` is missing or not an array");
  bpe.parse_vocab(source.vocab, subject);
  bpe.parse_merges(source.merges, subject);
  for (unsigned byte = 0; byte < 256; ++byte) {
    std::string spelling;
    if (byte_level) {
      utf8::append(spelling, byte_level_character(static_cast<std::uint8_t>(byte)));
    } else if (bpe.byte_fallback_) {
      spelling = byte_spelling(byte);
    }
    bpe.bytes_[byte] = bpe.vocab_.find(spelling);
  }
  if (model.contains("unk_token") && !model["unk_token"].is_null()) {
    const std::string unknown = spec_text(model, "unk_token", subject);
    bpe.unknown_ = bpe.vocab_.find(unknown);
    OTTOBIT_CHECK(bpe.unknown_ >= 0, ErrorCode::format, subject,
                  "`unk_token` " + in_backticks(unknown) + " is not in the vocabulary");
  }
  return bpe;
}

Bpe Bpe::from_ranks(const TokenTable& tokens, const std::string& subject) {
  Bpe bpe;
  bpe.byte_level_ = true;
  bpe.ignore_merges_ = true;
  bpe.whole_ = tokens;
  for (unsigned byte = 0; byte < 256; ++byte) {
    bpe.bytes_[byte] = tokens.find(std::string(1, static_cast<char>(byte)));
    OTTOBIT_CHECK(bpe.bytes_[byte] >= 0, ErrorCode::format, subject,
                  "no token for the byte " + byte_spelling(byte));
  }
  tokens.for_each([&](std::string_view token, std::int32_t id) {
    for (std::size_t cut = 1; cut < token.size(); ++cut) {
      const std::int32_t left = tokens.find(token.substr(0, cut));
      const std::int32_t right = tokens.find(token.substr(cut));
      if (left >= 0 && right >= 0) {
        bpe.merges_.set(left, right, {id, id});
      }
    }
  });
  return bpe;
}

void Bpe::parse_vocab(const OrderedJson& vocab, const std::string& subject) {
  vocab_.reserve(vocab.size());
  for (const auto& [spelling, id] : vocab.items()) {
    const bool fits = id.is_number_unsigned() && id.get<std::uint64_t>() < kMaxVocab;
    if (!fits) {
      fail(ErrorCode::format, subject + ": vocab: " + in_backticks(spelling),
           "id is " + (id.is_number_integer() ? id.dump() : std::string(json_type_text(id))) +
               ", expected an integer from 0 to " + std::to_string(kMaxVocab - 1));
    }
    const auto value = id.get<std::int32_t>();
    vocab_.add(spelling, value);
    if (ignore_merges_) {
      const std::optional<std::string> text =
          byte_level_ ? byte_level_bytes(spelling) : std::optional<std::string>(spelling);
      if (text) {
        whole_.add(*text, value);
      }
    }
  }
}

void Bpe::parse_merges(const OrderedJson& merges, const std::string& subject) {
  OTTOBIT_CHECK(merges.size() < static_cast<std::size_t>(kMaxVocab), ErrorCode::format, subject,
                std::to_string(merges.size()) + " merges");
  merges_.reserve(merges.size());
  std::int32_t rank = 0;
  std::string merged;
  for (const OrderedJson& merge : merges) {
    const auto refuse = [&](const std::string& problem) {
      fail(ErrorCode::format, subject + ": merges[" + std::to_string(rank) + "]", problem);
    };
    std::string_view left;
    std::string_view right;
    if (merge.is_string()) {  // "left right"
      const std::string_view text = merge.text();
      const std::size_t space = text.find(' ');
      if (space == std::string_view::npos) {
        refuse(in_backticks(text) + " is not two symbols");
      }
      left = text.substr(0, space);
      right = text.substr(space + 1);
    } else {
      if (!merge.is_array() || merge.size() != 2 || !merge[0].is_string() ||
          !merge[1].is_string()) {
        refuse(std::string(json_type_text(merge)) + ", expected two symbols");
      }
      left = merge[0].text();
      right = merge[1].text();
    }
    const auto id_of = [&](std::string_view spelling) {
      const std::int32_t id = vocab_.find(spelling);
      if (id < 0) {
        refuse(in_backticks(spelling) + " is not in the vocabulary");
      }
      return id;
    };
    merged.assign(left).append(right);
    // A pair named twice keeps its later rank, as in the reference implementation.
    merges_.set(id_of(left), id_of(right), {rank, id_of(merged)});
    ++rank;
  }
}

void Bpe::encode(std::string_view piece, std::vector<std::int32_t>& ids) const {
  if (ignore_merges_) {
    const std::int32_t id = whole_.find(piece);
    if (id >= 0) {
      ids.push_back(id);
      return;
    }
  }
  std::vector<std::int32_t> symbols;
  symbols_of(piece, symbols);
  if (symbols.size() <= kShort) {
    merge_short(symbols);
  } else {
    merge(symbols);
  }
  ids.insert(ids.end(), symbols.begin(), symbols.end());
}

void Bpe::symbols_of(std::string_view piece, std::vector<std::int32_t>& symbols) const {
  bool last_unknown = false;
  const auto push_unknown = [&] {
    if (unknown_ >= 0 && !(fuse_unknown_ && last_unknown)) {
      symbols.push_back(unknown_);
    }
    last_unknown = true;
  };
  if (byte_level_) {
    for (const char c : piece) {
      const std::int32_t id = bytes_[static_cast<unsigned char>(c)];
      if (id >= 0) {
        symbols.push_back(id);
        last_unknown = false;
      } else {
        push_unknown();
      }
    }
    return;
  }
  while (!piece.empty()) {
    const std::string_view character = piece.substr(0, utf8::first_character(piece).length);
    piece.remove_prefix(character.size());
    const std::int32_t id = vocab_.find(character);
    if (id >= 0) {
      symbols.push_back(id);
      last_unknown = false;
      continue;
    }
    const bool as_bytes =
        byte_fallback_ && std::all_of(character.begin(), character.end(), [&](char c) {
          return bytes_[static_cast<unsigned char>(c)] >= 0;
        });
    if (!as_bytes) {
      push_unknown();
      continue;
    }
    for (const char c : character) {
      symbols.push_back(bytes_[static_cast<unsigned char>(c)]);
    }
    last_unknown = false;
  }
}

/// A word: the next merge is looked for among all. O(n^2), which is least for what is short.
void Bpe::merge_short(std::vector<std::int32_t>& symbols) const {
  std::array<Merge, kShort> after;  // [i]: of symbols i and i + 1
  std::size_t count = symbols.size();
  for (std::size_t i = 0; i + 1 < count; ++i) {
    after[i] = merges_.find(symbols[i], symbols[i + 1]);
  }
  const auto earlier = [](const Merge& a, const Merge& b) {  // no merge, rank -1, is the last
    return static_cast<std::uint32_t>(a.rank) < static_cast<std::uint32_t>(b.rank);
  };
  while (count > 1) {
    const auto best = std::min_element(
        after.begin(), after.begin() + static_cast<std::ptrdiff_t>(count) - 1, earlier);
    if (best->rank < 0) {
      break;
    }
    const auto at = static_cast<std::size_t>(best - after.begin());
    symbols[at] = best->id;
    --count;
    for (std::size_t i = at + 1; i < count; ++i) {
      symbols[i] = symbols[i + 1];
      after[i - 1] = after[i];
    }
    if (at > 0) {
      after[at - 1] = merges_.find(symbols[at - 1], symbols[at]);
    }
    if (at + 1 < count) {
      after[at] = merges_.find(symbols[at], symbols[at + 1]);
    }
  }
  symbols.resize(count);
}

/// Doubly linked symbols and a heap of candidate pairs: O(n log n) however long the piece is.
void Bpe::merge(std::vector<std::int32_t>& symbols) const {
  struct Node {
    std::int32_t id;  // -1: merged into the one before
    std::int32_t previous;
    std::int32_t next;
  };
  struct Candidate {
    std::int32_t rank;
    std::int32_t at;           // index of the left node
    std::int32_t left, right;  // ids when it was found; stale if they changed since
    bool operator<(const Candidate& other) const noexcept {  // the heap gives its largest first
      return rank != other.rank ? rank > other.rank : at > other.at;
    }
  };
  OTTOBIT_CHECK(symbols.size() < static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()),
                ErrorCode::argument, "text", "too long");
  const auto count = static_cast<std::int32_t>(symbols.size());
  std::vector<Node> nodes;
  nodes.reserve(symbols.size());
  for (std::int32_t i = 0; i < count; ++i) {
    nodes.push_back({symbols[static_cast<std::size_t>(i)], i - 1, i + 1 < count ? i + 1 : -1});
  }
  const auto node = [&](std::int32_t i) -> Node& { return nodes[static_cast<std::size_t>(i)]; };
  std::priority_queue<Candidate> heap;
  const auto consider = [&](std::int32_t left) {
    if (left < 0 || node(left).next < 0) {
      return;
    }
    const std::int32_t a = node(left).id;
    const std::int32_t b = node(node(left).next).id;
    const Merge merge = merges_.find(a, b);
    if (merge.rank >= 0) {
      heap.push({merge.rank, left, a, b});
    }
  };
  for (std::int32_t i = 0; i + 1 < count; ++i) {
    consider(i);
  }
  while (!heap.empty()) {
    const Candidate best = heap.top();
    heap.pop();
    Node& left = node(best.at);
    if (left.id != best.left || left.next < 0 || node(left.next).id != best.right) {
      continue;
    }
    Node& right = node(left.next);
    left.id = merges_.find(best.left, best.right).id;
    left.next = right.next;
    right.id = -1;
    if (left.next >= 0) {
      node(left.next).previous = best.at;
    }
    consider(left.previous);
    consider(best.at);
  }
  symbols.clear();
  for (std::int32_t i = count > 0 ? 0 : -1; i >= 0; i = node(i).next) {
    symbols.push_back(node(i).id);
  }
}

}  // namespace ottobit
