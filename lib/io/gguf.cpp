// SPDX-License-Identifier: Apache-2.0
#include "io/gguf.hpp"

#include <cstdint>
#include <cstring>
#include <fstream>
#include <string_view>
#include <system_error>
#include <vector>

#include "io/printable.hpp"

namespace ottobit {

namespace fs = std::filesystem;

namespace {

/// The text that stands at `key` of the metadata in `head`; empty without it. A key and a text are
/// each a length of 8 bytes and so many bytes, a text behind the number 8 in 4 bytes.
std::string text_at(std::string_view head, std::string_view key) {
  constexpr std::size_t kBefore = 4 + 8;
  constexpr std::uint32_t kText = 8;
  constexpr std::uint64_t kLongest = 512;
  const std::size_t found = head.find(key);
  if (found == std::string_view::npos || head.size() - found < key.size() + kBefore) {
    return {};
  }
  std::uint32_t kind = 0;
  std::uint64_t size = 0;
  std::memcpy(&kind, head.data() + found + key.size(), sizeof(kind));
  std::memcpy(&size, head.data() + found + key.size() + sizeof(kind), sizeof(size));
  const std::size_t begin = found + key.size() + kBefore;
  if (kind != kText || size == 0 || size > kLongest || size > head.size() - begin) {
    return {};
  }
  return std::string(head.substr(begin, size));
}

}  // namespace

std::string gguf_advice(const fs::path& file) {
  // What a file was made of stands among the first of its keys.
  constexpr std::size_t kHead = 16384;
  std::string head(kHead, '\0');
  std::ifstream in(file, std::ios::binary);
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(in.gcount()));
  const std::string advice =
      "GGUF files are conversions; take the folder that the model's makers published, with "
      "config.json and *.safetensors";
  for (const char* key : {"general.base_model.0.repo_url", "general.source.repo_url",
                          "general.source.huggingface.repository", "general.repo_url",
                          "general.basename", "general.name"}) {
    const std::string origin = text_at(head, key);
    if (!origin.empty()) {
      return advice + ", here probably that of " + printable(origin, 200);
    }
  }
  return advice;
}

fs::path find_gguf(const fs::path& path) {
  if (path.extension() == ".gguf") {
    return path;
  }
  std::error_code error;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".gguf") {
      return it->path();
    }
  }
  return {};
}

}  // namespace ottobit
