// SPDX-License-Identifier: Apache-2.0
// What the command knows about its terminal: whether there is one, colours, safe text, and numbers
// as people write them. All output goes through here, unbuffered, so that what goes to standard
// output and to standard error appears in the order in which it was written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ottobit::cli {

/// One of the two output streams.
struct Output {
  int fd = 1;
  bool terminal = false;  ///< a person looks at it
  bool colour = false;    ///< a terminal, and neither NO_COLOR nor TERM=dumb
};

[[nodiscard]] const Output& standard_output();
[[nodiscard]] const Output& standard_error();
[[nodiscard]] bool input_is_terminal();

/// Writes all of `text` as it is. Failure where the stream cannot be written, except that standard
/// error is given up silently.
void write(const Output& output, std::string_view text);

/// Writes text from a model or a file: on a terminal control characters, which could move the
/// cursor or change settings, become U+FFFD.
void write_untrusted(const Output& output, std::string_view text);
[[nodiscard]] std::string without_controls(std::string_view text);

/// `text` dim or bold where the output has colours.
[[nodiscard]] std::string dim(const Output& output, std::string_view text);
[[nodiscard]] std::string bold(const Output& output, std::string_view text);
[[nodiscard]] std::string red(const Output& output, std::string_view text);

/// Standard input to its end; at most 64 MiB, else Failure.
[[nodiscard]] std::string read_input();
/// A whole file; throws Failure where it cannot be read.
[[nodiscard]] std::string read_file(const std::string& path);
/// Writes a file beside it, which then takes its place. Failure where that is not possible.
void replace_file(const std::string& path, const std::string& text);

/// "2.2 MB": powers of 1000.
[[nodiscard]] std::string bytes_text(double bytes);
/// Three significant digits and no exponent: "5210", "18.3", "0.42".
[[nodiscard]] std::string number_text(double value);
/// "12,345"
[[nodiscard]] std::string count_text(std::uint64_t value);

}  // namespace ottobit::cli
