// SPDX-License-Identifier: Apache-2.0
// Both ways of bringing a file into memory, and each kind of thing that is not a readable file.
#include "io/mapped_file.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/errors.hpp"
#include "support/temp_directory.hpp"

namespace ottobit {
namespace {

using test::expect_error;
using test::TempDirectory;
using test::write_text;

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kAddressSanitizer = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool kAddressSanitizer = true;
#else
constexpr bool kAddressSanitizer = false;
#endif
#else
constexpr bool kAddressSanitizer = false;
#endif

std::string text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

TEST_CASE("MappedFile holds the bytes of the file, mapped or read") {
  const TempDirectory dir;
  std::string text;
  for (int i = 0; i < 10'000; ++i) {
    text += std::to_string(i);
  }
  write_text(dir / "data.bin", text);
  for (const bool use_mmap : {true, false}) {
    for (const bool prefault : {true, false}) {
      const MappedFile file =
          MappedFile::open(dir / "data.bin", {.use_mmap = use_mmap, .prefault = prefault});
      CHECK(text_of(file) == text);
      CHECK(file.name() == "data.bin");
      CHECK(reinterpret_cast<std::uintptr_t>(file.bytes().data()) % 4096 == 0);
    }
  }
}

TEST_CASE("MappedFile keeps its bytes at their address when it moves") {
  const TempDirectory dir;
  write_text(dir / "a", "first");
  write_text(dir / "b", "second");
  MappedFile a = MappedFile::open(dir / "a");
  const std::byte* const at = a.bytes().data();
  MappedFile moved = std::move(a);
  CHECK(moved.bytes().data() == at);
  CHECK(text_of(moved) == "first");
  moved = MappedFile::open(dir / "b");
  CHECK(text_of(moved) == "second");
  CHECK(moved.name() == "b");
}

TEST_CASE("MappedFile stays readable when the file is removed") {
  const TempDirectory dir;
  write_text(dir / "a", "still here");
  const MappedFile file = MappedFile::open(dir / "a");
  std::filesystem::remove(dir / "a");
  CHECK(text_of(file) == "still here");
}

TEST_CASE("MappedFile follows links") {
  const TempDirectory dir;
  write_text(dir / "blob", "linked");
  std::filesystem::create_symlink(dir / "blob", dir / "model.safetensors");
  const MappedFile file = MappedFile::open(dir / "model.safetensors");
  CHECK(text_of(file) == "linked");
  CHECK(file.name() == "model.safetensors");
}

TEST_CASE("MappedFile refuses what is not a readable regular file") {
  const TempDirectory dir;
  write_text(dir / "empty", "");
  REQUIRE(::mkfifo((dir / "fifo").c_str(), 0600) == 0);
  std::filesystem::create_symlink(dir / "gone", dir / "dangling");
  struct Case {
    std::filesystem::path path;
    ErrorCode code;
    const char* part;
  };
  const Case cases[] = {
      {dir / "absent", ErrorCode::io, "absent: no such file"},
      {dir / "empty" / "below", ErrorCode::io, "cannot be opened: Not a directory"},
      {dir.path(), ErrorCode::io, "is a directory, expected a file"},
      {dir / "fifo", ErrorCode::io, "is a FIFO, socket or device"},
      {"/dev/null", ErrorCode::io, "is a FIFO, socket or device"},
      {dir / "empty", ErrorCode::format, "empty: is empty"},
      {dir / "dangling", ErrorCode::io, "is a link to a file that does not exist"},
      {"", ErrorCode::io, "no such file"},
      {std::string(5000, 'x'), ErrorCode::io, "cannot be opened: File name too long"},
  };
  for (const Case& c : cases) {
    for (const bool use_mmap : {true, false}) {
      CAPTURE(std::string(c.part));
      expect_error(c.code, {c.part},
                   [&] { static_cast<void>(MappedFile::open(c.path, {.use_mmap = use_mmap})); });
    }
  }
}

TEST_CASE("MappedFile reports progress that grows and ends at the size, and can be cancelled") {
  const TempDirectory dir;
  const std::uint64_t size = (std::uint64_t{20} << 20U) + 5;
  write_text(dir / "big", "x");
  std::filesystem::resize_file(dir / "big", size);  // sparse
  for (const bool use_mmap : {true, false}) {
    CAPTURE(use_mmap);
    const MapOptions options{.use_mmap = use_mmap, .prefault = true};
    std::vector<std::uint64_t> seen;
    static_cast<void>(
        MappedFile::open(dir / "big", options, [&](std::uint64_t done, std::uint64_t total) {
          CHECK(total == size);
          CHECK((seen.empty() || done > seen.back()));
          seen.push_back(done);
          return true;
        }));
    CHECK(seen.size() >= 3);
    CHECK(seen.back() == size);
    int calls = 0;
    expect_error(ErrorCode::cancelled, {"big: loading was cancelled"}, [&] {
      static_cast<void>(MappedFile::open(
          dir / "big", options, [&](std::uint64_t, std::uint64_t) { return ++calls < 2; }));
    });
    CHECK(calls == 2);
  }
}

TEST_CASE("MappedFile locks pages, or says that locking was refused") {
  const TempDirectory dir;
  write_text(dir / "a", "locked");
  for (const bool use_mmap : {true, false}) {
    // Small enough for the usual limit; where even that is forbidden the error must say so.
    try {
      const MappedFile file = MappedFile::open(dir / "a", {.use_mmap = use_mmap, .lock = true});
      CHECK(text_of(file) == "locked");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::memory);
      CHECK(std::string(error.what()).find("cannot be locked") != std::string::npos);
    }
  }
}

TEST_CASE("MappedFile turns a refused lock into an error") {
  if (kAddressSanitizer) {
    MESSAGE("skipped: AddressSanitizer turns mlock into nothing");
    return;
  }
  if (::geteuid() == 0) {
    MESSAGE("skipped: the superuser may lock any amount");
    return;
  }
  rlimit limit = {};
  REQUIRE(::getrlimit(RLIMIT_MEMLOCK, &limit) == 0);
  rlimit none = limit;
  none.rlim_cur = 0;
  REQUIRE(::setrlimit(RLIMIT_MEMLOCK, &none) == 0);
  const TempDirectory dir;
  write_text(dir / "a", "text");
  expect_error(ErrorCode::memory, {"4 bytes cannot be locked in memory", "ulimit -l"},
               [&] { static_cast<void>(MappedFile::open(dir / "a", {.lock = true})); });
  REQUIRE(::setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
}

}  // namespace
}  // namespace ottobit
