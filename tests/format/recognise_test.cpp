// SPDX-License-Identifier: Apache-2.0
// Recognition of weight formats from dtypes and neighbouring tensors, on a source made in memory.
#include "ottobit/format/recognise.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ottobit/format/stack.hpp"

#include "support/errors.hpp"
#include "support/random.hpp"
#include "support/weights.hpp"

namespace ottobit {
namespace {

class MemorySource final : public TensorSource {
 public:
  MemorySource& add(const std::string& name, DType dtype, std::vector<Index> shape) {
    Index elements = 1;
    for (const Index size : shape) {
      elements *= size;
    }
    bytes_[name] = std::make_shared<std::vector<std::byte>>(
        static_cast<std::size_t>(elements * dtype_bits(dtype) / 8));
    entries_[name] = {dtype, std::move(shape), *bytes_[name], "memory"};
    return *this;
  }
  void set(const std::string& name, const std::vector<int>& values) {
    std::vector<std::byte>& bytes = *bytes_.at(name);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<std::byte>(values.at(i));
    }
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
  std::map<std::string, std::shared_ptr<std::vector<std::byte>>> bytes_;  // copies share them
  std::map<std::string, TensorEntry> entries_;
};

constexpr Shape2 kShape{200, 300};
const std::vector<Shape2> kBlock{{128, 128}, kPerMatrix, kPerRow};  // nothing is said

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
  CHECK(format_text(recognise(source, "m", kShape, {{1, 32}}, used)) ==
        "FP8 E4M3, 1x32, scales F32");
  test::expect_error(ErrorCode::checkpoint,
                     {"m.weight_scale_inv", "[200, 10]", "[2, 3]", "128x128", "memory"},
                     [&] { (void)recognise(source, "m", kShape, kBlock, used); });
}

TEST_CASE("what is missing, misshapen or of no weight dtype is named") {
  std::vector<std::string> used;
  const MemorySource source = MemorySource()
                                  .add("m.weight", DType::f8_e4m3, {200, 300})
                                  .add("i.weight", DType::i64, {200, 300});
  const auto ask = [&](const char* name, Shape2 shape) {
    return [&, name, shape] { (void)recognise(source, name, shape, kBlock, used); };
  };
  test::expect_error(ErrorCode::checkpoint, {"n.weight", "missing", "[200, 300]"},
                     ask("n", kShape));
  test::expect_error(ErrorCode::checkpoint, {"m.weight", "[200, 300]", "[300, 200]", "memory"},
                     ask("m", {300, 200}));
  test::expect_error(ErrorCode::checkpoint, {"m.weight", "without scales", "m.weight_scale_inv"},
                     ask("m", kShape));
  test::expect_error(ErrorCode::unsupported, {"i.weight", "I64", "F8_E4M3"}, ask("i", kShape));
}

TEST_CASE("the shape, dtype and names of scales tell the published layouts apart") {
  struct Case {
    const char* text;
    std::vector<Shape2> blocks;
    const char* weight;
    DType dtype;
    std::vector<Index> stored;
    const char* scale;
    DType scale_dtype;
    std::vector<Index> scale_shape;
  };
  const std::vector<Case> cases{
      {"FP8 E4M3, per tensor, scales F32",
       kBlock,
       "m.weight",
       DType::f8_e4m3,
       {200, 320},
       "m.weight_scale",
       DType::f32,
       {}},
      {"FP8 E4M3, per tensor, scales F32",
       kBlock,
       "m.weight",
       DType::f8_e4m3,
       {200, 320},
       "m.weight_scale",
       DType::f32,
       {1}},
      {"FP8 E4M3, per row, scales F32",
       kBlock,
       "m.weight",
       DType::f8_e4m3,
       {200, 320},
       "m.weight_scale",
       DType::f32,
       {200, 1}},
      {"FP8 E5M2, per row, scales BF16",
       kBlock,
       "m.weight",
       DType::f8_e5m2,
       {200, 320},
       "m.weight_scale",
       DType::bf16,
       {200}},
      {"FP8 E4M3, 32x32, scales UE8M0",
       {{32, 32}},
       "m.weight",
       DType::f8_e4m3,
       {200, 320},
       "m.scale",
       DType::f8_e8m0,
       {7, 10}},
      {"FP8 E4M3, 1x32, scales UE8M0",
       kBlock,
       "m.weight",
       DType::f8_e4m3,
       {200, 320},
       "m.weight_scale",
       DType::u8,
       {200, 10}},
      {"FP4 E2M1, 1x32, scales UE8M0",
       kBlock,
       "m.weight",
       DType::i8,
       {200, 160},
       "m.scale",
       DType::f8_e8m0,
       {200, 10}},
      {"FP4 E2M1, 1x32, scales UE8M0",
       {{1, 32}},
       "m.weight_packed",
       DType::u8,
       {200, 160},
       "m.weight_scale",
       DType::u8,
       {200, 10}},
      {"INT4, 1x32, scales BF16",
       {{1, 32}},
       "m.weight_packed",
       DType::i32,
       {200, 40},
       "m.weight_scale",
       DType::bf16,
       {200, 10}},
      {"INT4, 1x128, scales F16",
       {{1, 128}},
       "m.weight_packed",
       DType::i32,
       {200, 40},
       "m.weight_scale",
       DType::f16,
       {200, 3}},
  };
  for (const Case& c : cases) {
    CAPTURE(std::string(c.text));
    const MemorySource source =
        MemorySource().add(c.weight, c.dtype, c.stored).add(c.scale, c.scale_dtype, c.scale_shape);
    std::vector<std::string> used;
    const WeightView view = recognise(source, "m", {200, 320}, c.blocks, used);
    CHECK(format_text(view) == c.text);
    CHECK(used == std::vector<std::string>{c.weight, c.scale});
    CHECK(view.row_bytes * 200 == static_cast<Index>(source.find(c.weight)->bytes.size()));
    const Index scale_rows = (200 + view.block_rows - 1) / view.block_rows;
    CHECK(view.scale_row_bytes * scale_rows ==
          static_cast<Index>(source.find(c.scale)->bytes.size()));
  }
}

TEST_CASE("the matrix scale of NVFP4 multiplies or divides, as its maker says") {
  for (const auto& [name, inverse] :
       {std::pair{"m.weight_scale_2", false}, std::pair{"m.weight_global_scale", true}}) {
    MemorySource source;
    source.add("m.weight_packed", DType::u8, {4, 16})
        .add("m.weight_scale", DType::f8_e4m3, {4, 2})
        .add(name, DType::f32, {1});
    std::vector<std::string> used;
    test::expect_error(ErrorCode::checkpoint, {name, "positive"}, [&] {
      (void)recognise(source, "m", {4, 32}, kBlock, used);
    });
    source.set(name, {0x00, 0x00, 0x00, 0x3F});  // 0.5F
    const WeightView view = recognise(source, "m", {4, 32}, kBlock, used);
    CHECK(view.matrix_scale == 0.5F);
    CHECK(view.matrix_scale_inverse == inverse);
    CHECK(format_text(view) == "FP4 E2M1, 1x16, scales E4M3");
  }
}

TEST_CASE("NVFP4 without its matrix scale, or with scales of another kind, is refused") {
  const auto read = [](DType scales, std::vector<Index> shape) {
    return [scales, shape = std::move(shape)] {
      const MemorySource source = MemorySource()
                                      .add("m.weight_packed", DType::u8, {4, 16})
                                      .add("m.weight_scale", scales, shape);
      std::vector<std::string> used;
      (void)recognise(source, "m", {4, 32}, {{1, 16}, kPerRow}, used);
    };
  };
  test::expect_error(ErrorCode::checkpoint, {"m.weight_scale_2", "m.weight_global_scale"},
                     read(DType::f8_e4m3, {4, 2}));
  for (const DType dtype : {DType::f8_e8m0, DType::u8}) {
    test::expect_error(ErrorCode::checkpoint, {"m.weight_scale", "[4, 2]", "expected [4, 1]"},
                       read(dtype, {4, 2}));
  }
  test::expect_error(ErrorCode::checkpoint, {"m.weight_scale", "[4, 1]", "expected [4, 2]"},
                     read(DType::f8_e4m3, {4, 1}));
}

TEST_CASE("scales that lack a part do not pass for those of another geometry") {
  const auto read = [](std::vector<Index> shape, std::vector<Shape2> blocks) {
    return [shape = std::move(shape), blocks = std::move(blocks)] {
      const MemorySource source = MemorySource()
                                      .add("m.weight", DType::f8_e4m3, {160, 96})
                                      .add("m.weight_scale_inv", DType::f32, shape);
      std::vector<std::string> used;
      (void)recognise(source, "m", {160, 96}, blocks, used);
    };
  };
  const std::vector<Shape2> said{{128, 128}, kPerRow};
  test::expect_error(ErrorCode::checkpoint, {"weight_scale_inv", "[1, 1]", "expected [2, 1]"},
                     read({1, 1}, said));
  test::expect_error(ErrorCode::checkpoint, {"[1]", "expected [2, 1]"}, read({1}, said));
  CHECK_NOTHROW(read({2, 1}, said)());
  CHECK_NOTHROW(read({160, 1}, said)());
  CHECK_NOTHROW(read({160}, said)());
  CHECK_NOTHROW(read({1}, kBlock)());
}

TEST_CASE("what belongs to a matrix is accounted for, what would change it is refused") {
  const auto with = [](const char* name, DType dtype, std::vector<Index> shape) {
    return MemorySource()
        .add("m.weight", DType::f8_e4m3, {4, 32})
        .add("m.weight_scale", DType::f32, {1})
        .add(name, dtype, std::move(shape));
  };
  std::vector<std::string> used;
  (void)recognise(with("m.input_scale", DType::f32, {}), "m", {4, 32}, kBlock, used);
  CHECK(used.back() == "m.input_scale");
  test::expect_error(ErrorCode::unsupported, {"m.weight_zero_point", "asymmetric"}, [&] {
    (void)recognise(with("m.weight_zero_point", DType::i32, {4, 1}), "m", {4, 32}, kBlock, used);
  });
  test::expect_error(ErrorCode::checkpoint, {"m.weight_shape", "[4, 32]"}, [&] {
    (void)recognise(with("m.weight_shape", DType::i64, {2}), "m", {4, 32}, kBlock, used);
  });
  test::expect_error(ErrorCode::checkpoint, {"m.scale", "m.weight_scale"}, [&] {
    (void)recognise(with("m.scale", DType::f32, {1}), "m", {4, 32}, kBlock, used);
  });
}

TEST_CASE("stacks of experts in 8 bits with scales of each, under both names") {
  for (const std::string end : {"", ".weight"}) {
    std::vector<std::string> used;
    const MemorySource source = MemorySource()
                                    .add("e.down" + end, DType::f8_e4m3, {4, 6, 64})
                                    .add("e.down" + end + "_scale_inv", DType::f32, {4, 3, 4});
    const WeightView view = recognise_stack(source, "e.down", 4, {6, 64}, {{2, 16}}, used);
    CHECK(format_text(view) == "FP8 E4M3, 2x16, scales F32");
    CHECK(view.rows == 24);
    CHECK(view.scale_row_bytes == 16);
    CHECK(used == std::vector<std::string>{"e.down" + end, "e.down" + end + "_scale_inv"});
    // Blocks that reach over the end of a matrix do not join with those of the next.
    test::expect_error(ErrorCode::checkpoint, {"e.down", "scale"}, [&] {
      (void)recognise_stack(source, "e.down", 4, {6, 64}, {{4, 16}}, used);
    });
  }
}

TEST_CASE("stacks of experts: dense, or MXFP4 in blocks and scales") {
  std::vector<std::string> used;
  const MemorySource dense = MemorySource().add("e.down", DType::bf16, {4, 6, 64});
  const WeightView plain = recognise_stack(dense, "e.down", 4, {6, 64}, {}, used);
  CHECK(plain.rows == 24);
  CHECK(plain.row_bytes == 128);
  CHECK(used == std::vector<std::string>{"e.down"});

  used.clear();
  const MemorySource source = MemorySource()
                                  .add("e.down_blocks", DType::u8, {4, 6, 2, 16})
                                  .add("e.down_scales", DType::u8, {4, 6, 2});
  const WeightView view = recognise_stack(source, "e.down", 4, {6, 64}, {}, used);
  CHECK(format_text(view) == "FP4 E2M1, 1x32, scales UE8M0");
  CHECK(view.rows == 24);
  CHECK(view.row_bytes == 32);
  CHECK(view.scale_row_bytes == 2);
  CHECK(used == std::vector<std::string>{"e.down_blocks", "e.down_scales"});

  const auto refused = [&](const MemorySource& wrong, ErrorCode code, const char* part) {
    test::expect_error(code, {"e.down", part}, [&] {
      (void)recognise_stack(wrong, "e.down", 4, {6, 64}, {}, used);
    });
  };
  refused(MemorySource(), ErrorCode::checkpoint, "missing");
  refused(MemorySource().add("e.down", DType::bf16, {4, 64, 6}), ErrorCode::checkpoint,
          "[4, 6, 64]");
  refused(MemorySource().add("e.down", DType::f8_e4m3, {4, 6, 64}), ErrorCode::checkpoint,
          "without scales");
  refused(MemorySource().add("e.down_blocks", DType::u8, {4, 6, 2, 16}), ErrorCode::checkpoint,
          "e.down_scales");
  refused(MemorySource()
              .add("e.down_blocks", DType::bf16, {4, 6, 2, 16})
              .add("e.down_scales", DType::u8, {4, 6, 2}),
          ErrorCode::checkpoint, "expected U8");
}

TEST_CASE("every second row, with scales of single rows and of even blocks") {
  test::Random random(81);
  for (const Shape2 block : {Shape2{0, 0}, Shape2{1, 32}, Shape2{8, 32}}) {
    const FormatId format = block.rows == 0 ? FormatId::bf16 : FormatId::fp8_e4m3;
    const test::TestWeight weight({format, block, DType::f32}, {40, 64}, random);
    const WeightView part = slice(weight.view(), {10, 36});
    for (const bool odd : {false, true}) {
      const WeightView half = every_second_row(part, odd);
      REQUIRE(half.rows == 13);
      for (Index r = 0; r < half.rows; ++r) {
        for (Index k = 0; k < half.cols; ++k) {
          CHECK(element_at(half, r, k) == element_at(weight.view(), 10 + 2 * r + (odd ? 1 : 0), k));
        }
      }
    }
  }
}

}  // namespace ottobit
