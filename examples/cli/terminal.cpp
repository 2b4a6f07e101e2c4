// SPDX-License-Identifier: Apache-2.0
// Terminal output over the plain system calls.
#include "terminal.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include "api.hpp"

namespace ottobit::cli {
namespace {

constexpr std::size_t kMaxInput = std::size_t{64} << 20U;

Output describe(int fd) {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  const bool terminal = isatty(fd) == 1;
  const bool plain = (no_colour != nullptr && *no_colour != '\0') ||
                     (kind != nullptr && std::strcmp(kind, "dumb") == 0);
  return {.fd = fd, .terminal = terminal, .colour = terminal && !plain};
}

std::string coloured(const Output& output, std::string_view text, const char* code) {
  if (!output.colour || text.empty()) {
    return std::string(text);
  }
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

/// snprintf into a string, for short texts.
template <class... Values>
std::string formatted(const char* format, Values... values) {
  std::array<char, 64> buffer{};
  const int length = std::snprintf(buffer.data(), buffer.size(), format, values...);
  const int room = static_cast<int>(buffer.size()) - 1;
  return std::string(buffer.data(), static_cast<std::size_t>(std::clamp(length, 0, room)));
}

}  // namespace

const Output& standard_output() {
  static const Output output = describe(STDOUT_FILENO);
  return output;
}

const Output& standard_error() {
  static const Output output = describe(STDERR_FILENO);
  return output;
}

bool input_is_terminal() {
  return isatty(STDIN_FILENO) == 1;
}

void write(const Output& output, std::string_view text) {
  while (!text.empty()) {
    const ssize_t done = ::write(output.fd, text.data(), text.size());
    if (done >= 0) {
      text.remove_prefix(static_cast<std::size_t>(done));
    } else if (errno != EINTR) {
      if (output.fd == STDERR_FILENO) {
        return;
      }
      throw Failure("standard output: " + std::string(std::strerror(errno)));
    }
  }
}

std::string without_controls(std::string_view text) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  std::string clean;
  clean.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : '\0');
    if (byte == 0xC2 && next >= 0x80 && next <= 0x9F) {  // U+0080 to U+009F as UTF-8
      clean += kReplacement;
      ++i;
    } else if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7F) {
      clean += kReplacement;
    } else {
      clean += text[i];
    }
  }
  return clean;
}

void write_untrusted(const Output& output, std::string_view text) {
  if (output.terminal) {
    write(output, without_controls(text));
  } else {
    write(output, text);
  }
}

std::string dim(const Output& output, std::string_view text) {
  return coloured(output, text, "2");
}

std::string bold(const Output& output, std::string_view text) {
  return coloured(output, text, "1");
}

std::string red(const Output& output, std::string_view text) {
  return coloured(output, text, "31");
}

namespace {

std::string read_all(int file, const std::string& name) {
  std::string text;
  std::array<char, 1 << 16> buffer{};
  while (true) {
    const ssize_t got = ::read(file, buffer.data(), buffer.size());
    if (got == 0) {
      return text;
    }
    if (got > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(got));
    } else if (errno != EINTR) {
      throw Failure(name + ": " + std::string(std::strerror(errno)));
    }
    if (text.size() > kMaxInput) {
      throw Failure(name + ": more than 64 MiB of text");
    }
  }
}

}  // namespace

std::string read_input() {
  return read_all(STDIN_FILENO, "standard input");
}

std::string read_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    throw Failure(path + ": " + std::string(std::strerror(errno)));
  }
  const struct Closer {
    int file;
    ~Closer() { ::close(file); }
  } closer{file};
  return read_all(file, path);
}

void replace_file(const std::string& path, const std::string& text) {
  const std::string beside = path + ".new";
  std::ofstream out(beside, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out || std::rename(beside.c_str(), path.c_str()) != 0) {
    throw Failure(path + ": cannot be written");
  }
}

std::string number_text(double value) {
  if (!std::isfinite(value)) {
    return "-";
  }
  const double size = std::fabs(value);
  const int decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  return formatted("%.*f", decimals, value);
}

std::string bytes_text(double bytes) {
  constexpr std::array<const char*, 6> kUnits = {"B", "kB", "MB", "GB", "TB", "PB"};
  std::size_t unit = 0;
  while (bytes >= 999.5 && unit + 1 < kUnits.size()) {
    bytes /= 1000;
    ++unit;
  }
  const int decimals = unit == 0 || bytes >= 99.95 ? 0 : 1;
  return formatted("%.*f %s", decimals, bytes, kUnits[unit]);
}

std::string count_text(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

}  // namespace ottobit::cli
