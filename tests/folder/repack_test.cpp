// SPDX-License-Identifier: Apache-2.0
// Matrices laid out anew, element by element against what their formats mean, on a source made in
// memory: GPTQ of 4 and 8 bits in both conventions of zero points, with columns in and out of
// order, AWQ, and the zero points of compressed-tensors.
#include "folder/repack.hpp"

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ottobit/format/recognise.hpp"
#include "ottobit/numeric/f16.hpp"

#include "support/random.hpp"

namespace ottobit {
namespace {

class Tensors final : public TensorSource {
 public:
  template <class T>
  void add(const std::string& name, DType dtype, std::vector<Index> shape,
           const std::vector<T>& values) {
    std::vector<std::byte>& bytes = bytes_[name];
    bytes.resize(values.size() * sizeof(T));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    entries_[name] = {dtype, std::move(shape), bytes, "memory"};
  }
  [[nodiscard]] const TensorEntry* find(std::string_view name) const override {
    const auto at = entries_.find(std::string(name));
    return at == entries_.end() ? nullptr : &at->second;
  }
  [[nodiscard]] std::vector<std::string> names() const override { return {}; }

 private:
  std::map<std::string, std::vector<std::byte>> bytes_;
  std::map<std::string, TensorEntry> entries_;
};

/// A matrix before it is packed: codes [N, K], zero points and scales [N, G], groups [K].
struct Matrix {
  Index n = 24;
  Index k = 96;
  Index groups = 3;
  Index bits = 4;
  std::vector<int> codes;
  std::vector<int> zeros;
  std::vector<float> scales;
  std::vector<std::int32_t> order;

  Matrix(Index bit_count, bool in_order, test::Random& random) : bits(bit_count) {
    for (Index i = 0; i < n * k; ++i) {
      codes.push_back(static_cast<int>(random.index(Index{1} << bits)));
    }
    for (Index i = 0; i < n * groups; ++i) {
      zeros.push_back(static_cast<int>(random.index(Index{1} << bits)));
      scales.push_back(F16::decode(F16::encode(random.uniform(0.1F, 2.0F))));
    }
    for (Index i = 0; i < k; ++i) {
      order.push_back(
          static_cast<std::int32_t>(in_order ? i / (k / groups) : random.index(groups)));
    }
  }

  [[nodiscard]] float at(Index r, Index c) const {
    const Index g = order[static_cast<std::size_t>(c)];
    const auto code = codes[static_cast<std::size_t>(r * k + c)];
    const auto zero = zeros[static_cast<std::size_t>(r * groups + g)];
    return static_cast<float>(code - zero) * scales[static_cast<std::size_t>(r * groups + g)];
  }
};

/// Numbers of `bits` bits, `at(row, i)`, packed along i, the lowest first.
template <class At>
std::vector<std::uint32_t> packed(Index rows, Index count, Index bits, const At& at) {
  std::vector<std::uint32_t> words;
  for (Index r = 0; r < rows; ++r) {
    for (Index i = 0; i < count; i += 32 / bits) {
      std::uint32_t word = 0;
      for (Index j = 0; j < 32 / bits && i + j < count; ++j) {
        word |= static_cast<std::uint32_t>(at(r, i + j)) << static_cast<unsigned>(j * bits);
      }
      words.push_back(word);
    }
  }
  return words;
}

std::vector<std::uint16_t> scales_by_columns(const Matrix& m) {
  std::vector<std::uint16_t> out;
  for (Index g = 0; g < m.groups; ++g) {
    for (Index r = 0; r < m.n; ++r) {
      out.push_back(F16::encode(m.scales[static_cast<std::size_t>(r * m.groups + g)]));
    }
  }
  return out;
}

Tensors gptq(const Matrix& m, bool exact) {
  Tensors tensors;
  const Index per_word = 32 / m.bits;
  std::vector<std::uint32_t> words;  // [K / per_word, N]
  for (Index i = 0; i < m.k / per_word; ++i) {
    for (Index r = 0; r < m.n; ++r) {
      std::uint32_t word = 0;
      for (Index j = 0; j < per_word; ++j) {
        const int code = m.codes[static_cast<std::size_t>(r * m.k + i * per_word + j)];
        word |= static_cast<std::uint32_t>(code) << static_cast<unsigned>(j * m.bits);
      }
      words.push_back(word);
    }
  }
  tensors.add("m.qweight", DType::i32, {m.k / per_word, m.n}, words);
  const int most = (1 << m.bits) - 1;
  const auto zeros = packed(m.groups, m.n, m.bits, [&](Index g, Index r) {
    return (m.zeros[static_cast<std::size_t>(r * m.groups + g)] - (exact ? 0 : 1)) & most;
  });
  tensors.add("m.qzeros", DType::i32, {m.groups, m.n * m.bits / 32}, zeros);
  tensors.add("m.scales", DType::f16, {m.groups, m.n}, scales_by_columns(m));
  tensors.add("m.g_idx", DType::i32, {m.k}, m.order);
  return tensors;
}

Tensors awq(const Matrix& m) {
  Tensors tensors;
  const Index columns[8] = {0, 2, 4, 6, 1, 3, 5, 7};
  const auto interleaved = [&](Index r, Index i) { return r * 8 + columns[i]; };
  std::vector<std::uint32_t> words;
  std::vector<std::uint32_t> zeros;
  for (Index c = 0; c < m.k; ++c) {
    for (Index r = 0; r < m.n / 8; ++r) {
      std::uint32_t word = 0;
      for (Index i = 0; i < 8; ++i) {
        const int code = m.codes[static_cast<std::size_t>(interleaved(r, i) * m.k + c)];
        word |= static_cast<std::uint32_t>(code) << static_cast<unsigned>(4 * i);
      }
      words.push_back(word);
    }
  }
  for (Index g = 0; g < m.groups; ++g) {
    for (Index r = 0; r < m.n / 8; ++r) {
      std::uint32_t word = 0;
      for (Index i = 0; i < 8; ++i) {
        const int zero = m.zeros[static_cast<std::size_t>(interleaved(r, i) * m.groups + g)];
        word |= static_cast<std::uint32_t>(zero) << static_cast<unsigned>(4 * i);
      }
      zeros.push_back(word);
    }
  }
  tensors.add("m.qweight", DType::i32, {m.k, m.n / 8}, words);
  tensors.add("m.qzeros", DType::i32, {m.groups, m.n / 8}, zeros);
  tensors.add("m.scales", DType::f16, {m.groups, m.n}, scales_by_columns(m));
  return tensors;
}

/// compressed-tensors: packed by rows, zero points packed along the rows, or as bytes.
Tensors compressed(const Matrix& m, bool bytes) {
  Tensors tensors;
  const int half = 1 << (m.bits - 1);
  tensors.add("m.weight_packed", DType::i32, {m.n, m.k * m.bits / 32},
              packed(m.n, m.k, m.bits, [&](Index r, Index c) {
                return m.codes[static_cast<std::size_t>(r * m.k + c)];
              }));
  std::vector<std::uint16_t> scales;
  for (const float scale : m.scales) {
    scales.push_back(F16::encode(scale));
  }
  tensors.add("m.weight_scale", DType::f16, {m.n, m.groups}, scales);
  tensors.add("m.weight_g_idx", DType::i32, {m.k}, m.order);
  if (bytes) {
    std::vector<std::int8_t> zeros;
    for (const int zero : m.zeros) {
      zeros.push_back(static_cast<std::int8_t>(zero - half));
    }
    tensors.add("m.weight_zero_point", DType::i8, {m.n, m.groups}, zeros);
  } else {
    const Index per_word = 32 / m.bits;
    std::vector<std::uint32_t> words(
        static_cast<std::size_t>((m.n + per_word - 1) / per_word * m.groups));
    for (Index r = 0; r < m.n; ++r) {
      for (Index g = 0; g < m.groups; ++g) {
        words[static_cast<std::size_t>(r / per_word * m.groups + g)] |=
            static_cast<std::uint32_t>(m.zeros[static_cast<std::size_t>(r * m.groups + g)])
            << static_cast<unsigned>(r % per_word * m.bits);
      }
    }
    tensors.add("m.weight_zero_point", DType::i32, {(m.n + per_word - 1) / per_word, m.groups},
                words);
  }
  return tensors;
}

void check(const Matrix& m, const WeightView& view) {
  for (Index r = 0; r < m.n; ++r) {
    for (Index c = 0; c < m.k; ++c) {
      REQUIRE(element_at(view, r, c) == m.at(r, c));
    }
  }
}

const std::vector<Shape2> kBlocks = {{1, 32}};

}  // namespace

TEST_CASE("GPTQ and AWQ mean the same after they are laid out anew") {
  test::Random random(41);
  for (const Index bits : {4, 8}) {
    for (const bool in_order : {true, false}) {
      const Matrix m(bits, in_order, random);
      for (const bool exact : {false, true}) {
        Repacker repacker(Parallel{});
        repacker.set_exact_zeros(exact);
        std::vector<std::string> used;
        const Tensors tensors = gptq(m, exact);
        check(m, repacker.repack(tensors, "m", {m.n, m.k}, kBlocks, used));
        CHECK(used.size() == 4);
        Repacker counting({});
        const WeightView described = counting.repack(tensors, "m", {m.n, m.k}, kBlocks, used);
        CHECK(described.data == nullptr);
        CHECK(format_text(described) ==
              (bits == 4 ? "INT4, 1x32, scales F16" : "INT8, 1x32, scales F16"));
        CHECK(counting.bytes() == repacker.bytes());
      }
    }
  }
  const Matrix m(4, true, random);
  Repacker repacker(Parallel{});
  std::vector<std::string> used;
  check(m, repacker.repack(awq(m), "m", {m.n, m.k}, kBlocks, used));
}

TEST_CASE("zero points and groups of compressed-tensors are attached") {
  test::Random random(43);
  for (const Index bits : {4, 8}) {
    for (const bool in_order : {true, false}) {
      const Matrix m(bits, in_order, random);
      for (const bool bytes : {false, true}) {
        const Tensors tensors = compressed(m, bytes);
        Repacker repacker(Parallel{});
        std::vector<std::string> used;
        WeightView view = recognise(tensors, "m", {m.n, m.k}, kBlocks, used, ZeroPoints::left);
        repacker.attach_zeros(tensors, "m", view, used);
        check(m, view);
        CHECK(used.size() == 4);
      }
    }
  }
}

TEST_CASE("laying out anew tells how far it is and ends when it is told to") {
  test::Random random(47);
  const Matrix m(4, true, random);
  Repacker repacker(Parallel{});
  std::vector<std::string> used;
  Index told = 0;
  repacker.set_progress([&](Index bytes) {
    told = bytes;
    return true;
  });
  (void)repacker.repack(gptq(m, false), "m", {m.n, m.k}, kBlocks, used);
  CHECK(told == repacker.bytes());
  repacker.set_progress([](Index) { return false; });
  CHECK_THROWS_AS((void)repacker.repack(gptq(m, false), "m", {m.n, m.k}, kBlocks, used), Error);
}

}  // namespace ottobit
