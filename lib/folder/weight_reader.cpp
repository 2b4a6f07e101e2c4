// SPDX-License-Identifier: Apache-2.0
#include "folder/weight_reader.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "ottobit/error.hpp"
#include "ottobit/format/recognise.hpp"
#include "ottobit/format/stack.hpp"

namespace ottobit {
namespace {

bool ends_with_any(std::string_view name, std::initializer_list<std::string_view> ends) {
  for (const std::string_view end : ends) {
    if (name.ends_with(end)) {
      return true;
    }
  }
  return false;
}

/// Buffers of old exports, whose numbers follow from the configuration; and scales for runtimes
/// that keep activations, or keys and values, in FP8, as this one does not.
bool is_without_effect(std::string_view name) {
  return ends_with_any(name, {".rotary_emb.inv_freq", ".k_scale", ".v_scale", ".kv_scale",
                              ".q_scale", ".prob_scale", ".activation_scale", ".input_scale",
                              ".slope_rate", ".query_decay", ".key_decay", ".diagonal_decay"});
}

/// What a tensor nobody asked for probably is.
std::string leftover_text(const TensorSource& source, const std::string& name, Index count) {
  for (const std::string_view suffix : {"_scale_inv", "_scale"}) {
    if (name.ends_with(suffix)) {
      const std::string weight = name.substr(0, name.size() - suffix.size());
      return source.find(weight) == nullptr ? "scale without its weight `" + weight + "`"
                                            : "a scale that `" + weight + "` does not use";
    }
  }
  const std::string others =
      count == 1 ? "" : "; so are " + std::to_string(count - 1) + " other tensors";
  return "unknown to this model: nothing would use this tensor" + others;
}

}  // namespace

CheckpointReader::CheckpointReader(const TensorSource& source, const DecoderSpec& spec,
                                   std::vector<Shape2> blocks, const KernelTable& kernels,
                                   std::optional<Parallel> parallel, MemoryHandle memory)
    : source_(source),
      spec_(spec),
      blocks_(std::move(blocks)),
      kernels_(kernels),
      memory_(std::move(memory)),
      repacker_(parallel, memory_) {
  if (!spec.wrapped) {
    return;
  }
  // Older and newer files: language_model.model.layers.0 and model.language_model.layers.0.
  for (const std::string& name : source.names()) {
    if (name.starts_with("language_model.")) {
      prefix_ = "language_model.";
      return;
    }
    if (name.starts_with("model.language_model.")) {
      inner_ = "language_model.";
      return;
    }
  }
}

WeightReader CheckpointReader::reader() {
  return {
      [this](const std::string& name, Shape2 shape) { return matrix(stored_name(name), shape); },
      [this](const std::string& name, Index count, Shape2 shape) {
        return stack(stored_name(name), count, shape);
      },
      [this](const std::string& name, const std::vector<Index>& shape) {
        return vector(stored_name(name), shape);
      },
      [this](const std::string& name, const std::vector<Index>& shape) {
        const TensorEntry* entry = source_.find(stored_name(name));
        return entry != nullptr && (shape.empty() || entry->shape == shape);
      },
      memory_};
}

std::string CheckpointReader::stored_name(const std::string& name) const {
  constexpr std::string_view kModel = "model.";
  if (!inner_.empty() && name.starts_with(kModel)) {
    return std::string(kModel) + inner_ + name.substr(kModel.size());
  }
  return prefix_ + name;
}

WeightView CheckpointReader::matrix(const std::string& name, Shape2 shape) {
  std::vector<std::string> used;
  const bool repacked = Repacker::stores(source_, name);
  WeightView view = repacked ? repacker_.repack(source_, name, shape, blocks_, used)
                             : recognise(source_, name, shape, blocks_, used, ZeroPoints::left);
  if (!repacked) {
    repacker_.attach_zeros(source_, name, view, used);
  }
  used_.insert(used.begin(), used.end());
  weights_.push_back({used.front(), view});
  return view;
}

WeightView CheckpointReader::stack(const std::string& name, Index count, Shape2 shape) {
  std::vector<std::string> used;
  const WeightView view = recognise_stack(source_, name, count, shape, blocks_, used);
  weights_.push_back({used.front(), view});
  used_.insert(used.begin(), used.end());
  return view;
}

Floats CheckpointReader::vector(const std::string& name, const std::vector<Index>& shape) {
  const TensorEntry& entry = require_tensor(source_, name, shape);
  Index n = 1;
  for (const Index size : shape) {
    n *= size;
  }
  if (entry.dtype == DType::i64 || entry.dtype == DType::i32) {
    return integers(name, entry, n);
  }
  WeightView row;
  const bool known = AllFormats::find(
      [&](auto format) {
        return decltype(format)::kBits > 8 && decltype(format)::stored_as(entry.dtype);
      },
      [&](auto format) { row.format = decltype(format)::kId; });
  OTTOBIT_CHECK(known, ErrorCode::unsupported, name,
                "dtype " + std::string(dtype_name(entry.dtype)) + ", expected F32, F16 or BF16");
  row.data = entry.bytes.data();
  row.rows = 1;
  row.cols = n;
  row.row_bytes = static_cast<Index>(entry.bytes.size());
  Floats values(static_cast<std::size_t>(n), memory_);
  kernels_.linear->dequant_f32(row, {0, 1}, values.data(), n);
  for (std::size_t i = 0; i < values.size(); ++i) {
    OTTOBIT_CHECK(std::isfinite(values[i]), ErrorCode::checkpoint, name,
                  "element " + std::to_string(i) + " is not a finite number");
  }
  used_.insert(name);
  copied_bytes_ += n * static_cast<Index>(sizeof(float));
  return values;
}

Floats CheckpointReader::integers(const std::string& name, const TensorEntry& entry, Index n) {
  Floats values(static_cast<std::size_t>(n), memory_);
  const std::byte* from = entry.bytes.data();
  for (float& value : values) {
    std::int64_t number = 0;
    if (entry.dtype == DType::i64) {
      std::memcpy(&number, from, sizeof(number));
    } else {
      std::int32_t narrow = 0;
      std::memcpy(&narrow, from, sizeof(narrow));
      number = narrow;
    }
    from += dtype_bits(entry.dtype) / 8;
    constexpr std::int64_t kExact = 1 << 24;
    OTTOBIT_CHECK(number >= -kExact && number <= kExact, ErrorCode::checkpoint, name,
                  "has " + std::to_string(number) + ", expected numbers up to 2^24");
    value = static_cast<float>(number);
  }
  used_.insert(name);
  copied_bytes_ += n * static_cast<Index>(sizeof(float));
  return values;
}

bool CheckpointReader::has_head() const {
  const std::string head = stored_name(spec_.names.head);
  return source_.find(head + ".weight") != nullptr ||
         source_.find(head + ".weight_packed") != nullptr || Repacker::stores(source_, head);
}

Index CheckpointReader::leave_aside() {
  const std::size_t before = used_.size();
  for (const std::string& name : source_.names()) {
    const bool aside = std::any_of(spec_.aside.begin(), spec_.aside.end(), [&](const auto& each) {
      const std::string scope = each + ".";
      return name.starts_with(scope) || name.starts_with(stored_name(scope));
    });
    if (aside) {
      used_.insert(name);
    }
  }
  return static_cast<Index>(used_.size() - before);
}

void CheckpointReader::finish(const Warn& warn) const {
  std::string first;
  Index count = 0;
  for (const std::string& name : source_.names()) {
    if (used_.contains(name) || is_without_effect(name)) {
      continue;
    }
    first = count == 0 ? name : first;
    ++count;
  }
  if (count == 0) {
    return;
  }
  const std::string text = leftover_text(source_, first, count);
  if (!warn) {
    fail(ErrorCode::checkpoint, first, text);
  }
  warn(first + ": " + text);
}

void use_stored_head(DecoderSpec& spec, const CheckpointReader& reader, const Warn& warn) {
  if (!spec.tied_head || !reader.has_head()) {
    return;
  }
  spec.tied_head = false;
  if (warn) {
    warn("lm_head.weight: is stored, and used, though `tie_word_embeddings` is true");
  }
}

Shape2 find_non_finite(const WeightView& w, RowRange rows, const KernelTable& kernels,
                       float* row) noexcept {
  for (Index r = rows.begin; r < rows.end; ++r) {
    kernels.linear->dequant_f32(w, {r, r + 1}, row, w.cols);
    float sum = 0.0F;
    for (Index k = 0; k < w.cols; ++k) {
      sum += row[k] - row[k];  // 0, or NaN for NaN and infinities
    }
    for (Index k = 0; std::isnan(sum) && k < w.cols; ++k) {
      if (!std::isfinite(row[k])) {
        return {r, k};
      }
    }
  }
  return {-1, -1};
}

}  // namespace ottobit
