// SPDX-License-Identifier: Apache-2.0
#include "folder/random_weights.hpp"

#include <algorithm>
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

/// xorshift64* (Vigna 2016, arXiv:1402.6246), one stream for each 1 MiB piece.
void fill(std::byte* data, Index bytes, FormatId format, Parallel parallel) {
  constexpr Index kPiece = 1 << 20;
  const Pattern pattern = pattern_of(format);
  parallel.for_rows((bytes + kPiece - 1) / kPiece, 1, [=](Index begin, Index end, int) noexcept {
    for (Index piece = begin; piece < end; ++piece) {
      std::uint64_t state = 0x9E3779B97F4A7C15U * static_cast<std::uint64_t>(piece + 1);
      const Index stop = std::min(bytes, (piece + 1) * kPiece);
      for (Index at = piece * kPiece; at < stop; at += 8) {
        state ^= state >> 12U;
        state ^= state << 25U;
        state ^= state >> 27U;
        const std::uint64_t word = ((state * 0x2545F4914F6CDD1DU) & pattern.keep) | pattern.set;
        std::memcpy(data + at, &word, static_cast<std::size_t>(std::min<Index>(8, stop - at)));
      }
    }
  });
}

}  // namespace

RandomWeights::RandomWeights(const std::string& format, Parallel parallel)
    : format_(format_of(format)), parallel_(parallel) {}

WeightReader RandomWeights::reader() {
  return {[this](const std::string& name, Shape2 shape) { return matrix(name, shape); },
          [this](const std::string& name, Index count, Shape2 shape) {
            return matrix(name, {count * shape.rows, shape.cols});
          },
          [](const std::string& name, const std::vector<Index>& shape) {
            Index n = 1;
            for (const Index size : shape) {
              n *= size;
            }
            return std::vector<float>(static_cast<std::size_t>(n),
                                      name.ends_with("bias") ? 0.0F : 1.0F);
          },
          // Experts in one tensor are published in BF16, each by itself in FP8.
          [this](const std::string&) { return format_ != FormatId::fp8_e4m3; }};
}

WeightView RandomWeights::matrix(const std::string& name, Shape2 shape) {
  const bool outer = name.ends_with("embed_tokens") || name.ends_with("lm_head");
  WeightView w;
  w.format = outer && format_ == FormatId::fp8_e4m3 ? FormatId::bf16 : format_;
  w.rows = shape.rows;
  w.cols = shape.cols;
  w.row_bytes = row_bytes(w.format, shape.cols);
  memory_.emplace_back("random weights", w.rows * w.row_bytes, Pages::Size::huge);
  fill(memory_.back().data(), w.rows * w.row_bytes, w.format, parallel_);
  w.data = memory_.back().data();
  if (w.format != FormatId::fp8_e4m3) {
    return w;
  }
  w.block_rows = kBlock;
  w.block_cols = kBlock;
  const Index columns = (shape.cols + kBlock - 1) / kBlock;
  const Index count = (shape.rows + kBlock - 1) / kBlock * columns;
  w.scale_dtype = DType::f32;
  w.scale_row_bytes = columns * static_cast<Index>(sizeof(float));
  memory_.emplace_back("random scales", count * static_cast<Index>(sizeof(float)),
                       Pages::Size::normal);
  // The elements' root mean square is about 0.63: outputs of order one for inputs of order one.
  const float scale = 1.0F / (0.63F * std::sqrt(static_cast<float>(shape.cols)));
  for (Index i = 0; i < count; ++i) {
    std::memcpy(memory_.back().data() + i * static_cast<Index>(sizeof(float)), &scale,
                sizeof(float));
  }
  w.scales = memory_.back().data();
  return w;
}

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
    config["num_hidden_layers"] = layers;
    // A part of a model has layers of each kind: the last ones, or one dense one.
    if (config.contains("attn_type_list")) {
      Json& types = config["attn_type_list"];
      types =
          Json(types.end() - std::min<Json::difference_type>(layers, types.end() - types.begin()),
               types.end());
    }
    if (config.contains("first_k_dense_replace")) {
      config["first_k_dense_replace"] = 1;
    }
  }
  return {shape, format, Config::parse(std::move(config), shape)};
}

}  // namespace ottobit
