// SPDX-License-Identifier: Apache-2.0
// Folders as they are published, as downloads leave them, and as nobody should have made them.
#include "io/checkpoint.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "support/checkpoint_writer.hpp"
#include "support/errors.hpp"
#include "support/golden.hpp"
#include "support/paths.hpp"
#include "support/temp_directory.hpp"

namespace ottobit {
namespace {

namespace fs = std::filesystem;

using test::CheckpointWriter;
using test::expect_error;
using test::TempDirectory;
using test::write_text;

constexpr const char* kIndex = "model.safetensors.index.json";

CheckpointWriter five_tensors() {
  CheckpointWriter writer;
  for (const char* name : {"e", "d", "c", "b", "a"}) {
    writer.add_values<std::uint8_t>(name, DType::u8, {2}, {static_cast<std::uint8_t>(name[0]), 1});
  }
  return writer;
}

void expect_open_error(const fs::path& dir, ErrorCode code,
                       std::initializer_list<std::string_view> parts) {
  for (const bool use_mmap : {true, false}) {
    expect_error(code, parts,
                 [&] { static_cast<void>(Checkpoint::open(dir, {.use_mmap = use_mmap})); });
  }
}

TEST_CASE("Checkpoint opens one file or several shards alike") {
  for (const int shards : {0, 1, 2, 5}) {
    CAPTURE(shards);
    const TempDirectory dir;
    if (shards == 0) {
      five_tensors().write(dir.path());
    } else {
      five_tensors().write_sharded(dir.path(), shards);
    }
    Checkpoint opened = Checkpoint::open(dir.path());
    const Checkpoint checkpoint = std::move(opened);
    CHECK(checkpoint.shard_count() == std::max(shards, 1));
    CHECK(checkpoint.names() == std::vector<std::string>{"a", "b", "c", "d", "e"});
    CHECK(checkpoint.find("f") == nullptr);
    for (const char* name : {"a", "b", "c", "d", "e"}) {
      const TensorEntry* const entry = checkpoint.find(name);
      REQUIRE(entry != nullptr);
      CHECK(entry->bytes[0] == static_cast<std::byte>(name[0]));
      CHECK(entry->file.ends_with(".safetensors"));
    }
    std::uint64_t size = 0;
    for (const fs::directory_entry& file : fs::directory_iterator(dir.path())) {
      size += file.path().extension() == ".safetensors" ? file.file_size() : 0;
    }
    CHECK(checkpoint.file_bytes() == size);
  }
}

TEST_CASE("Checkpoint takes the only safetensors file of a folder under any name") {
  const TempDirectory dir;
  five_tensors().write(dir.path(), "my-model.safetensors");
  write_text(dir / "config.json", "{}");
  CHECK(Checkpoint::open(dir.path()).names().size() == 5);
  five_tensors().write(dir.path(), "other.safetensors");
  expect_open_error(dir.path(), ErrorCode::io,
                    {dir.path().string(), "holds 2 safetensors files",
                     "my-model.safetensors, other.safetensors", kIndex});
}

TEST_CASE("Checkpoint ignores safetensors files that the index does not name") {
  const TempDirectory dir;
  five_tensors().write_sharded(dir.path(), 2);
  write_text(dir / "consolidated.safetensors", "not even safetensors");
  CHECK(Checkpoint::open(dir.path()).shard_count() == 2);
}

TEST_CASE("Checkpoint opens the test models") {
  const Checkpoint sharded = Checkpoint::open(test::test_data("seed_oss-bf16"));
  CHECK(sharded.shard_count() == 3);
  REQUIRE(sharded.find("model.norm.weight") != nullptr);
  CHECK(sharded.find("model.norm.weight")->dtype == DType::bf16);
  const Checkpoint fp8 = Checkpoint::open(test::test_data("seed_oss-fp8"), {.prefault = true});
  CHECK(fp8.shard_count() == 1);
  const test::Golden golden = test::Golden::open(test::test_data("seed_oss-fp8"));
  CHECK(golden.ints("short.ids").size() == 9);
  CHECK(
      golden.floats("short.logits").size() ==
      static_cast<std::size_t>(golden.shape("short.logits")[0] * golden.shape("short.logits")[1]));
  CHECK(golden.facts().at("short").at("tokens").get<int>() == 9);
}

TEST_CASE("Checkpoint opens every fixture folder") {
  const auto root = test::shared_fixture("checkpoints");
  if (!root) {
    MESSAGE("skipped: fixtures absent");
    return;
  }
  int count = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(*root)) {
    CAPTURE(entry.path().string());
    CHECK_NOTHROW(static_cast<void>(Checkpoint::open(entry.path())));
    ++count;
  }
  CHECK(count > 0);
}

TEST_CASE("Checkpoint says what a folder without safetensors holds instead") {
  const TempDirectory dir;
  const std::string looked_for = "no model.safetensors.index.json, model.safetensors or other";
  expect_open_error(dir.path(), ErrorCode::io, {dir.path().string(), looked_for, "is empty"});
  write_text(dir / "config.json", "{}");
  expect_open_error(dir.path(), ErrorCode::io, {looked_for, "it holds config.json"});
  write_text(dir / "pytorch_model.bin", "x");
  expect_open_error(dir.path(), ErrorCode::io,
                    {looked_for,
                     "PyTorch .bin files (pytorch_model.bin), this is not a safetensors "
                     "folder"});
  for (const char* name : {"a-Q4.gguf", "b-Q4.gguf", "c-Q4.gguf", "d-Q4.gguf", "e-Q4.gguf"}) {
    write_text(dir / name, "GGUF");
  }
  expect_open_error(dir.path(), ErrorCode::io,
                    {"GGUF files (a-Q4.gguf, b-Q4.gguf, c-Q4.gguf, d-Q4.gguf and 1 more)"});
}

TEST_CASE("Checkpoint tells a missing folder from a file") {
  const TempDirectory dir;
  expect_open_error(dir / "absent", ErrorCode::io, {"absent: no such folder"});
  write_text(dir / "model.gguf", "GGUF");
  expect_open_error(dir / "model.gguf", ErrorCode::io, {"model.gguf: is not a folder"});
}

TEST_CASE("Checkpoint names missing shards with their place") {
  const TempDirectory dir;
  five_tensors().write_sharded(dir.path(), 5);
  fs::remove(dir / CheckpointWriter::shard_name(2, 5));
  expect_open_error(
      dir.path(), ErrorCode::io,
      {dir.path().string(), "shard 3 of 5, `model-00003-of-00005.safetensors`, is missing"});
  fs::remove(dir / CheckpointWriter::shard_name(4, 5));
  fs::create_symlink("/nonexistent/blob", dir / CheckpointWriter::shard_name(2, 5));
  expect_open_error(dir.path(), ErrorCode::io,
                    {"shard 3 of 5", "is a link to a file that does not exist", "(and 1 more)"});
}

TEST_CASE("Checkpoint explains damaged shards") {
  const TempDirectory dir;
  five_tensors().write_sharded(dir.path(), 2);
  const std::string name = CheckpointWriter::shard_name(1, 2);
  const std::string whole = test::read_text(dir / name);
  fs::resize_file(dir / name, whole.size() - 1);
  expect_open_error(dir.path(), ErrorCode::format,
                    {name, "truncated: " + std::to_string(whole.size() - 1) + " bytes",
                     "expected " + std::to_string(whole.size())});
  write_text(dir / name, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
  expect_open_error(dir.path(), ErrorCode::format, {name, "is a git-lfs pointer", "git lfs pull"});
  write_text(dir / name, "<html><body>404</body></html>");
  expect_open_error(dir.path(), ErrorCode::format, {name, "is an HTML page"});
  write_text(dir / name, "");
  expect_open_error(dir.path(), ErrorCode::format, {name, "is empty"});
  fs::remove(dir / name);
  fs::create_directory(dir / name);
  expect_open_error(dir.path(), ErrorCode::io, {name, "is a directory"});
}

TEST_CASE("Checkpoint refuses a tensor that index and shards disagree about") {
  const std::string first = CheckpointWriter::shard_name(0, 2);   // e c a
  const std::string second = CheckpointWriter::shard_name(1, 2);  // d b
  const auto broken = [&](const char* from, const char* to,
                          std::initializer_list<std::string_view> parts) {
    const TempDirectory dir;
    five_tensors().write_sharded(dir.path(), 2);
    test::replace_in_file(dir / kIndex, from, to);
    expect_open_error(dir.path(), ErrorCode::checkpoint, parts);
  };
  broken("\"a\": \"model-00001", "\"a\": \"model-00002",
         {first, "holds tensor `a`", "places in `" + second + "`"});
  broken("\"a\":", "\"z\":", {first, "holds tensor `a`", "does not list"});
  broken("\"weight_map\": {", "\"weight_map\": {\"x\": \"model-00002-of-00002.safetensors\",",
         {kIndex, "places tensor `x` in `" + second + "`", "does not hold it"});
}

TEST_CASE("Checkpoint refuses a tensor that lies in two shards") {
  const TempDirectory dir;
  five_tensors().write_sharded(dir.path(), 2);
  CheckpointWriter second;
  for (const char* name : {"d", "b", "a"}) {
    second.add_values<std::uint8_t>(name, DType::u8, {1}, {0});
  }
  second.write(dir.path(), CheckpointWriter::shard_name(1, 2));
  expect_open_error(dir.path(), ErrorCode::checkpoint,
                    {"holds tensor `a`, and so does `model-00001-of-00002.safetensors`"});
}

TEST_CASE("Checkpoint refuses a malformed index") {
  struct Case {
    const char* text;
    const char* part;
  };
  const Case cases[] = {
      {"", "is empty"},
      {"{", "unexpected end of input"},
      {"[]", "holds an array, expected an object"},
      {"{}", "weight_map is missing"},
      {"{\"weight_map\": []}", "weight_map is an array"},
      {"{\"weight_map\": {}}", "weight_map lists no tensors"},
      {"{\"weight_map\": {\"a\": 1}}", "places `a` in an integer, expected a file name"},
      {"{\"weight_map\": {\"a\": \"m\", \"a\": \"m\"}}", "duplicate key `a`"},
      {"{\"weight_map\": {\"a\": \"../m.safetensors\"}}", "places `a` in `../m.safetensors`"},
      {"{\"weight_map\": {\"a\": \"/etc/m.safetensors\"}}", "`/etc/m.safetensors`"},
      {"{\"weight_map\": {\"a\": \"sub/m.safetensors\"}}", "in the same folder"},
      {"{\"weight_map\": {\"a\": \"sub\\\\m.safetensors\"}}", "in the same folder"},
      {"{\"weight_map\": {\"a\": \"..\"}}", "in the same folder"},
      {"{\"weight_map\": {\"a\": \"\"}}", "in the same folder"},
      {"{\"weight_map\": {\"a\": \"m\\u0000.safetensors\"}}", "`m\\x00.safetensors`"},
      {"{\"weight_map\": {\"a\": \"pytorch_model-1.bin\"}}", "`pytorch_model-1.bin`"},
      {"version https://git-lfs.github.com/spec/v1\n", "is a git-lfs pointer"},
  };
  for (const Case& c : cases) {
    CAPTURE(std::string(c.text));
    const TempDirectory dir;
    five_tensors().write(dir.path());  // must not be fallen back to
    write_text(dir / kIndex, c.text);
    expect_open_error(dir.path(), ErrorCode::format, {kIndex, c.part});
  }
}

TEST_CASE("Checkpoint reports progress over all shards and can be cancelled") {
  const TempDirectory dir;
  five_tensors().write_sharded(dir.path(), 3);
  const std::uint64_t total = Checkpoint::open(dir.path()).file_bytes();
  for (const MapOptions& options :
       {MapOptions{}, MapOptions{.prefault = true}, MapOptions{.use_mmap = false},
        MapOptions{.use_mmap = false, .prefault = true}}) {
    CAPTURE(options.use_mmap);
    CAPTURE(options.prefault);
    std::vector<std::uint64_t> seen;
    static_cast<void>(
        Checkpoint::open(dir.path(), options, [&](std::uint64_t done, std::uint64_t t) {
          CHECK(t == total);
          CHECK((seen.empty() || done > seen.back()));
          seen.push_back(done);
          return true;
        }));
    CHECK(seen.size() == 3);
    CHECK(seen.back() == total);
    for (int stop = 1; stop <= 3; ++stop) {
      int calls = 0;
      expect_error(ErrorCode::cancelled, {".safetensors: loading was cancelled"}, [&] {
        static_cast<void>(Checkpoint::open(
            dir.path(), options, [&](std::uint64_t, std::uint64_t) { return ++calls < stop; }));
      });
      CHECK(calls == stop);
    }
  }
}

TEST_CASE("Checkpoint finds what is wrong before it brings pages in") {
  const TempDirectory dir;
  five_tensors().write_sharded(dir.path(), 2);
  test::replace_in_file(dir / kIndex, "\"a\":", "\"z\":");
  int calls = 0;
  expect_error(ErrorCode::checkpoint, {"`a`"}, [&] {
    static_cast<void>(Checkpoint::open(dir.path(), {.prefault = true},
                                       [&](std::uint64_t, std::uint64_t) { return ++calls > 0; }));
  });
  CHECK(calls == 0);
}

TEST_CASE("CheckpointWriter copies, changes and breaks a published folder") {
  const TempDirectory dir;
  test::copy_folder(test::test_data("seed_oss-fp8"), dir / "copy");
  CheckpointWriter writer = CheckpointWriter::from(Checkpoint::open(dir / "copy"));
  writer.rename("model.norm.weight", "model.final_norm.weight").remove("lm_head.weight");
  writer.write(dir / "copy");
  const Checkpoint changed = Checkpoint::open(dir / "copy");
  CHECK(changed.find("model.norm.weight") == nullptr);
  CHECK(changed.find("model.final_norm.weight") != nullptr);
  CHECK(changed.find("lm_head.weight") == nullptr);
}

}  // namespace
}  // namespace ottobit
