// SPDX-License-Identifier: Apache-2.0
// Fuzz entry of tokenizer.json: writes the input as such a file and opens it. What opens must
// encode a text of everything, and decode every id it gave. Errors are format or unsupported, no
// others.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

#include "ottobit/error.hpp"
#include "ottobit/tokenizer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

/// A folder of this process, removed at its end.
class Folder {
 public:
  Folder()
      : path_(std::filesystem::temp_directory_path() /
              ("ottobit-fuzz-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  std::ofstream(folder.path() / "tokenizer.json", std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  try {
    const ottobit::Tokenizer tokenizer = ottobit::Tokenizer::open(folder.path());
    const std::string text =
        "Hello, w\xC3\xB6rld 123  \n\t\xE2\x82\xAC \xF0\x9F\x98\x80<s>a'll \xFF\x80";
    for (const bool special : {false, true}) {
      const auto ids = tokenizer.encode(text, {.parse_special = special});
      for (const std::int32_t id : ids) {
        if (id < 0 || id >= tokenizer.vocab_size()) {
          __builtin_trap();
        }
      }
      static_cast<void>(tokenizer.decode(ids));
    }
  } catch (const ottobit::Error& error) {
    using enum ottobit::ErrorCode;
    if (error.code() != format && error.code() != unsupported && error.code() != io &&
        error.code() != argument) {
      __builtin_trap();
    }
  }
  return 0;
}
