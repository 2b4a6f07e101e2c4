// SPDX-License-Identifier: Apache-2.0
// The two forms of multi-head latent attention against the definition in plain loops.
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ottobit/crew.hpp"
#include "ottobit/format/list.hpp"
#include "ottobit/kernels/reference.hpp"
#include "ottobit/layers/mla_forms.hpp"

#include "support/random.hpp"
#include "support/weights.hpp"

namespace ottobit {
namespace {

using test::Random;
using test::TestWeight;

constexpr MlaSizes kSizes{6, 80, 24, 16, 20, 0.11F};

/// Queries and cached latents of a sequence, and a matrix that makes keys and values.
struct Fixture {
  Fixture(const MlaSizes& s, Index cached, Index tokens, DType kv_dtype, Random& random)
      : sizes(s),
        at{.first = 0, .position = cached, .tokens = tokens, .rope = {}, .cache = nullptr},
        dtype(kv_dtype),
        weight({FormatId::fp8_e4m3, {32, 128}, DType::f32}, {s.heads * (s.nope + s.value), s.rank},
               random),
        q(random.normals(tokens * s.heads * s.query())),
        latents(static_cast<std::size_t>((cached + tokens) * s.row() * dtype_bits(dtype) / 8)) {
    const std::vector<float> rows = random.normals((cached + tokens) * s.row());
    reference::store_kv(rows.data(), s.row(), cached + tokens, s.row(), dtype, latents.data(),
                        cached + tokens, 0, {0, 1});
    for (Index h = 0; h < s.heads; ++h) {
      const Index row = h * (s.nope + s.value);
      heads.push_back({{slice(weight.view(), {row, row + s.nope}), {}},
                       {slice(weight.view(), {row + s.nope, row + s.nope + s.value}), {}}});
    }
  }

  [[nodiscard]] double latent(Index position, Index i) const {
    return static_cast<double>(
        reference::cache_element(latents.data(), dtype, position * sizes.row() + i));
  }
  /// Row r of a head's keys (0 to nope) and values (nope on) at a position.
  [[nodiscard]] double expanded(Index head, Index r, Index position) const {
    double sum = 0.0;
    for (Index i = 0; i < sizes.rank; ++i) {
      const Index row = head * (sizes.nope + sizes.value) + r;
      sum += static_cast<double>(element_at(weight.view(), row, i)) * latent(position, i);
    }
    return sum;
  }

  [[nodiscard]] std::vector<double> expected() const {
    std::vector<double> out;
    for (Index t = 0; t < at.tokens; ++t) {
      for (Index h = 0; h < sizes.heads; ++h) {
        append_head(t, h, out);
      }
    }
    return out;
  }

  void append_head(Index t, Index h, std::vector<double>& out) const {
    const float* const query = q.data() + (t * sizes.heads + h) * sizes.query();
    std::vector<double> mixed(static_cast<std::size_t>(sizes.value));
    double sum = 0.0;
    for (Index s = 0; s <= at.position + t; ++s) {
      double score = 0.0;
      for (Index i = 0; i < sizes.query(); ++i) {
        const double key =
            i < sizes.nope ? expanded(h, i, s) : latent(s, sizes.rank + i - sizes.nope);
        score += static_cast<double>(query[i]) * key;
      }
      const double weighted = std::exp(score * static_cast<double>(sizes.scale));
      sum += weighted;
      for (Index i = 0; i < sizes.value; ++i) {
        mixed[static_cast<std::size_t>(i)] += weighted * expanded(h, sizes.nope + i, s);
      }
    }
    for (const double value : mixed) {
      out.push_back(value / sum);
    }
  }

  MlaSizes sizes;
  Sequence at;
  DType dtype;
  TestWeight weight;
  std::vector<float> q;
  std::vector<std::byte> latents;
  std::vector<MlaHead> heads;
};

using Form = void (*)(ExecContext&, const MlaSizes&, const std::vector<MlaHead>&, const Sequence&,
                      const float*, const LatentRows&, float*);

void absorbed(ExecContext& ctx, const MlaSizes& sizes, const std::vector<MlaHead>& heads,
              const Sequence& at, const float* q, const LatentRows& cached, float* out) {
  attend_absorbed(ctx, sizes, heads, at, q, cached, {}, out);
}

std::vector<float> run(Form form, const Fixture& f, const KernelTable& kernels, int threads) {
  const WorkspaceFor use{kernels, Compute::f32, threads, f.at.tokens, f.at.position + f.at.tokens};
  ArenaSize size;
  absorbed_workspace(use, f.sizes, 0, size);
  expanded_workspace(use, f.sizes, size);
  Arena arena(size.bytes());
  Crew crew(CrewOptions{threads});
  ExecContext ctx{kernels, Compute::f32, Parallel(crew), arena};
  std::vector<float> out(static_cast<std::size_t>(f.at.tokens * f.sizes.heads * f.sizes.value));
  form(ctx, f.sizes, f.heads, f.at, f.q.data(), {f.latents.data(), f.dtype}, out.data());
  return out;
}

double largest(const std::vector<double>& x) {
  double most = 0.0;
  for (const double value : x) {
    most = std::max(most, std::abs(value));
  }
  return most;
}

}  // namespace

TEST_CASE("expanded and absorbed latent attention are the definition, on every level") {
  Random random(61);
  for (const DType dtype : {DType::f32, DType::bf16, DType::f16}) {
    for (const auto& sizes : {std::pair<Index, Index>{0, 40}, {70, 33}, {3, 1}}) {
      const Index cached = sizes.first;
      const Index tokens = sizes.second;
      const Fixture f(kSizes, cached, tokens, dtype, random);
      const std::vector<double> expected = f.expected();
      // Scores are sums of rank + nope terms, rounded a few times each; values are averages.
      const double bound = largest(expected) * 0x1p-24 * 4.0 *
                           static_cast<double>(kSizes.rank + kSizes.nope + cached + tokens);
      for (const KernelTable* table : supported_kernel_tables()) {
        for (const Form form : {&attend_expanded, &absorbed}) {
          if (form == &attend_expanded && !kSizes.repays_expansion(tokens, cached + tokens)) {
            continue;  // and has no workspace
          }
          CAPTURE(std::string(table->isa));
          CAPTURE(static_cast<int>(dtype));
          CAPTURE(tokens);
          CAPTURE((form == &attend_expanded));
          const std::vector<float> found = run(form, f, *table, 1);
          double worst = 0.0;
          for (std::size_t i = 0; i < expected.size(); ++i) {
            const double error = std::abs(static_cast<double>(found[i]) - expected[i]);
            worst = std::isnan(error) ? 1e30 : std::max(worst, error);
          }
          CHECK(worst <= bound);
          CHECK(run(form, f, *table, 3) == found);
        }
      }
    }
  }
}

TEST_CASE("the expanded form is for many tokens and bounded contexts") {
  constexpr MlaSizes kDeepSeek{128, 512, 128, 64, 128, 0.1F};
  CHECK_FALSE(kDeepSeek.repays_expansion(1, 1));
  CHECK_FALSE(kDeepSeek.repays_expansion(170, 4096));
  CHECK(kDeepSeek.repays_expansion(171, 4096));
  CHECK_FALSE(kDeepSeek.repays_expansion(512, MlaSizes::kMostExpanded + 1));
}

}  // namespace ottobit
