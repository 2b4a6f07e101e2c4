// SPDX-License-Identifier: Apache-2.0
#include "folder/random_weights.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>

#include "ottobit/error.hpp"
#include "ottobit/format/list.hpp"

#include "models/shapes.hpp"

namespace ottobit {
namespace {

constexpr Index kBlock = 128;

FormatId format_of(const std::string& name) {
  if (name == "fp8_e4m3_block") {
    return FormatId::fp8_e4m3;
  }
  if (name == "bf16") {
    return FormatId::bf16;
  }
  OTTOBIT_CHECK(name == "f32", ErrorCode::argument, "format",
                "\"" + name + "\", known are: fp8_e4m3_block, bf16, f32");
  return FormatId::f32;
}

/// Which bits of eight random bytes stay and which are set, so that every element is finite and
/// small: E4M3 below 2 in magnitude; BF16 and F32 between 2^-7 and 2^-5.
struct Pattern {
  std::uint64_t keep;
  std::uint64_t set;
};

Pattern pattern_of(FormatId format) {
  switch (format) {
    case FormatId::f32:
      return {0x80FFFFFF80FFFFFFU, 0x3C0000003C000000U};
    case FormatId::bf16:
      return {0x80FF80FF80FF80FFU, 0x3C003C003C003C00U};
    default:
      return {0xBFBFBFBFBFBFBFBFU, 0};
  }
}

Index blocks(Index n) {
  return (n + kBlock - 1) / kBlock;
}

/// xorshift64* (Vigna 2016, arXiv:1402.6246), one stream for each 1 MiB piece.
void fill_piece(std::byte* data, Index bytes, Index piece, const Pattern& pattern) noexcept {
  std::uint64_t state = 0x9E3779B97F4A7C15U * static_cast<std::uint64_t>(piece + 1);
  for (Index at = 0; at < bytes; at += 8) {
    state ^= state >> 12U;
    state ^= state << 25U;
    state ^= state >> 27U;
    const std::uint64_t word = ((state * 0x2545F4914F6CDD1DU) & pattern.keep) | pattern.set;
    std::memcpy(data + at, &word, static_cast<std::size_t>(std::min<Index>(8, bytes - at)));
  }
}

/// `wanted` is asked with the bytes that are filled.
void fill(std::byte* data, Index bytes, FormatId format, Parallel parallel,
          const std::function<bool(std::uint64_t)>& wanted) {
  constexpr Index kPiece = 1 << 20;
  const Pattern pattern = pattern_of(format);
  std::atomic<std::uint64_t> done{0};
  Watch watch([&] { return wanted(done); });
  parallel.set_watch(&watch);
  parallel.for_rows((bytes + kPiece - 1) / kPiece, 1, [&](Index begin, Index end, int) noexcept {
    for (Index piece = begin; piece < end; ++piece) {
      const Index at = piece * kPiece;
      fill_piece(data + at, std::min(kPiece, bytes - at), piece, pattern);
      done += static_cast<std::uint64_t>(kPiece);
    }
  });
}

}  // namespace

RandomWeights::RandomWeights(const std::string& format, Parallel parallel, MemoryHandle memory)
    : format_(format_of(format)), parallel_(parallel), source_of_memory_(std::move(memory)) {}

WeightReader RandomWeights::counter() {
  return reader([this](const std::string& name, Shape2 shape) {
    const WeightView w = shape_of(name, shape);
    total_ += static_cast<std::uint64_t>(w.rows * w.row_bytes);
    return w;
  });
}

WeightReader RandomWeights::reader(const Progress& progress) {
  return reader([this, progress](const std::string& name, Shape2 shape) {
    return matrix(name, shape, progress);
  });
}

WeightReader RandomWeights::reader(const Matrix& matrix) const {
  return {
      matrix,
      [matrix](const std::string& name, Index count, Shape2 shape) {
        return matrix(name, {count * shape.rows, shape.cols});
      },
      [this](const std::string& name, const std::vector<Index>& shape) {
        Index n = 1;
        for (const Index size : shape) {
          n *= size;
        }
        Floats values(static_cast<std::size_t>(n), name.ends_with("bias") ? 0.0F : 1.0F,
                      source_of_memory_);
        if (name.ends_with("tid2eid")) {  // experts of each token
          for (std::size_t i = 0; i < values.size(); ++i) {
            values[i] = static_cast<float>(static_cast<Index>(i) % shape.back());
          }
        }
        return values;
      },
      // Experts in one tensor are published in blocks of rows or in BF16, each by itself in FP8.
      [this](const std::string& name, const std::vector<Index>& shape) {
        return shape.empty() && (name.ends_with("_blocks") || format_ != FormatId::fp8_e4m3);
      },
      source_of_memory_};
}

WeightView RandomWeights::shape_of(const std::string& name, Shape2 shape) const {
  const bool outer = name.ends_with("embed_tokens") || name.ends_with("lm_head") ||
                     name == "embed" || name == "head";
  WeightView w;
  w.format = outer && format_ == FormatId::fp8_e4m3 ? FormatId::bf16 : format_;
  w.rows = shape.rows;
  w.cols = shape.cols;
  w.row_bytes = row_bytes(w.format, shape.cols);
  if (w.format == FormatId::fp8_e4m3) {
    w.block_rows = kBlock;
    w.block_cols = kBlock;
    w.scale_dtype = DType::f32;
    w.scale_row_bytes = blocks(shape.cols) * static_cast<Index>(sizeof(float));
  }
  return w;
}

WeightView RandomWeights::matrix(const std::string& name, Shape2 shape, const Progress& progress) {
  WeightView w = shape_of(name, shape);
  const Index bytes = w.rows * w.row_bytes;
  memory_.emplace_back("random weights", bytes, Pages::Size::huge, source_of_memory_);
  fill(memory_.back().data(), bytes, w.format, parallel_, [&](std::uint64_t done) {
    return !progress || progress(std::min(done_ + done, total_ - 1), total_);
  });
  done_ += static_cast<std::uint64_t>(bytes);
  if (progress && done_ == total_) {
    progress(total_, total_);
  }
  w.data = memory_.back().data();
  if (w.format != FormatId::fp8_e4m3) {
    return w;
  }
  const Index count = blocks(shape.rows) * blocks(shape.cols);
  memory_.emplace_back("random scales", count * static_cast<Index>(sizeof(float)),
                       Pages::Size::normal, source_of_memory_);
  // The elements' root mean square is about 0.63: outputs of order one for inputs of order one.
  const float scale = 1.0F / (0.63F * std::sqrt(static_cast<float>(shape.cols)));
  for (Index i = 0; i < count; ++i) {
    std::memcpy(memory_.back().data() + i * static_cast<Index>(sizeof(float)), &scale,
                sizeof(float));
  }
  w.scales = memory_.back().data();
  return w;
}

namespace {

/// Keeps the first or the last `count` of a sequence that has an entry for each layer: those with
/// more kinds among them.
template <class Sequence>
void keep_part(Sequence& all, Index count) {
  const auto kept = std::min<std::ptrdiff_t>(count, std::ssize(all));
  const auto kinds = [](auto begin, auto end) {
    std::ptrdiff_t found = 0;
    for (auto each = begin; each != end; ++each) {
      found += std::find(begin, each, *each) == each ? 1 : 0;
    }
    return found;
  };
  if (kinds(all.begin(), all.begin() + kept) > kinds(all.end() - kept, all.end())) {
    all.erase(all.begin() + kept, all.end());
  } else {
    all.erase(all.begin(), all.end() - kept);
  }
}

}  // namespace

RandomModel parse_random_model(const std::string& json) {
  const Config wish = Config::parse(parse_json(json, "random", ErrorCode::argument), "random");
  const std::string shape = wish.text("shape");
  const std::string format = wish.text("format", "fp8_e4m3_block");
  const Index layers = wish.integer("layers", 0);
  const std::vector<std::string> unread = wish.unread_keys();
  OTTOBIT_CHECK(unread.empty(), ErrorCode::argument, "random",
                "unknown member \"" + unread.front() + "\"");
  OTTOBIT_CHECK(layers >= 1 || !wish.mentions("layers"), ErrorCode::argument, "random",
                "layers is " + std::to_string(layers) + ", expected 1 or more");
  Json config = published_config(shape);
  if (layers > 0) {
    // The first layers of a model whose last ones have no keys of their own.
    if (config.contains("num_kv_shared_layers")) {
      const Index left_out = config["num_hidden_layers"].get<Index>() - layers;
      const Index shared = config["num_kv_shared_layers"].get<Index>() - left_out;
      config["num_kv_shared_layers"] = std::max<Index>(shared, 0);
    }
    const Index whole = config["num_hidden_layers"].get<Index>();
    config["num_hidden_layers"] = layers;
    // A part of a model has layers of each kind, where it can, and one dense one.
    for (auto& [key, value] : config.items()) {
      if (value.is_array() && std::ssize(value) == whole) {
        keep_part(value.elements(), layers);
      } else if (value.is_string() && std::ssize(value.text()) == whole) {
        std::string letters(value.text());
        keep_part(letters, layers);
        value = letters;
      }
    }
    if (config.contains("first_k_dense_replace")) {
      config["first_k_dense_replace"] = 1;
    }
  }
  return {shape, format, Config::parse(std::move(config), shape)};
}

}  // namespace ottobit
