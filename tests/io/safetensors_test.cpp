// SPDX-License-Identifier: Apache-2.0
// The header parser against a table of malformed files, at the limits of the format, and the opened
// file. Mutated headers are in safetensors_mutation_test.cpp.
#include "io/safetensors.hpp"

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "io/json.hpp"
#include "support/checkpoint_writer.hpp"
#include "support/errors.hpp"
#include "support/guarded_buffer.hpp"
#include "support/paths.hpp"
#include "support/safetensors_invariants.hpp"
#include "support/temp_directory.hpp"

namespace ottobit {
namespace {

using test::expect_error;
using test::safetensors_text;

SafetensorsHeader parse(std::string_view text) {
  // Against an unreadable page: the parser must not look behind the bytes it was given.
  const test::GuardedBuffer<char> guarded(std::span<const char>(text.data(), text.size()));
  return parse_safetensors_header(std::as_bytes(guarded.span()), text.size(), "m.safetensors");
}

/// A length field of any value and what follows it.
std::string with_length(std::uint64_t length, std::string_view rest) {
  std::string text;
  for (unsigned i = 0; i < 8; ++i) {
    text += static_cast<char>(length >> (8U * i) & 0xFFU);
  }
  return text + std::string(rest);
}

/// One tensor named "w" with these fields, and `data_bytes` of data.
std::string one(std::string_view fields, std::size_t data_bytes = 0) {
  return safetensors_text("{\"w\":{" + std::string(fields) + "}}", std::string(data_bytes, '\1'));
}

struct Malformed {
  const char* name;
  std::string bytes;
  std::vector<const char*> parts;
};

std::vector<Malformed> malformed_files() {
  return {
      {"empty", "", {"is truncated: 0 bytes"}},
      {"shorter than the length field", "abc", {"is truncated: 3 bytes"}},
      {"length field only", with_length(2, ""), {"is truncated: 8 bytes", "needs 10"}},
      {"length beyond the file", with_length(100, "{}"), {"is truncated: 10 bytes", "108"}},
      {"length one beyond the file", with_length(3, "{}"), {"is truncated: 10 bytes", "11"}},
      {"length above the limit", with_length(100'000'001, "{}"), {"100000001 exceeds 100000000"}},
      {"length that wraps", with_length(~std::uint64_t{0}, "{}"), {"18446744073709551615 exceeds"}},
      {"length that wraps with 8", with_length(~std::uint64_t{7}, "{}"), {"exceeds 100000000"}},
      {"length zero", with_length(0, ""), {"does not begin with `{`"}},
      {"git-lfs pointer", "version https://git-lfs.github.com/spec/v1\n", {"is a git-lfs pointer"}},
      {"HTML page", "<!doctype html><title>x</title>", {"is an HTML page"}},
      {"GGUF", std::string("GGUF\3\0\0\0\0\0\0\0", 12), {"is a GGUF file"}},
      {"zip archive", "PK\3\4aaaaaaaa", {"is a zip archive"}},
      {"header is an array", safetensors_text("[]"), {"does not begin with `{`"}},
      {"header begins with a space", safetensors_text(" {}"), {"does not begin with `{`"}},
      {"header begins with a mark", safetensors_text("\xEF\xBB\xBF{}"), {"does not begin"}},
      {"header is not JSON", safetensors_text("{\"w\":}"), {"(header): ", "line 1, column 6"}},
      {"header is cut", safetensors_text("{\"w\":{\"dtype\":\"F3"), {"(header): ", "column 18"}},
      {"text after the object", safetensors_text("{}x"), {"(header): ", "column 3"}},
      {"NUL padding", safetensors_text(std::string_view("{}\0\0", 4)), {"NUL byte"}},
      {"ill-formed UTF-8 name", safetensors_text("{\"\xFF\":1}"), {"ill-formed UTF-8"}},
      {"name twice",
       safetensors_text("{\"w\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},"
                        "\"w\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}"),
       {"duplicate key `w`"}},
      {"dtype twice",
       one("\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]"),
       {"duplicate key `dtype`"}},
      {"deep nesting", safetensors_text("{\"w\":" + std::string(500, '[')), {"nested deeper"}},
      {"metadata is a list",
       safetensors_text("{\"__metadata__\":[]}"),
       {"__metadata__ is an array"}},
      {"metadata holds a number",
       safetensors_text("{\"__metadata__\":{\"k\":1}}"),
       {"__metadata__ holds an integer at `k`"}},
      {"tensor is a number",
       safetensors_text("{\"w\":1}"),
       {"tensor `w`: described by an integer, expected an object"}},
      {"tensor is null", safetensors_text("{\"w\":null}"), {"tensor `w`: described by null"}},
      {"no dtype", one("\"shape\":[0],\"data_offsets\":[0,0]"), {"tensor `w`: dtype is missing"}},
      {"no shape",
       one("\"dtype\":\"U8\",\"data_offsets\":[0,0]"),
       {"tensor `w`: shape is missing"}},
      {"no offsets",
       one("\"dtype\":\"U8\",\"shape\":[0]"),
       {"tensor `w`: data_offsets is missing"}},
      {"dtype is a number",
       one("\"dtype\":8,\"shape\":[0],\"data_offsets\":[0,0]"),
       {"tensor `w`: dtype is an integer, expected a string"}},
      {"dtype unknown",
       one("\"dtype\":\"F5\\n\",\"shape\":[0],\"data_offsets\":[0,0]"),
       {"tensor `w`: unknown dtype `F5\\x0a`"}},
      {"dtype in lower case",
       one("\"dtype\":\"bf16\",\"shape\":[0],\"data_offsets\":[0,0]"),
       {"unknown dtype `bf16`"}},
      {"shape is a number",
       one("\"dtype\":\"U8\",\"shape\":4,\"data_offsets\":[0,4]", 4),
       {"tensor `w`: shape is an integer, expected an array"}},
      {"negative extent",
       one("\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,0]"),
       {"tensor `w`: shape holds -1"}},
      {"fractional extent",
       one("\"dtype\":\"U8\",\"shape\":[4.0],\"data_offsets\":[0,4]", 4),
       {"tensor `w`: shape holds 4.0"}},
      {"extent is a string",
       one("\"dtype\":\"U8\",\"shape\":[\"4\"],\"data_offsets\":[0,4]", 4),
       {"tensor `w`: shape holds \"4\""}},
      {"extent of 2^63",
       one("\"dtype\":\"U8\",\"shape\":[9223372036854775808],"
           "\"data_offsets\":[0,0]"),
       {"shape holds 9223372036854775808"}},
      {"extent beyond 2^64",
       one("\"dtype\":\"U8\",\"shape\":[18446744073709551616],"
           "\"data_offsets\":[0,0]"),
       {"shape holds 1.8446744073709552e+19"}},
      {"product wraps to 0",
       one("\"dtype\":\"U8\",\"shape\":[4294967296,4294967296],"
           "\"data_offsets\":[0,0]"),
       {"tensor `w`: shape [4294967296, 4294967296] overflows"}},
      {"product wraps to the size",
       one("\"dtype\":\"U8\",\"shape\":[6148914691236517206,3],"
           "\"data_offsets\":[0,2]",
           2),
       {"overflows"}},
      {"bits wrap",
       one("\"dtype\":\"F64\",\"shape\":[288230376151711744],\"data_offsets\":[0,0]"),
       {"overflows"}},
      {"product overflows beside a zero",
       one("\"dtype\":\"U8\",\"shape\":[0,4294967296,4294967296],\"data_offsets\":[0,0]"),
       {"overflows"}},
      {"rank nine",
       one("\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,1]", 1),
       {"tensor `w`: rank 9, expected at most 8"}},
      {"one offset",
       one("\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0]"),
       {"tensor `w`: data_offsets is [0]"}},
      {"three offsets",
       one("\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0,0]"),
       {"data_offsets is [0,0,0]"}},
      {"negative offset",
       one("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[-1,0]"),
       {"data_offsets is [-1,0]"}},
      {"fractional offset",
       one("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1.0]", 1),
       {"data_offsets is [0,1.0]"}},
      {"offsets are an object",
       one("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":{}"),
       {"data_offsets is {}"}},
      {"offsets reversed",
       one("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,0]", 1),
       {"tensor `w`: data_offsets begin at 1, behind their end at 0"}},
      {"size too small",
       one("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,7]", 7),
       {"tensor `w`: F32 [2] takes 8 bytes, data_offsets hold 7"}},
      {"size too large",
       one("\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,8]", 8),
       {"tensor `w`: F32 [] takes 4 bytes, data_offsets hold 8"}},
      {"half a byte",
       one("\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,2]", 2),
       {"tensor `w`: shape [3] of F4 does not fill whole bytes"}},
      {"six bits",
       one("\"dtype\":\"F6_E2M3\",\"shape\":[5],\"data_offsets\":[0,4]", 4),
       {"shape [5] of F6_E2M3 does not fill whole bytes"}},
      {"truncated data",
       one("\"dtype\":\"U8\",\"shape\":[9],\"data_offsets\":[0,9]", 8),
       {"tensor `w`: the file is truncated: 69 bytes, expected 70"}},
      {"data far outside",
       one("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":"
           "[18446744073709551614,18446744073709551615]",
           1),
       {"tensor `w`: begins at 18446744073709551614, leaving a hole behind 0"}},
      {"hole at the beginning",
       one("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]", 2),
       {"tensor `w`: begins at 1, leaving a hole behind 0"}},
      {"hole in the middle",
       safetensors_text("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                        "\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[2,3]}}",
                        "123"),
       {"tensor `b`: begins at 2, leaving a hole behind 1"}},
      {"overlap",
       safetensors_text("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
                        "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
                        "123"),
       {"tensor `b`: begins at 1 and overlaps `a`, which ends at 2"}},
      {"the same bytes twice",
       safetensors_text("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
                        "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}",
                        "12"),
       {"tensor `b`: begins at 0 and overlaps `a`"}},
      {"empty tensor inside another",
       safetensors_text("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
                        "\"b\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[1,1]}}",
                        "12"),
       {"tensor `b`: begins at 1 and overlaps `a`"}},
      {"data behind the last tensor",
       one("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]", 4),
       {"has 3 bytes behind the last tensor"}},
      {"data without tensors", safetensors_text("{}", "123"), {"has 3 bytes behind"}},
  };
}

TEST_CASE("malformed safetensors headers are refused with a reason") {
  const std::vector<Malformed> files = malformed_files();
  CHECK(files.size() >= 35);
  for (const Malformed& file : files) {
    CAPTURE(std::string(file.name));
    for (const char* part : file.parts) {
      expect_error(ErrorCode::format, {"m.safetensors", part},
                   [&] { static_cast<void>(parse(file.bytes)); });
    }
  }
}

TEST_CASE("every prefix of a valid safetensors file is refused as truncated") {
  const std::string whole = one("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]", 8);
  CHECK(parse(whole).tensors.size() == 1);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    expect_error(ErrorCode::format, {"truncated"},
                 [&] { static_cast<void>(parse(whole.substr(0, size))); });
  }
}

TEST_CASE("valid safetensors headers at the limits of the format are accepted") {
  CHECK(parse(safetensors_text("{}")).tensors.empty());
  CHECK(parse(safetensors_text("{}   \n\t ")).data_start == 16);
  const SafetensorsHeader rank8 =
      parse(one("\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,2],\"data_offsets\":[0,2]", 2));
  CHECK(rank8.tensors[0].shape.size() == 8);
  CHECK(parse(one("\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]", 8)).tensors.size() == 1);
  CHECK(parse(one("\"dtype\":\"F4\",\"shape\":[2,3],\"data_offsets\":[0,3]", 3)).tensors.size() ==
        1);
  CHECK(
      parse(one("\"dtype\":\"F6_E3M2\",\"shape\":[4],\"data_offsets\":[0,3]", 3)).tensors.size() ==
      1);
  CHECK(parse(one("\"dtype\":\"U8\",\"shape\":[0,7],\"data_offsets\":[0,0],\"extra\":[1]"))
            .tensors[0]
            .shape == std::vector<Index>{0, 7});
}

TEST_CASE("safetensors headers are returned sorted by name with their metadata") {
  const SafetensorsHeader header =
      parse(safetensors_text("{\"__metadata__\":{\"format\":\"pt\",\"a\":\"\"},"
                             "\"z\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                             "\"none\":{\"dtype\":\"F16\",\"shape\":[0],\"data_offsets\":[1,1]},"
                             "\"a\":{\"dtype\":\"BF16\",\"shape\":[1,1],\"data_offsets\":[1,3]}}",
                             "123"));
  REQUIRE(header.tensors.size() == 3);
  CHECK(header.tensors[0].name == "a");
  CHECK(header.tensors[0].dtype == DType::bf16);
  CHECK(header.tensors[0].begin == 1);
  CHECK(header.tensors[0].end == 3);
  CHECK(header.tensors[1].name == "none");
  CHECK(header.tensors[2].name == "z");
  REQUIRE(header.metadata.size() == 2);
  CHECK(header.metadata[1].first == "format");
  CHECK(header.metadata[1].second == "pt");
  CHECK(test::broken_invariant(header, header.data_start + 3) == nullptr);
}

TEST_CASE("every dtype of the format is understood with its width") {
  for (const DTypeInfo& info : kDTypes) {
    const auto bytes = static_cast<std::size_t>(info.bits);  // 8 elements
    const SafetensorsHeader header =
        parse(one("\"dtype\":\"" + std::string(info.name) +
                      "\",\"shape\":[8],\"data_offsets\":[0," + std::to_string(bytes) + "]",
                  bytes));
    CHECK(header.tensors.at(0).dtype == info.dtype);
  }
}

TEST_CASE("the header alone suffices when the file's size is given") {
  const std::string whole = one("\"dtype\":\"U8\",\"shape\":[100],\"data_offsets\":[0,100]", 100);
  const std::string_view head = std::string_view(whole).substr(0, whole.size() - 100);
  const auto bytes = std::as_bytes(std::span<const char>(head.data(), head.size()));
  CHECK(parse_safetensors_header(bytes, whole.size(), "m").tensors[0].end == 100);
  expect_error(ErrorCode::format, {"truncated"},
               [&] { static_cast<void>(parse_safetensors_header(bytes, whole.size() - 1, "m")); });
}

TEST_CASE("SafetensorsFile gives tensors by name, wherever it moves") {
  const test::TempDirectory dir;
  test::CheckpointWriter writer;
  writer.add_values<float>("b.weight", DType::f32, {2, 1}, {1.5F, -2.0F});
  writer.add_values<std::uint8_t>("a", DType::u8, {3}, {7, 8, 9});
  writer.add_values<std::uint8_t>("empty", DType::u8, {0}, {});
  writer.write(dir.path());
  for (const bool use_mmap : {true, false}) {
    SafetensorsFile opened =
        SafetensorsFile::open(dir / "model.safetensors", {.use_mmap = use_mmap});
    const SafetensorsFile file = std::move(opened);
    CHECK(file.names() == std::vector<std::string>{"a", "b.weight", "empty"});
    CHECK(file.find("c") == nullptr);
    CHECK(file.find("") == nullptr);
    const TensorEntry* const b = file.find("b.weight");
    REQUIRE(b != nullptr);
    CHECK(b->dtype == DType::f32);
    CHECK(b->shape == std::vector<Index>{2, 1});
    CHECK(b->file == "model.safetensors");
    float values[2] = {};
    REQUIRE(b->bytes.size() == sizeof values);
    std::memcpy(values, b->bytes.data(), sizeof values);
    CHECK(values[0] == 1.5F);
    CHECK(values[1] == -2.0F);
    CHECK(file.find("a")->bytes[2] == std::byte{9});
    CHECK(file.find("empty")->bytes.empty());
  }
}

TEST_CASE("SafetensorsFile checks the header before it brings the rest in") {
  const test::TempDirectory dir;
  test::write_text(dir / "m.safetensors", one("\"dtype\":\"U8\"", 10));
  int calls = 0;
  expect_error(ErrorCode::format, {"m.safetensors: tensor `w`: shape is missing"}, [&] {
    static_cast<void>(SafetensorsFile::open(dir / "m.safetensors", {.prefault = true},
                                            [&](std::uint64_t, std::uint64_t) {
                                              ++calls;
                                              return true;
                                            }));
  });
  CHECK(calls == 0);
}

TEST_CASE("SafetensorsFile names the folder in which to run git lfs pull") {
  const test::TempDirectory dir;
  test::write_text(dir / "m.safetensors",
                   "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4\n");
  expect_error(ErrorCode::format,
               {"m.safetensors: is a git-lfs pointer", "git lfs pull", dir.path().string()},
               [&] { static_cast<void>(SafetensorsFile::open(dir / "m.safetensors")); });
}

}  // namespace
}  // namespace ottobit
