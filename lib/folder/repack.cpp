// SPDX-License-Identifier: Apache-2.0
#include "folder/repack.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "ottobit/error.hpp"
#include "ottobit/format/recognise.hpp"
#include "ottobit/watch.hpp"

namespace ottobit {

namespace {

constexpr Index kWord = 32;  // bits

std::uint32_t word_at(const std::byte* words, Index i) noexcept {
  std::uint32_t word = 0;
  std::memcpy(&word, words + 4 * i, sizeof(word));
  return word;
}

/// Which column of eight a word's nibble is, in AWQ's "gemm" order.
constexpr std::array<Index, 8> kAwqColumns = {0, 2, 4, 6, 1, 3, 5, 7};

/// Number `c` of a row of AWQ's words.
int awq_at(const std::byte* words, Index c) noexcept {
  const auto* const found = std::find(kAwqColumns.begin(), kAwqColumns.end(), c % 8);
  const auto nibble = static_cast<unsigned>(found - kAwqColumns.begin());
  return static_cast<int>(word_at(words, c / 8) >> (4U * nibble) & 0xFU);
}

/// Number `c` of a row of words that hold numbers of `bits` bits, the lowest first.
int packed_at(const std::byte* words, Index c, Index bits) noexcept {
  const Index per_word = kWord / bits;
  const auto shift = static_cast<unsigned>(c % per_word * bits);
  return static_cast<int>(word_at(words, c / per_word) >> shift & ((1U << bits) - 1U));
}

/// Rows [begin, end) of GPTQ's matrix: a word has consecutive columns of one row, as here.
void repack_gptq(const std::byte* words, Index rows, Index words_per_row, RowRange range,
                 std::byte* out) noexcept {
  constexpr Index kTile = 16;  // rows: a cache line of words
  for (Index first = range.begin; first < range.end; first += kTile) {
    const Index last = std::min(first + kTile, range.end);
    for (Index i = 0; i < words_per_row; ++i) {
      for (Index r = first; r < last; ++r) {
        std::memcpy(out + (r * words_per_row + i) * 4, words + (i * rows + r) * 4, 4);
      }
    }
  }
}

/// Rows [begin, end), whole words of eight, of AWQ's matrix: a word has one column of eight rows.
void repack_awq(const std::byte* words, Index rows, Index cols, RowRange range,
                std::byte* out) noexcept {
  const Index row_bytes = (cols + 1) / 2;
  for (Index first = range.begin; first < range.end; first += 8) {
    for (Index k = 0; k < cols; k += 2) {
      const std::uint32_t even = word_at(words, k * (rows / 8) + first / 8);
      const std::uint32_t odd =
          k + 1 < cols ? word_at(words, (k + 1) * (rows / 8) + first / 8) : 0x88888888U;
      for (unsigned i = 0; i < 8; ++i) {
        const std::uint32_t pair = (even >> (4 * i) & 0xFU) | (odd >> (4 * i) & 0xFU) << 4U;
        out[(first + kAwqColumns[i]) * row_bytes + k / 2] = static_cast<std::byte>(pair);
      }
    }
  }
}

/// How many columns have one scale, where the file has `groups` of them.
Index group_size(Shape2 shape, Index groups, const std::vector<Shape2>& blocks,
                 const std::string& name) {
  for (const Shape2 block : blocks) {
    const Index size = block.cols == 0 ? shape.cols : block.cols;
    if (block.rows <= 1 && groups == (shape.cols + size - 1) / size) {
      return size;
    }
  }
  OTTOBIT_CHECK(groups >= 1 && shape.cols % groups == 0, ErrorCode::checkpoint, name,
                std::to_string(groups) + " groups of scales for " + std::to_string(shape.cols) +
                    " columns, which the configuration's group size does not give");
  return shape.cols / groups;
}

}  // namespace

template <class T>
T* Repacker::take(Index count) {
  const Index bytes = count * static_cast<Index>(sizeof(T));
  bytes_ += bytes;
  if (!parallel_) {
    return nullptr;
  }
  constexpr Index kHuge = Index{4} << 20U;
  memory_.emplace_back("weights", bytes, bytes >= kHuge ? Pages::Size::huge : Pages::Size::normal,
                       source_of_memory_);
  return reinterpret_cast<T*>(memory_.back().data());
}

bool Repacker::stores(const TensorSource& source, const std::string& name) {
  return source.find(name + ".qweight") != nullptr;
}

void Repacker::take_groups(const TensorEntry& entry, const std::string& name, Index groups,
                           WeightView& view) {
  OTTOBIT_CHECK(entry.dtype == DType::i32 && entry.shape == std::vector<Index>{view.cols},
                ErrorCode::checkpoint, name,
                std::string(dtype_name(entry.dtype)) + " " + shape_text(entry.shape) +
                    ", expected I32 " + shape_text({view.cols}));
  bool in_order = true;
  for (Index k = 0; k < view.cols; ++k) {
    const auto group = static_cast<std::int32_t>(word_at(entry.bytes.data(), k));
    OTTOBIT_CHECK(group >= 0 && group < groups, ErrorCode::checkpoint, name,
                  "element " + std::to_string(k) + " is " + std::to_string(group) +
                      ", expected 0 to " + std::to_string(groups - 1));
    in_order = in_order && group == k / view.block_cols;
  }
  auto* const copy = in_order ? nullptr : take<std::int32_t>(view.cols);
  if (copy != nullptr) {
    std::memcpy(copy, entry.bytes.data(), entry.bytes.size());
    view.groups = copy;
  }
}

WeightView Repacker::repack(const TensorSource& source, const std::string& name, Shape2 shape,
                            const std::vector<Shape2>& blocks, std::vector<std::string>& used) {
  const TensorEntry& codes = *source.find(name + ".qweight");
  const Index rows = shape.rows;
  const Index cols = shape.cols;
  const auto is = [&](Index first, Index second) {
    return codes.shape == std::vector<Index>{first, second};
  };
  const auto words = [&](Index n, Index bits) { return (n * bits + kWord - 1) / kWord; };
  const bool awq = rows % 8 == 0 && is(cols, rows / 8);
  const Index bits = awq || is(words(cols, 4), rows) ? 4 : 8;
  OTTOBIT_CHECK(codes.dtype == DType::i32 && (awq || is(words(cols, bits), rows)),
                ErrorCode::checkpoint, name + ".qweight",
                std::string(dtype_name(codes.dtype)) + " " + shape_text(codes.shape) +
                    ", expected I32 " + shape_text({words(cols, 4), rows}) + " (GPTQ, 4 bits), " +
                    shape_text({words(cols, 8), rows}) + " (GPTQ, 8 bits) or " +
                    shape_text({cols, rows / 8}) + " (AWQ) (file " + std::string(codes.file) + ")");
  const TensorEntry* const scales = source.find(name + ".scales");
  OTTOBIT_CHECK(scales != nullptr && scales->shape.size() == 2, ErrorCode::checkpoint,
                name + ".scales", "missing, or not of the shape [groups, rows]");
  const Index groups = scales->shape[0];
  require_tensor(source, name + ".scales", {groups, rows});
  OTTOBIT_CHECK(dtype_bits(scales->dtype) == 16, ErrorCode::checkpoint, name + ".scales",
                "dtype " + std::string(dtype_name(scales->dtype)) + ", expected F16 or BF16");

  WeightView view{.format = bits == 4 ? FormatId::int4 : FormatId::int8_offset,
                  .scale_dtype = scales->dtype,
                  .rows = rows,
                  .cols = cols,
                  .row_bytes = awq ? (cols + 1) / 2 : words(cols, bits) * 4,
                  .scale_row_bytes = 2 * groups,
                  .block_rows = 1,
                  .block_cols = group_size(shape, groups, blocks, name + ".scales")};
  used.insert(used.end(), {name + ".qweight", name + ".scales"});
  if (const TensorEntry* const order = source.find(name + ".g_idx")) {
    take_groups(*order, name + ".g_idx", groups, view);
    used.push_back(name + ".g_idx");
  }
  const TensorEntry* const zeros = source.find(name + ".qzeros");
  if (zeros != nullptr) {
    require_tensor(source, name + ".qzeros", {groups, words(rows, bits)});
    used.push_back(name + ".qzeros");
  }

  // A row of the grid of scales has all groups, whatever the size of the last.
  auto* const data = take<std::byte>(rows * view.row_bytes);
  auto* const made_scales = take<std::byte>(rows * view.scale_row_bytes);
  auto* const made_zeros = take<std::int8_t>(rows * groups);
  if (!parallel_) {
    return view;
  }
  Watch watch([&] { return !progress_ || progress_(bytes_); });
  Parallel parallel = *parallel_;
  parallel.set_watch(&watch);
  const int half = bits == 4 ? 8 : 128;
  const int most = 2 * half - 1;
  parallel.for_rows(rows, 16, [&](Index begin, Index end, int) noexcept {
    if (awq) {
      repack_awq(codes.bytes.data(), rows, cols, {begin, end}, data);
    } else {
      repack_gptq(codes.bytes.data(), rows, view.row_bytes / 4, {begin, end}, data);
    }
    for (Index g = 0; g < groups; ++g) {
      const std::byte* const row =
          zeros == nullptr ? nullptr : zeros->bytes.data() + g * words(rows, bits) * 4;
      for (Index r = begin; r < end; ++r) {
        std::memcpy(made_scales + (r * groups + g) * 2, scales->bytes.data() + (g * rows + r) * 2,
                    2);
        const int stored = row == nullptr ? half - (exact_zeros_ ? 0 : 1)
                           : awq          ? awq_at(row, r)
                                          : packed_at(row, r, bits);
        // What is stored wraps around as the numbers do.
        const int zero = awq || exact_zeros_ ? stored : (stored + 1) & most;
        made_zeros[r * groups + g] = static_cast<std::int8_t>(zero - half);
      }
    }
  });
  view.data = data;
  view.scales = made_scales;
  view.zeros = made_zeros;
  if (std::all_of(made_zeros, made_zeros + rows * groups, [](std::int8_t z) { return z == 0; })) {
    view.zeros = nullptr;  // symmetric
  }
  watch.check();
  return view;
}

void Repacker::attach_zeros(const TensorSource& source, const std::string& name, WeightView& view,
                            std::vector<std::string>& used) {
  if (view.scales == nullptr) {
    return;
  }
  const Index groups = (view.cols + view.block_cols - 1) / view.block_cols;
  if (const TensorEntry* const order = source.find(name + ".weight_g_idx")) {
    take_groups(*order, name + ".weight_g_idx", groups, view);
    used.push_back(name + ".weight_g_idx");
  }
  const std::string zeros_name = name + ".weight_zero_point";
  const TensorEntry* const zeros = source.find(zeros_name);
  if (zeros == nullptr) {
    return;
  }
  used.push_back(zeros_name);
  const Index bits = view.format == FormatId::int4 ? 4 : 8;
  const Index grid_rows = (view.rows + view.block_rows - 1) / view.block_rows;
  const bool known = view.format == FormatId::int4 || view.format == FormatId::int8 ||
                     view.format == FormatId::int8_offset;
  OTTOBIT_CHECK(known, ErrorCode::unsupported, zeros_name,
                "zero points of " + std::string(format_name(view.format)) +
                    " weights are not known to this release");
  const bool bytes = zeros->dtype == DType::i8;
  require_tensor(source, zeros_name,
                 {bytes ? grid_rows : (grid_rows * bits + kWord - 1) / kWord, groups});
  OTTOBIT_CHECK(bytes || zeros->dtype == DType::i32, ErrorCode::checkpoint, zeros_name,
                "dtype " + std::string(dtype_name(zeros->dtype)) + ", expected I8 or packed I32");
  auto* const made = take<std::int8_t>(grid_rows * groups);
  if (made == nullptr) {
    return;
  }
  const Index per_word = kWord / bits;
  const int half = bits == 4 ? 8 : 128;
  for (Index r = 0; r < grid_rows; ++r) {
    for (Index g = 0; g < groups; ++g) {
      int zero = 0;
      if (bytes) {
        zero = static_cast<std::int8_t>(zeros->bytes[static_cast<std::size_t>(r * groups + g)]);
      } else {  // packed along the rows, with the offset that the elements have
        const std::uint32_t word = word_at(zeros->bytes.data(), r / per_word * groups + g);
        const auto shift = static_cast<unsigned>(r % per_word * bits);
        zero = static_cast<int>(word >> shift & ((1U << bits) - 1U)) - half;
      }
      OTTOBIT_CHECK(zero >= -half && zero < half, ErrorCode::checkpoint, zeros_name,
                    "element [" + std::to_string(r) + ", " + std::to_string(g) + "] is " +
                        std::to_string(zero) + ", expected " + std::to_string(-half) + " to " +
                        std::to_string(half - 1));
      made[r * groups + g] = static_cast<std::int8_t>(zero);
    }
  }
  view.zeros = made;
}

}  // namespace ottobit
