// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz entry over files given on the command line; of a folder, over all files below it, in
// the order of their names. Exits with 1 when a file cannot be read or none was given.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_of(const fs::path& path) {
  std::vector<fs::path> files;
  if (fs::is_directory(path)) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(path)) {
      if (entry.is_regular_file()) {
        files.push_back(entry.path());
      }
    }
    std::sort(files.begin(), files.end());
  } else {
    files.push_back(path);
  }
  return files;
}

bool replay(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(in ? static_cast<std::size_t>(fs::file_size(path)) : 0, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in) {
    std::fprintf(stderr, "cannot read %s\n", path.c_str());
    return false;
  }
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  static_cast<void>(LLVMFuzzerTestOneInput(bytes.data(), bytes.size()));
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    int count = 0;
    for (int i = 1; i < argc; ++i) {
      for (const fs::path& path : files_of(argv[i])) {
        if (!replay(path)) {
          return 1;
        }
        ++count;
      }
    }
    std::printf("%d files replayed\n", count);
    return count > 0 ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
