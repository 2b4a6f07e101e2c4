// SPDX-License-Identifier: Apache-2.0
// Twenty thousand damaged safetensors files, the same on every run: each is refused with
// Error{format} or accepted with a consistent header. The fuzz entry checks the same without end.
#include <cstdint>
#include <cstring>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "ottobit/error.hpp"

#include "io/safetensors.hpp"
#include "support/checkpoint_writer.hpp"
#include "support/guarded_buffer.hpp"
#include "support/random.hpp"
#include "support/safetensors_invariants.hpp"

namespace ottobit {
namespace {

using test::Random;

std::vector<std::string> seeds() {
  test::CheckpointWriter writer;
  writer.add_values<float>("a.weight", DType::f32, {1, 2}, {1.0F, 2.0F});
  writer.add_values<std::uint8_t>("b", DType::f8_e4m3, {4}, {1, 2, 3, 4});
  writer.add_values<std::uint8_t>("c", DType::f4, {2, 1}, {1});
  return {
      test::CheckpointWriter::file_text(writer.tensors()),
      test::safetensors_text("{\"__metadata__\":{\"format\":\"pt\"},\"w\":{\"dtype\":\"I64\","
                             "\"shape\":[],\"data_offsets\":[0,8]}}",
                             "12345678"),
      test::safetensors_text("{}"),
  };
}

void splice(std::string& text, Random& random) {
  static constexpr std::string_view kPieces[] = {
      "0",
      "-1",
      "1e9",
      "18446744073709551615",
      "9223372036854775808",
      "4294967296",
      "[",
      "]",
      "{",
      "}",
      "\"",
      ",",
      ":",
      "null",
      "\"F4\"",
      "\"I64\"",
      "[0,0]",
      "\\u0000",
      "\xFF",
  };
  const std::string_view piece = kPieces[random.index(static_cast<Index>(std::size(kPieces)))];
  const auto at = static_cast<std::size_t>(random.index(static_cast<Index>(text.size() + 1)));
  const auto removed = static_cast<std::size_t>(random.index(6));
  text.replace(at, removed, piece);
}

void mutate(std::string& text, Random& random) {
  const auto any = [&] {
    return static_cast<std::size_t>(random.index(static_cast<Index>(text.size())));
  };
  switch (text.empty() ? 3 : random.index(6)) {
    case 0:  // one bit
      text[any()] ^= static_cast<char>(1U << static_cast<unsigned>(random.index(8)));
      break;
    case 1:  // one byte
      text[any()] = static_cast<char>(random.bits() & 0xFFU);
      break;
    case 2:  // shorter
      text.resize(any());
      break;
    case 3:  // longer
      text.append(static_cast<std::size_t>(1 + random.index(9)), '\0');
      break;
    case 4: {  // one digit, where offsets and extents are
      const std::size_t digit = text.find_first_of("0123456789", any());
      if (digit != std::string::npos) {
        text[digit] = static_cast<char>('0' + random.index(10));
      }
      break;
    }
    default:
      splice(text, random);
  }
}

/// Makes the length field fit again, so that the damage reaches the JSON and the offsets.
void repair_length(std::string& text) {
  const std::size_t close = text.rfind('}');
  if (text.size() < 10 || close == std::string::npos || close < 8) {
    return;
  }
  for (unsigned i = 0; i < 8; ++i) {
    text[i] = static_cast<char>((close + 1 - 8) >> (8U * i) & 0xFFU);
  }
}

TEST_CASE("damaged safetensors files are refused or read consistently") {
  Random random(20240229);
  const std::vector<std::string> originals = seeds();
  test::GuardedBuffer<char> memory(4096);  // its end is against an unreadable page
  int accepted = 0;
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = originals[static_cast<std::size_t>(round) % originals.size()];
    for (Index n = 1 + random.index(3); n > 0; --n) {
      mutate(text, random);
    }
    if (random.index(2) == 0) {
      repair_length(text);
    }
    REQUIRE(text.size() <= 4096);
    char* const at = memory.end() - text.size();
    if (!text.empty()) {
      std::memcpy(at, text.data(), text.size());
    }
    try {
      const SafetensorsHeader header = parse_safetensors_header(
          std::as_bytes(std::span<const char>(at, text.size())), text.size(), "m");
      const char* const broken = test::broken_invariant(header, text.size());
      INFO("round " << round << ": " << std::string(broken == nullptr ? "" : broken));
      REQUIRE(broken == nullptr);
      ++accepted;
    } catch (const Error& error) {
      REQUIRE(error.code() == ErrorCode::format);
      ++refused;
    }
  }
  // Both sides must have been reached, or the damage was of the wrong kind.
  CHECK(accepted > 500);
  CHECK(refused > 5'000);
}

}  // namespace
}  // namespace ottobit
