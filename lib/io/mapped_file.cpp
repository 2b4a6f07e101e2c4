// SPDX-License-Identifier: Apache-2.0
// POSIX side of MappedFile. Every call that can be interrupted is repeated on EINTR; errno is
// turned into text through std::generic_category (thread-safe, unlike strerror).
#include "io/mapped_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ottobit/error.hpp"

#include "io/printable.hpp"

namespace ottobit {
namespace {

constexpr std::size_t kPage = 4096;                   // alignment of what is read
constexpr std::size_t kStep = std::size_t{1} << 20U;  // between two progress reports

std::string errno_text(int error) {
  return std::generic_category().message(error);
}

class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor(Descriptor&&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) {
      static_cast<void>(::close(fd_));  // not repeated on EINTR: Linux has closed it already
    }
  }
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

int open_read_only(const std::filesystem::path& path) {
  int fd = -1;
  do {
    // Without O_NONBLOCK a FIFO would hang here until somebody writes to it.
    fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

void fail_to_open(const std::filesystem::path& path, int error) {
  std::error_code ignored;
  const bool dangling = error == ENOENT && std::filesystem::is_symlink(path, ignored);
  const char* const missing = dangling ? "is a link to a file that does not exist" : "no such file";
  fail(error == ENOMEM ? ErrorCode::memory : ErrorCode::io, path_text(path),
       error == ENOENT ? missing : "cannot be opened: " + errno_text(error));
}

/// What the system says of the file behind `fd`, after checking that it is one to read.
struct stat checked_info(int fd, const std::filesystem::path& path) {
  struct stat info = {};
  const int status = ::fstat(fd, &info);
  OTTOBIT_CHECK(status == 0, ErrorCode::io, path_text(path),
                "cannot be examined: " + errno_text(errno));
  OTTOBIT_CHECK(!S_ISDIR(info.st_mode), ErrorCode::io, path_text(path),
                "is a directory, expected a file");
  OTTOBIT_CHECK(S_ISREG(info.st_mode), ErrorCode::io, path_text(path),
                "is a FIFO, socket or device, expected a regular file");
  OTTOBIT_CHECK(info.st_size > 0, ErrorCode::format, file_name_text(path), "is empty");
  const auto size = static_cast<std::uint64_t>(info.st_size);
  OTTOBIT_CHECK(size <= static_cast<std::uint64_t>(std::numeric_limits<std::ptrdiff_t>::max()),
                ErrorCode::memory, path_text(path),
                std::to_string(size) + " bytes exceed the address space");
  return info;
}

void report(const Progress& progress, std::size_t done, std::size_t total,
            const std::string& name) {
  if (progress && !progress(done, total)) {
    fail(ErrorCode::cancelled, name, "loading was cancelled");
  }
}

/// Reads one byte of every page of a range that begins with a page.
void touch(const std::byte* data, std::size_t size) {
  const long reported = ::sysconf(_SC_PAGESIZE);
  const std::size_t page = reported > 0 ? static_cast<std::size_t>(reported) : 4096;
  for (std::size_t at = 0; at < size; at += page) {
    static_cast<void>(*static_cast<const volatile std::byte*>(data + at));
  }
}

void read_whole(int fd, std::byte* to, std::size_t size, const std::string& name,
                const Progress& progress) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got =
        ::pread(fd, to + done, std::min(kStep, size - done), static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    OTTOBIT_CHECK(got >= 0, ErrorCode::io, name, "reading failed: " + errno_text(errno));
    OTTOBIT_CHECK(got > 0, ErrorCode::io, name,
                  "became shorter while it was read: " + std::to_string(done) +
                      " bytes, expected " + std::to_string(size));
    done += static_cast<std::size_t>(got);
    report(progress, done, size, name);
  }
}

}  // namespace

MappedFile MappedFile::open(const std::filesystem::path& path, const MapOptions& options,
                            const Progress& progress) {
  const Descriptor file(open_read_only(path));
  if (file.get() < 0) {
    fail_to_open(path, errno);
  }
  const struct stat info = checked_info(file.get(), path);
  if (options.use_mmap) {
    MappedFile file_in_place = mapped(file.get(), path, info);
    if (options.prefault || options.lock) {
      file_in_place.populate(options.lock, progress);
    }
    return file_in_place;
  }
  return read(file.get(), path, static_cast<std::size_t>(info.st_size), options, progress);
}

MappedFile MappedFile::mapped(int fd, const std::filesystem::path& path, const struct stat& info) {
  const auto size = static_cast<std::size_t>(info.st_size);
  void* const address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (address == MAP_FAILED) {
    const int error = errno;
    fail(error == ENOMEM || error == EAGAIN ? ErrorCode::memory : ErrorCode::io, path_text(path),
         std::to_string(size) + " bytes cannot be mapped: " + errno_text(error));
  }
  MappedFile file(file_name_text(path), static_cast<std::byte*>(address), size, {});
  std::error_code error;  // no working directory
  const std::filesystem::path whole = std::filesystem::absolute(path, error);
  file.path_ = (error ? path : whole).string();
  file.stamp_ = stamp_of(info);
  return file;
}

MappedFile MappedFile::read(int fd, const std::filesystem::path& path, std::size_t size,
                            const MapOptions& options, const Progress& progress) {
  void* address = nullptr;
  const MemoryHandle memory = size >= kLargeBlock ? options.memory : nullptr;
  if (memory != nullptr) {
    address = memory->allocate(size, kPage);
    OTTOBIT_CHECK(address != nullptr, ErrorCode::memory, path_text(path),
                  "the host's allocator does not grant " + std::to_string(size) + " bytes");
  } else {
    address = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    OTTOBIT_CHECK(
        address != MAP_FAILED, ErrorCode::memory, path_text(path),
        "the system does not grant " + std::to_string(size) + " bytes: " + errno_text(errno));
  }
  MappedFile file(file_name_text(path), static_cast<std::byte*>(address), size, memory);
  read_whole(fd, file.data_, size, file.name_, progress);
  if (memory == nullptr) {
    // Read-only from here on, like a mapping; without it the program would still be right.
    static_cast<void>(::mprotect(address, size, PROT_READ));
  }
  if (options.lock) {
    file.populate(true, {});
  }
  return file;
}

void MappedFile::check_unchanged() const {
  if (path_.empty()) {
    return;
  }
  struct stat info = {};
  int status = 0;
  do {
    status = ::stat(path_.c_str(), &info);
  } while (status != 0 && errno == EINTR);
  if (status != 0) {  // out of sight, but still mapped
    OTTOBIT_CHECK(errno == ENOENT || errno == ENOTDIR || errno == EACCES, ErrorCode::io, name_,
                  "can no longer be read: " + errno_text(errno));
    return;
  }
  const Stamp now = stamp_of(info);
  if (now.device != stamp_.device || now.inode != stamp_.inode) {
    return;  // another file, under the old one's name
  }
  OTTOBIT_CHECK(now.size == stamp_.size, ErrorCode::io, name_,
                "has " + std::to_string(now.size) + " bytes, and had " +
                    std::to_string(stamp_.size) + " when the model was opened: open it again");
  OTTOBIT_CHECK(now == stamp_, ErrorCode::io, name_,
                "was written to after the model was opened: open it again");
}

MappedFile::Stamp MappedFile::stamp_of(const struct stat& info) noexcept {
  return {static_cast<std::uint64_t>(info.st_dev), static_cast<std::uint64_t>(info.st_ino),
          static_cast<std::uint64_t>(info.st_size), info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
}

void MappedFile::populate(bool lock, const Progress& progress) const {
  if (size_ == 0) {
    return;
  }
  // Only a hint: lets the kernel read ahead of the loop below.
  static_cast<void>(::madvise(data_, size_, MADV_WILLNEED));
  for (std::size_t begin = 0; begin < size_; begin += kStep) {
    const std::size_t length = std::min(kStep, size_ - begin);
    if (!lock) {
      touch(data_ + begin, length);
    } else if (::mlock(data_ + begin, length) != 0) {
      const int error = errno;
      fail(ErrorCode::memory, name_,
           std::to_string(size_) + " bytes cannot be locked in memory: " + errno_text(error) +
               "; the limit is that of `ulimit -l`");
    }
    report(progress, begin + length, size_, name_);
  }
}

MappedFile::MappedFile(std::string name, std::byte* data, std::size_t size,
                       MemoryHandle memory) noexcept
    : name_(std::move(name)), data_(data), size_(size), memory_(std::move(memory)) {}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : name_(std::move(other.name_)),
      path_(std::move(other.path_)),
      stamp_(other.stamp_),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      memory_(std::move(other.memory_)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  if (this != &other) {
    release();
    name_ = std::move(other.name_);
    path_ = std::move(other.path_);
    stamp_ = other.stamp_;
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    memory_ = std::move(other.memory_);
  }
  return *this;
}

MappedFile::~MappedFile() {
  release();
}

void MappedFile::release() noexcept {
  if (data_ == nullptr) {
    return;
  }
  if (memory_ == nullptr) {
    static_cast<void>(::munmap(data_, size_));  // unlocks the pages too
  } else {
    static_cast<void>(::munlock(data_, size_));  // as they were given, if they were locked
    memory_->deallocate(data_, size_, kPage);
  }
  data_ = nullptr;
  size_ = 0;
}

}  // namespace ottobit
