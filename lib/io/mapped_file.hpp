// SPDX-License-Identifier: Apache-2.0
// MappedFile: a whole file as read-only bytes, mapped or read into memory. It owns the address
// range and nothing else (the descriptor is closed again). All POSIX calls of the io folder are
// here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "ottobit/watch.hpp"

namespace ottobit {

struct MapOptions {
  bool use_mmap = true;   ///< false: the file is read into anonymous memory
  bool prefault = false;  ///< bring every page in before `open` returns
  bool lock = false;      ///< keep the pages from being swapped out (mlock); implies prefault
};

/// Movable, read-only, shareable between threads. The bytes are page-aligned and keep their address
/// when the object moves. A mapping sees later writes to the file, and reading behind the end of a
/// file that another process has shortened raises SIGBUS; use_mmap = false avoids both.
class MappedFile {
 public:
  /// Regular files only (links are followed). Throws Error{io}: missing, no permission, a
  /// directory, FIFO, socket or device, read failure; Error{format}: empty; Error{memory}: no
  /// address space, or locking refused; Error{cancelled}: `progress` returned false. Interrupted
  /// calls are resumed.
  [[nodiscard]] static MappedFile open(const std::filesystem::path& path,
                                       const MapOptions& options = {},
                                       const Progress& progress = {});

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }
  /// The file name without its folder, made printable, for messages.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  /// Reads one byte of every page (or locks the pages) with progress; `open` does so on request.
  void populate(bool lock, const Progress& progress) const;

 private:
  MappedFile(std::string name, std::byte* data, std::size_t size) noexcept;
  void release() noexcept;

  std::string name_;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace ottobit
