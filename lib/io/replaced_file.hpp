// SPDX-License-Identifier: Apache-2.0
// ReplacedFile: a file that is there whole or not at all. What is written goes to a new file beside
// it, which takes its name when all of it is on the disk.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace ottobit {

class ReplacedFile {
 public:
  /// Error{io} where no file can be made in that folder.
  explicit ReplacedFile(const std::filesystem::path& path);
  /// Without `commit`, what was there before is there.
  ~ReplacedFile();
  ReplacedFile(const ReplacedFile&) = delete;
  ReplacedFile& operator=(const ReplacedFile&) = delete;

  /// Error{io}: the disk is full, or fails.
  void write(std::span<const std::byte> bytes);
  /// Error{io} likewise; the file is then as it was.
  void commit();

 private:
  [[noreturn]] void fail_io(const char* what) const;

  std::filesystem::path path_;
  std::string written_;  ///< the name of the new file; empty: it has its place, or is gone
  int descriptor_ = -1;
};

}  // namespace ottobit
