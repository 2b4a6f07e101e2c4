// SPDX-License-Identifier: Apache-2.0
#include "io/replaced_file.hpp"

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ottobit/error.hpp"

#include "io/printable.hpp"

namespace ottobit {
namespace {

/// The folder's entry for a file is on the disk, too, where file systems can do that.
void sync_folder(const std::filesystem::path& folder) noexcept {
  const int descriptor =
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor >= 0) {
    ::fsync(descriptor);
    ::close(descriptor);
  }
}

}  // namespace

ReplacedFile::ReplacedFile(const std::filesystem::path& path)
    : path_(path), written_(path.string() + ".XXXXXX") {
  descriptor_ = ::mkostemp(written_.data(), O_CLOEXEC);
  if (descriptor_ < 0) {
    const int error = errno;
    written_.clear();
    errno = error;
    fail_io("cannot be made");
  }
  // Such files begin private; a file that is replaced keeps what it allowed.
  struct stat before {};
  if (::stat(path_.c_str(), &before) == 0) {
    ::fchmod(descriptor_, before.st_mode & 0777U);
  }
}

ReplacedFile::~ReplacedFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
  if (!written_.empty()) {
    ::unlink(written_.c_str());
  }
}

void ReplacedFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      fail_io("cannot be written");
    }
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void ReplacedFile::commit() {
  while (::fsync(descriptor_) != 0) {
    if (errno != EINTR) {
      fail_io("cannot be written");
    }
  }
  const int closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0 || ::rename(written_.c_str(), path_.c_str()) != 0) {
    fail_io("cannot be written");
  }
  written_.clear();
  sync_folder(path_.parent_path());
}

void ReplacedFile::fail_io(const char* what) const {
  const std::error_code error(errno, std::generic_category());
  fail(ErrorCode::io, printable(path_.string()), std::string(what) + ": " + error.message());
}

}  // namespace ottobit
