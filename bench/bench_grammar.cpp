// SPDX-License-Identifier: Apache-2.0
// Constrained output: the set of tokens that may come next, for one text written under a JSON
// schema with a vocabulary of 150,000 tokens. grammar/mask is the mean over the tokens of that text
// after it was written once; grammar/first includes what is found at the first visit of each state;
// grammar/compile is the schema alone, without the vocabulary, which is made once for a model.
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include "grammar/json_schema.hpp"
#include "grammar/token_mask.hpp"

namespace {

using ottobit::grammar::Automaton;
using ottobit::grammar::Constraint;
using ottobit::grammar::Grammar;
using ottobit::grammar::Vocabulary;

constexpr std::size_t kTokens = 150'000;

constexpr const char* kSchema = R"({"type": "object", "properties": {
  "name": {"type": "string"}, "age": {"type": "integer", "minimum": 0, "maximum": 150},
  "tags": {"type": "array", "items": {"type": "string"}},
  "address": {"type": "object", "properties": {"street": {"type": "string"}, "city":
    {"type": "string"}, "zip": {"type": "string", "pattern": "^[0-9]{5}$"}},
    "required": ["street", "city"]},
  "friends": {"type": "array", "items": {"$ref": "#"}}, "note": {}},
  "required": ["name", "age", "tags", "address", "friends"]})";

constexpr std::string_view kText =
    R"({"name": "Ada Lovelace", "age": 36, "tags": ["mathematics", "poetry \"and\" more"], )"
    R"("address": {"street": "St James's Square 12", "city": "London", "zip": "10115"}, )"
    R"("friends": [{"name": "Charles", "age": 79, "tags": [], "address": {"street": "", "city": )"
    R"("London"}, "friends": []}], "note": {"any": [1, 2.5, true, null]}})";

/// As vocabularies are: the bytes, words with and without a space, numbers, punctuation in rows,
/// letters of other scripts.
const std::vector<std::string>& tokens() {
  static const std::vector<std::string> all = [] {
    std::mt19937 random(1);
    const auto some = [&](std::string_view letters, std::size_t most) {
      std::string text;
      for (std::size_t i = 1 + random() % most; i > 0; --i) {
        text += letters[random() % letters.size()];
      }
      return text;
    };
    std::set<std::string> set;
    for (int byte = 0; byte < 256; ++byte) {
      set.emplace(1, static_cast<char>(byte));
    }
    while (set.size() < kTokens) {
      const std::size_t kind = random() % 100;
      if (kind < 70) {
        set.insert((kind < 45 ? " " : "") + some("etaoinshrdlucmfwypvbgkqjxzETAOINS", 9));
      } else if (kind < 78) {
        set.insert(some("0123456789", 3));
        set.insert(some("\"\"{}[],: \n\t", 5));
      } else if (kind < 84) {
        set.insert(some("abcdefgh", 5) + some("\"',.:;()[]{}", 3));
      } else {
        std::string text;
        for (std::size_t i = 1 + random() % 3; i > 0; --i) {
          text += {'\xE4', static_cast<char>(0xB8 + random() % 8),
                   static_cast<char>(0x80 + random() % 64)};
        }
        set.insert(text);
      }
    }
    return std::vector<std::string>(set.begin(), set.end());
  }();
  return all;
}

std::shared_ptr<const Vocabulary> vocabulary() {
  static const std::shared_ptr<const Vocabulary> made = [] {
    std::vector<std::pair<std::string_view, std::int32_t>> list;
    for (const std::string& token : tokens()) {
      list.emplace_back(token, static_cast<std::int32_t>(list.size()));
    }
    return std::make_shared<const Vocabulary>(std::move(list),
                                              static_cast<std::int32_t>(tokens().size()));
  }();
  return made;
}

Automaton automaton() {
  return ottobit::grammar::compile(ottobit::grammar::read_json_schema(kSchema, "schema"), "schema");
}

/// Writes kText in tokens of up to four bytes; returns how many.
std::int64_t write(Constraint& constraint) {
  std::int64_t count = 0;
  for (std::size_t at = 0; at < kText.size(); at += 4) {
    benchmark::DoNotOptimize(constraint.allowed().data());
    constraint.accept(kText.substr(at, 4));
    ++count;
  }
  return count;
}

void mask(benchmark::State& state) {
  const auto grammar = std::make_shared<const Grammar>(automaton(), vocabulary());
  Constraint warm(grammar);
  const std::int64_t steps = write(warm);
  if (!warm.accepts()) {
    state.SkipWithError("the text is not of the grammar");
  }
  for (auto _ : state) {
    Constraint constraint(grammar);
    write(constraint);
  }
  state.SetItemsProcessed(state.iterations() * steps);
}

void first(benchmark::State& state) {
  std::int64_t steps = 0;
  for (auto _ : state) {
    Constraint constraint(std::make_shared<const Grammar>(automaton(), vocabulary()));
    steps += write(constraint);
  }
  state.SetItemsProcessed(steps);
}

void compile(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(automaton().states.data());
  }
}

void make_vocabulary(benchmark::State& state) {
  std::vector<std::pair<std::string_view, std::int32_t>> list;
  for (const std::string& token : tokens()) {
    list.emplace_back(token, static_cast<std::int32_t>(list.size()));
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(Vocabulary(list, static_cast<std::int32_t>(list.size())).nodes());
  }
}

BENCHMARK(mask)->Name("grammar/mask")->Unit(benchmark::kMicrosecond);
BENCHMARK(first)->Name("grammar/first")->Unit(benchmark::kMillisecond);
BENCHMARK(compile)->Name("grammar/compile")->Unit(benchmark::kMillisecond);
BENCHMARK(make_vocabulary)->Name("grammar/vocabulary")->Unit(benchmark::kMillisecond);

}  // namespace
