// SPDX-License-Identifier: Apache-2.0
// Saved, restored and copied, a session goes on with the same bits as one that never stopped, for
// every family and every kind of cache; and what is no such state is refused.
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ottobit/session_file.hpp"

#include "io/checksum.hpp"
#include "io/replaced_file.hpp"
#include "support/errors.hpp"
#include "support/golden.hpp"
#include "support/model.hpp"
#include "support/paths.hpp"
#include "support/random.hpp"
#include "support/temp_directory.hpp"

namespace ottobit {
namespace {

using Ids = std::vector<std::int32_t>;

Ids random_ids(const Model& model, std::size_t count, unsigned seed) {
  test::Random random(seed);
  Ids ids;
  for (std::size_t i = 0; i < count; ++i) {
    ids.push_back(static_cast<std::int32_t>(random.index(model.vocab())));
  }
  return ids;
}

std::string saved(Session& session) {
  std::string bytes;
  session.save([&](std::span<const std::byte> piece) {
    bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  });
  CHECK(bytes.size() == session.saved_bytes());
  return bytes;
}

void restore(Session& session, const std::string& bytes) {
  std::size_t at = 0;
  session.restore(
      [&](std::span<std::byte> piece) {
        OTTOBIT_CHECK(piece.size() <= bytes.size() - at, ErrorCode::state, "bytes", "end early");
        std::memcpy(piece.data(), bytes.data() + at, piece.size());
        at += piece.size();
      },
      "state");
}

/// The logits after each of the steps: some tokens one by one, a prompt, going back, a token.
std::vector<float> go_on(Session& session) {
  std::vector<float> all;
  const auto note = [&] {
    const std::span<const float> logits = session.logits();
    all.insert(all.end(), logits.begin(), logits.end());
  };
  note();
  for (const std::int32_t id : {5, 9, 7}) {
    session.push(id);
    note();
  }
  session.append(random_ids(session.model(), 20, 3));
  note();
  session.truncate(session.length() - 1);
  note();
  session.append(Ids{11});
  note();
  return all;
}

/// A conversation: a prompt of several micro batches, some tokens, the last of them not computed.
void begin(Session& session, std::size_t prompt) {
  session.append(random_ids(session.model(), prompt, 1));
  for (const std::int32_t id : {4, 8, 6}) {
    session.push(id);
    static_cast<void>(session.logits());
  }
  session.push(12);
}

}  // namespace

TEST_SUITE("model") {
  TEST_CASE("a session that is saved and restored, or copied, goes on with the same bits") {
    for (const std::filesystem::path& folder : test::golden_folders()) {
      CAPTURE(folder.filename().string());
      const auto model = test::open_model(folder);
      const SessionOptions options{.context = 256, .micro_batch = 32};
      Session session(model, options);
      begin(session, 90);
      Session copy(ForkOf{session});
      Session other(model, options);
      other.append(Ids{1, 2, 3});  // is forgotten
      restore(other, saved(session));
      CHECK(saved(other) == saved(session));
      CHECK(saved(copy) == saved(session));
      CHECK(std::equal(other.tokens().begin(), other.tokens().end(), session.tokens().begin(),
                       session.tokens().end()));
      const std::vector<float> expected = go_on(session);
      CHECK(go_on(other) == expected);
      CHECK(go_on(copy) == expected);
    }
  }

  TEST_CASE("a session goes on in a longer or shorter context, with other rings") {
    for (const char* folder :
         {"gemma3-wrapper", "gemma4-e2b", "llama4-wrapper", "gpt_oss-mxfp4", "qwen3_next-fp8",
          "deepseek_v32-fp8", "minimax_m1-bf16", "minimax_m3-mxfp8", "deepseek_v4-fp4"}) {
      CAPTURE(std::string(folder));
      const auto model = test::open_model(test::test_data(folder));
      Session session(model, {.context = 400, .micro_batch = 8});
      begin(session, 170);
      const std::string state = saved(session);
      for (const SessionOptions& options : {SessionOptions{.context = 180, .micro_batch = 8},
                                            SessionOptions{.context = 500, .micro_batch = 8},
                                            SessionOptions{.context = 500, .micro_batch = 200},
                                            SessionOptions{.context = 300, .micro_batch = 3}}) {
        CAPTURE(options.context);
        CAPTURE(options.micro_batch);
        Session other(model, options);
        restore(other, state);
        Session same(ForkOf{session});
        for (Session* each : {&other, &same}) {
          each->push(7);
        }
        CHECK(std::equal(other.logits().begin(), other.logits().end(), same.logits().begin()));
        // Further back than a ring of the first reached: read again, not taken from an empty row.
        other.truncate(60);
        Session fresh(model, options);
        fresh.append(random_ids(*model, 60, 1));
        const std::vector<float> again(other.logits().begin(), other.logits().end());
        for (std::size_t i = 0; i < again.size(); ++i) {
          REQUIRE(again[i] == doctest::Approx(fresh.logits()[i]).epsilon(0.02).scale(1.0));
        }
      }
      test::expect_error(ErrorCode::state, {"state", "174", "100"}, [&] {
        Session small(model, {.context = 100});
        restore(small, state);
      });
    }
  }

  TEST_CASE("what is not a state of this model is refused, and leaves a session usable") {
    const auto model = test::open_model(test::test_data("qwen3_next-fp8"));
    Session session(model, {.context = 128});
    begin(session, 40);
    const std::string state = saved(session);
    const auto refused = [&](const std::string& bytes, const std::vector<std::string_view>& says) {
      Session other(model, {.context = 128});
      other.append(Ids{1, 2, 3});
      test::expect_error(ErrorCode::state, says, [&] { restore(other, bytes); });
      CHECK((other.length() == 0 || other.length() == 3));
      other.append(Ids{4});
      CHECK(other.logits().size() == static_cast<std::size_t>(model->vocab()));
    };
    test::Random random(9);
    for (int i = 0; i < 300; ++i) {  // anywhere, most in the rows
      std::string damaged = state;
      const auto at = static_cast<std::size_t>(random.index(static_cast<Index>(state.size())));
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << random.index(8)));
      CAPTURE(at);
      refused(damaged, {"state"});
    }
    for (std::size_t at = 0; at < 80; ++at) {  // everywhere in the header
      for (const int bit : {0, 7}) {
        std::string damaged = state;
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
        CAPTURE(at);
        refused(damaged, {});
      }
    }
    for (const std::size_t length : {std::size_t{0}, std::size_t{79}, state.size() - 1}) {
      refused(state.substr(0, length), {});
    }
    Session other(model, {.context = 128, .kv_dtype = DType::f32});
    test::expect_error(ErrorCode::state, {"kv_dtype"}, [&] { restore(other, state); });
    const auto stranger = test::open_model(test::test_data("qwen3-bf16-tied"));
    Session strange(stranger, {.context = 128});
    test::expect_error(ErrorCode::state, {"another model"}, [&] { restore(strange, state); });
  }

  TEST_CASE("files: replaced as a whole, refused with their name, left alone by a cancel") {
    const test::TempDirectory folder;
    const std::filesystem::path file = folder / "chat.state";
    const auto model = test::open_model(test::test_data("seed_oss-fp8"));
    Session session(model, {.context = 128});
    begin(session, 30);
    save_session(session, file);
    const std::string first = test::read_text(file);
    CHECK(first == saved(session));
    Session other(model, {.context = 128});
    restore_session(other, file);
    CHECK(go_on(other) == go_on(session));
    // A cancel while it is written leaves the old file, and nothing else.
    test::expect_error(ErrorCode::cancelled, {"cancelled"}, [&] {
      save_session(session, file, [](std::uint64_t, std::uint64_t) { return false; });
    });
    CHECK(test::read_text(file) == first);
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()),
                        std::filesystem::directory_iterator()) == 1);
    save_session(session, file);
    CHECK(test::read_text(file) != first);
    // Damage is found before anything is changed.
    std::string damaged = test::read_text(file);
    damaged[damaged.size() / 2] ^= 1;
    test::write_text(file, damaged);
    const Index before = other.length();
    test::expect_error(ErrorCode::state, {"chat.state", "damaged"},
                       [&] { restore_session(other, file); });
    CHECK(other.length() == before);
    test::expect_error(ErrorCode::io, {"nothing.state"},
                       [&] { restore_session(other, folder / "nothing.state"); });
    test::expect_error(ErrorCode::io, {"no/such", "cannot be made"},
                       [&] { save_session(other, folder / "no" / "such"); });
    test::expect_error(ErrorCode::io, {}, [&] { restore_session(other, folder.path()); });
  }
}

TEST_CASE("a check sum is the same for any pieces, and another for any other bytes") {
  test::Random random(4);
  std::vector<std::byte> bytes(1000);
  for (std::byte& each : bytes) {
    each = static_cast<std::byte>(random.index(256));
  }
  const auto sum_of = [](std::span<const std::byte> all, std::size_t piece) {
    Checksum sum;
    for (std::size_t at = 0; at < all.size(); at += piece) {
      sum.add(all.subspan(at, std::min(piece, all.size() - at)));
    }
    return sum.value();
  };
  const std::uint64_t whole = sum_of(bytes, 1000);
  for (const std::size_t piece : {1U, 7U, 31U, 32U, 33U, 64U, 999U}) {
    CHECK(sum_of(bytes, piece) == whole);
  }
  for (std::size_t bit = 0; bit < 8000; ++bit) {
    bytes[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
    REQUIRE(sum_of(bytes, 1000) != whole);
    bytes[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
  }
  CHECK(sum_of(std::span(bytes).first(999), 999) != whole);
  bytes.assign(64, std::byte{0});
  CHECK(sum_of(bytes, 64) != sum_of(std::span(bytes).first(63), 63));
}

}  // namespace ottobit
