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

#include "ottobit/memory.hpp"
#include "ottobit/watch.hpp"

struct stat;

namespace ottobit {

struct MapOptions {
  bool use_mmap = true;   ///< false: the file is read into memory
  bool prefault = false;  ///< bring every page in before `open` returns
  bool lock = false;      ///< keep the pages from being swapped out (mlock); implies prefault
  MemoryHandle memory{};  ///< of a file that is read; nullptr: the system's
};

/// Movable, read-only, shareable between threads. The bytes are page-aligned and keep their address
/// when the object moves. A mapping sees later writes to the file, and reading behind the end of a
/// file that another process has shortened raises SIGBUS: check_unchanged before reading finds most
/// such files, use_mmap = false avoids both.
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

  /// Error{io} if the mapped file has another size or time of change than when it was opened. One
  /// that was removed, or replaced by another of its name, stays as it was where it is mapped.
  void check_unchanged() const;

  /// Reads one byte of every page (or locks the pages) with progress; `open` does so on request.
  void populate(bool lock, const Progress& progress) const;

 private:
  MappedFile(std::string name, std::byte* data, std::size_t size, MemoryHandle memory) noexcept;
  [[nodiscard]] static MappedFile mapped(int fd, const std::filesystem::path& path,
                                         const struct stat& info);
  [[nodiscard]] static MappedFile read(int fd, const std::filesystem::path& path, std::size_t size,
                                       const MapOptions& options, const Progress& progress);
  void release() noexcept;

  /// What tells that a file is still the same and unchanged.
  struct Stamp {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
    bool operator==(const Stamp&) const = default;
  };
  static Stamp stamp_of(const struct stat& info) noexcept;

  std::string name_;
  std::string path_;  // absolute; empty unless mapped
  Stamp stamp_;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  MemoryHandle memory_;  // where the bytes are to go back to; nullptr: munmap
};

}  // namespace ottobit
