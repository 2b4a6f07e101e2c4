// SPDX-License-Identifier: Apache-2.0
// Cuts a template into tokens. White space around tags is settled here, with the options of
// transformers: trim_blocks (the line end after a block tag goes), lstrip_blocks (blanks before a
// block tag go), and the signs {%- -%} {%+ +%} that overrule both.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "jinja/source.hpp"

namespace ottobit::jinja {

enum class TokenKind : std::uint8_t {
  data,
  block_begin,
  block_end,
  variable_begin,
  variable_end,
  name,
  string,
  integer,
  real,
  op,
  end,
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::size_t offset = 0;
  /// Text of data, name and operator; contents of a string.
  std::string text;
  std::int64_t integer = 0;
  double real = 0;
};

/// All tokens, the last one of kind end. Throws Error{chat_template} with line and column.
std::vector<Token> tokenize(const Source& source);

}  // namespace ottobit::jinja
