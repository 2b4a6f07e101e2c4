// SPDX-License-Identifier: Apache-2.0
// Matrices of all experts in one tensor, as some makers publish them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ottobit/format/recognise.hpp"

namespace ottobit {

/// Tensors [count, rows, cols] of one name, with what belongs to them, as matrices one below the
/// other, [count * rows, cols].
class FlatSource final : public TensorSource {
 public:
  /// `stored`: what the files have for `<name>.weight`, with or without that end.
  FlatSource(const TensorSource& source, std::string name, std::string stored, Index count)
      : asked_(std::move(name) + ".weight"), stored_(std::move(stored)) {
    for (const std::string_view end : {"", "_scale_inv", "_scale"}) {
      const TensorEntry* const entry = source.find(stored_ + std::string(end));
      if (entry == nullptr) {
        continue;
      }
      TensorEntry flat = *entry;
      if (flat.shape.size() == 3 && flat.shape[0] == count) {
        flat.shape = {count * flat.shape[1], flat.shape[2]};
      }
      flat_.emplace_back(asked_ + std::string(end), std::move(flat));
    }
  }
  [[nodiscard]] const TensorEntry* find(std::string_view name) const override {
    for (const auto& [each, entry] : flat_) {
      if (each == name) {
        return &entry;
      }
    }
    return nullptr;
  }
  [[nodiscard]] std::vector<std::string> names() const override {
    std::vector<std::string> all;
    for (const auto& [name, entry] : flat_) {
      all.push_back(name);
    }
    return all;
  }
  /// What the files call a tensor of this source.
  [[nodiscard]] std::string stored_name(const std::string& name) const {
    return stored_ + name.substr(asked_.size());
  }

 private:
  std::string asked_;
  std::string stored_;
  std::vector<std::pair<std::string, TensorEntry>> flat_;
};

/// `count` matrices [shape.rows, shape.cols], one below the other: `<name>` [count, rows, cols] in
/// F32, F16 or BF16; MXFP4 as gpt-oss has it, `<name>_blocks` [count, rows, blocks, 16] U8 and
/// `<name>_scales` [count, rows, blocks] U8 for blocks of 32 columns; or `<name>.weight`, or
/// `<name>` in 8 bits, in any format of matrices, with scales [count, ...] beside it.
///   blocks  the geometries of scales that the configuration speaks of
///   used    receives the names of the tensors that belong to it, that of the elements first
/// Throws as recognise() does.
inline WeightView recognise_stack(const TensorSource& source, const std::string& name, Index count,
                                  Shape2 shape, const std::vector<Shape2>& blocks,
                                  std::vector<std::string>& used) {
  const TensorEntry* const plain = source.find(name);
  const bool in_bytes = plain != nullptr && dtype_bits(plain->dtype) <= 8;
  if (in_bytes || source.find(name + ".weight") != nullptr) {
    const FlatSource flat(source, name, in_bytes ? name : name + ".weight", count);
    std::vector<std::string> flat_used;
    const WeightView view =
        recognise(flat, name, {count * shape.rows, shape.cols}, blocks, flat_used);
    for (const std::string& each : flat_used) {
      used.push_back(flat.stored_name(each));
    }
    return view;
  }
  constexpr Index kBlock = 32;
  WeightView view;
  view.rows = count * shape.rows;
  view.cols = shape.cols;
  if (source.find(name + "_blocks") == nullptr) {
    const TensorEntry& entry = require_tensor(source, name, {count, shape.rows, shape.cols});
    const bool known = AllFormats::find(
        [&](auto format) {
          return decltype(format)::kBits > 8 && decltype(format)::stored_as(entry.dtype);
        },
        [&](auto format) { view.format = decltype(format)::kId; });
    OTTOBIT_CHECK(known, ErrorCode::unsupported, name,
                  "dtype " + std::string(dtype_name(entry.dtype)) +
                      ", expected F32, F16 or BF16, or a tensor `" + name + "_blocks` instead");
    view.data = entry.bytes.data();
    view.row_bytes = row_bytes(view.format, shape.cols);
    used.push_back(name);
    return view;
  }
  const Index groups = (shape.cols + kBlock - 1) / kBlock;
  OTTOBIT_CHECK(shape.cols % kBlock == 0, ErrorCode::unsupported, name + "_blocks",
                std::to_string(shape.cols) + " columns, expected whole blocks of 32");
  const TensorEntry& codes =
      require_tensor(source, name + "_blocks", {count, shape.rows, groups, kBlock / 2});
  const TensorEntry& scales = require_tensor(source, name + "_scales", {count, shape.rows, groups});
  for (const TensorEntry* entry : {&codes, &scales}) {
    OTTOBIT_CHECK(
        dtype_bits(entry->dtype) == 8, ErrorCode::checkpoint, name,
        "blocks and scales of dtype " + std::string(dtype_name(entry->dtype)) + ", expected U8");
  }
  view.format = FormatId::fp4_e2m1;
  view.data = codes.bytes.data();
  view.row_bytes = shape.cols / 2;
  view.scale_dtype = DType::f8_e8m0;
  view.scales = scales.bytes.data();
  view.scale_row_bytes = groups;
  view.block_rows = 1;
  view.block_cols = kBlock;
  used.push_back(name + "_blocks");
  used.push_back(name + "_scales");
  return view;
}

}  // namespace ottobit
