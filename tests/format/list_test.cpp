// SPDX-License-Identifier: Apache-2.0
// Recognition of weight formats from dtypes and neighbouring tensors, on a source made in memory.
#include "ottobit/format/list.hpp"

#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/errors.hpp"

namespace ottobit {
namespace {

class MemorySource final : public TensorSource {
 public:
  MemorySource& add(const std::string& name, DType dtype, std::vector<Index> shape) {
    Index elements = 1;
    for (const Index size : shape) {
      elements *= size;
    }
    std::vector<std::byte>& bytes = bytes_[name];
    bytes.resize(static_cast<std::size_t>(elements * dtype_bits(dtype) / 8));
    entries_[name] = {dtype, std::move(shape), bytes, "memory"};
    return *this;
  }
  [[nodiscard]] const TensorEntry* find(std::string_view name) const override {
    const auto at = entries_.find(std::string(name));
    return at == entries_.end() ? nullptr : &at->second;
  }
  [[nodiscard]] std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& [name, entry] : entries_) {
      names.push_back(name);
    }
    return names;
  }

 private:
  std::map<std::string, std::vector<std::byte>> bytes_;
  std::map<std::string, TensorEntry> entries_;
};

constexpr Shape2 kShape{200, 300};
constexpr Shape2 kBlock{128, 128};

}  // namespace

TEST_CASE("dense weights are recognised by their dtype") {
  for (const auto& [dtype, text] : std::vector<std::pair<DType, std::string>>{
           {DType::f32, "F32"}, {DType::f16, "F16"}, {DType::bf16, "BF16"}}) {
    const MemorySource source = MemorySource().add("m.weight", dtype, {200, 300});
    std::vector<std::string> used;
    const WeightView view = recognise(source, "m", kShape, kBlock, used);
    CHECK(format_text(view) == text);
    CHECK(view.row_bytes == 300 * dtype_bits(dtype) / 8);
    CHECK(view.scales == nullptr);
    CHECK(view.data == source.find("m.weight")->bytes.data());
    CHECK(used == std::vector<std::string>{"m.weight"});
  }
}

TEST_CASE("E4M3 weights take their scales in every dtype they are published in") {
  for (const auto& [dtype, seen, text] :
       std::vector<std::tuple<DType, DType, std::string>>{{DType::f32, DType::f32, "F32"},
                                                          {DType::bf16, DType::bf16, "BF16"},
                                                          {DType::f16, DType::f16, "F16"},
                                                          {DType::f8_e8m0, DType::f8_e8m0, "UE8M0"},
                                                          {DType::u8, DType::f8_e8m0, "UE8M0"}}) {
    const MemorySource source = MemorySource()
                                    .add("m.weight", DType::f8_e4m3, {200, 300})
                                    .add("m.weight_scale_inv", dtype, {2, 3});
    std::vector<std::string> used;
    const WeightView view = recognise(source, "m", kShape, kBlock, used);
    CHECK(format_text(view) == "FP8 E4M3, 128x128, scales " + text);
    CHECK(view.scale_dtype == seen);
    CHECK(view.scale_row_bytes == 3 * dtype_bits(dtype) / 8);
    CHECK_FALSE(view.scale_inverse);  // the name notwithstanding
    CHECK(used.size() == 2);
  }
}

TEST_CASE("the block's geometry decides the shape of the scales") {
  std::vector<std::string> used;
  const MemorySource source = MemorySource()
                                  .add("m.weight", DType::f8_e4m3, {200, 300})
                                  .add("m.weight_scale_inv", DType::f32, {200, 10});
  CHECK(format_text(recognise(source, "m", kShape, {1, 32}, used)) == "FP8 E4M3, 1x32, scales F32");
  test::expect_error(ErrorCode::checkpoint, {"m.weight_scale_inv", "[200, 10]", "[2, 3]"},
                     [&] { (void)recognise(source, "m", kShape, kBlock, used); });
}

TEST_CASE("what is missing, misshapen or of no weight dtype is named") {
  std::vector<std::string> used;
  const MemorySource source = MemorySource()
                                  .add("m.weight", DType::f8_e4m3, {200, 300})
                                  .add("i.weight", DType::i32, {200, 300});
  const auto ask = [&](const char* name, Shape2 shape) {
    return [&, name, shape] { (void)recognise(source, name, shape, kBlock, used); };
  };
  test::expect_error(ErrorCode::checkpoint, {"n.weight", "missing", "[200, 300]"},
                     ask("n", kShape));
  test::expect_error(ErrorCode::checkpoint, {"m.weight", "[200, 300]", "[300, 200]", "memory"},
                     ask("m", {300, 200}));
  test::expect_error(ErrorCode::checkpoint, {"m.weight", "without scales", "m.weight_scale_inv"},
                     ask("m", kShape));
  test::expect_error(ErrorCode::unsupported, {"i.weight", "I32", "F8_E4M3"}, ask("i", kShape));
}

}  // namespace ottobit
