// SPDX-License-Identifier: Apache-2.0
#include "ottobit/session_file.hpp"

#include <array>
#include <cstdint>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "ottobit/error.hpp"

#include "io/checksum.hpp"
#include "io/printable.hpp"
#include "io/replaced_file.hpp"

namespace ottobit {
namespace {

/// Reads whole pieces.
class InputFile {
 public:
  explicit InputFile(const std::filesystem::path& path)
      : name_(printable(path.string())), in_(path, std::ios::binary) {
    std::error_code error;
    size_ = std::filesystem::file_size(path, error);
    OTTOBIT_CHECK(in_.is_open() && !error, ErrorCode::io, name_,
                  error ? "cannot be read: " + error.message() : "cannot be read");
  }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::uintmax_t size() const noexcept { return size_; }
  void rewind() {
    in_.clear();
    in_.seekg(0);
  }
  void read(std::span<std::byte> bytes) {
    in_.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    OTTOBIT_CHECK(static_cast<std::size_t>(in_.gcount()) == bytes.size(), ErrorCode::state, name_,
                  "is shorter than a saved session");
  }

 private:
  std::string name_;
  std::ifstream in_;
  std::uintmax_t size_ = 0;
};

/// The check sum at the end is that of what stands before it: nothing has to be undone later.
void check_sum(InputFile& file, const Progress& progress) {
  std::uint64_t sum = 0;
  OTTOBIT_CHECK(file.size() > sizeof(sum), ErrorCode::state, file.name(),
                "is shorter than a saved session");
  Checksum checksum;
  std::vector<std::byte> piece(std::size_t{1} << 20U);
  for (std::uintmax_t left = file.size() - sizeof(sum); left > 0;) {
    const auto part = std::span(piece).first(
        static_cast<std::size_t>(std::min<std::uintmax_t>(left, piece.size())));
    file.read(part);
    checksum.add(part);
    left -= part.size();
    OTTOBIT_CHECK(!progress || progress(0, file.size()), ErrorCode::cancelled, "",
                  "cancelled before anything was restored");
  }
  file.read(std::as_writable_bytes(std::span(&sum, 1)));
  OTTOBIT_CHECK(sum == checksum.value(), ErrorCode::state, file.name(),
                "is no saved session, or damaged: its check sum is another");
  file.rewind();
}

}  // namespace

void save_session(Session& session, const std::filesystem::path& path, const Progress& progress) {
  ReplacedFile file(path);
  session.save([&](std::span<const std::byte> bytes) { file.write(bytes); }, progress);
  file.commit();
}

void restore_session(Session& session, const std::filesystem::path& path,
                     const Progress& progress) {
  InputFile file(path);
  check_sum(file, progress);
  session.restore([&](std::span<std::byte> bytes) { file.read(bytes); }, file.name(), progress);
}

}  // namespace ottobit
