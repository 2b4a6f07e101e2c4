// SPDX-License-Identifier: Apache-2.0
// Hostile names must come out as one line of well-formed UTF-8 of bounded length.
#include "io/printable.hpp"

#include <string>

#include <doctest/doctest.h>

#include "io/json.hpp"
#include "support/random.hpp"

namespace ottobit {
namespace {

TEST_CASE("printable keeps ordinary text and escapes what breaks a line") {
  CHECK(printable("model.layers.0.mlp") == "model.layers.0.mlp");
  CHECK(printable("caf\xC3\xA9 \xE4\xBD\xA0 \xF0\x9F\x98\x80") ==
        "caf\xC3\xA9 \xE4\xBD\xA0 \xF0\x9F\x98\x80");
  CHECK(printable("a\nb\t\x7F") == "a\\x0ab\\x09\\x7f");
  CHECK(printable(std::string_view("\0", 1)) == "\\x00");
  CHECK(printable("\xC2\x85") == "\\xc2\\x85");           // next line, a C1 control
  CHECK(printable("\xE2\x80\xA8") == "\\xe2\\x80\\xa8");  // line separator
  CHECK(in_backticks("w") == "`w`");
}

TEST_CASE("printable escapes ill-formed UTF-8") {
  CHECK(printable("\xFF") == "\\xff");
  CHECK(printable("\xC3") == "\\xc3");
  CHECK(printable("\xC0\x80") == "\\xc0\\x80");
  CHECK(printable("\xED\xA0\x80") == "\\xed\\xa0\\x80");
  CHECK(printable("\xF4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");
  CHECK(printable("\xE4\xBD") == "\\xe4\\xbd");
}

TEST_CASE("printable shortens long text in the middle, between characters") {
  const std::string text = printable("head" + std::string(1000, 'x') + "tail", 60);
  CHECK(text.starts_with("headxxx"));
  CHECK(text.ends_with("xxxtail"));
  CHECK(text.size() <= 63);
  std::string wide;
  for (int i = 0; i < 100; ++i) {
    wide += "\xE4\xBD\xA0";
  }
  for (std::size_t limit = 10; limit < 20; ++limit) {
    CHECK(printable(wide, limit).find('\\') == std::string::npos);
  }
}

TEST_CASE("printable of any bytes is one line of well-formed UTF-8") {
  test::Random random(3);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes;
    for (Index n = random.index(12); n > 0; --n) {
      bytes += static_cast<char>(random.bits() & 0xFFU);
    }
    const std::string text = printable(bytes, 8);
    for (const char c : text) {
      REQUIRE(static_cast<unsigned char>(c) >= 0x20U);
    }
    CHECK_NOTHROW(static_cast<void>(Json(text).dump()));  // dump refuses ill-formed UTF-8
  }
}

}  // namespace
}  // namespace ottobit
