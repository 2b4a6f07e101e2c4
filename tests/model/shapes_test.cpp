// SPDX-License-Identifier: Apache-2.0
// The published shapes that `bench` knows have as many parameters as their makers say: every width
// and every tensor of the family is accounted for.
#include "models/shapes.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ottobit/decoder.hpp"
#include "ottobit/model.hpp"

#include "folder/random_weights.hpp"
#include "models/registry.hpp"
#include "support/errors.hpp"

namespace ottobit {
namespace {

/// Parameters of a decoder, norms and biases included, from what it asks for.
Index parameters(const DecoderSpec& spec) {
  Index count = 0;
  const WeightReader reader{[&](const std::string&, Shape2 shape) {
                              count += shape.rows * shape.cols;
                              WeightView view;
                              view.rows = shape.rows;
                              view.cols = shape.cols;
                              return view;
                            },
                            [&](const std::string&, Index matrices, Shape2 shape) {
                              count += matrices * shape.rows * shape.cols;
                              WeightView view;
                              view.rows = matrices * shape.rows;
                              view.cols = shape.cols;
                              return view;
                            },
                            [&](const std::string&, const std::vector<Index>& shape) {
                              Index n = 1;
                              for (const Index size : shape) {
                                n *= size;
                              }
                              count += n;
                              Floats values(static_cast<std::size_t>(n));
                              for (Index i = 0; i < n; ++i) {  // as numbers of experts, different
                                values[static_cast<std::size_t>(i)] =
                                    static_cast<float>(i % shape.back());
                              }
                              return values;
                            },
                            [](const std::string&, const std::vector<Index>&) { return false; }};
  static_cast<void>(Decoder::bind(spec, reader));
  return count;
}

}  // namespace

TEST_CASE("published shapes have the published numbers of parameters") {
  struct Known {
    const char* shape;
    double billions;  // of the model card, to the digits given there
    double digit;
  };
  for (const Known& known :
       {Known{"deepseek-v3", 671.03, 0.01}, Known{"kimi-k2", 1026.4, 0.1},
        Known{"gemma-2-2b", 2.614, 0.001}, Known{"gemma-3-1b", 1.000, 0.001},
        Known{"gemma-3-27b", 27.009, 0.001}, Known{"gemma-4-12b", 12.0, 0.1},
        Known{"gemma-4-26b-a4b", 25.2, 0.1}, Known{"gemma-4-31b", 30.7, 0.1},
        // Less the keys and values of the last layers, which nobody reads: 18.9 and 55 million.
        Known{"gemma-4-e2b", 4.65 - 0.0189, 0.01}, Known{"gemma-4-e4b", 7.52 - 0.055, 0.01},
        Known{"gpt-oss-20b", 20.91, 0.01}, Known{"gpt-oss-120b", 116.83, 0.01},
        Known{"llama-3.1-8b", 8.03, 0.01}, Known{"llama-3.2-1b", 1.236, 0.001},
        Known{"llama-4-scout", 109.0, 1.5},  // with an encoder of images, which is not here
        Known{"minimax-m1", 456.09, 0.001}, Known{"minimax-m2", 228.69, 0.01},
        Known{"minimax-m3", 428.0, 2.0},  // with an encoder of images, which is not here
        Known{"qwen3-0.6b", 0.596, 0.001}, Known{"qwen3-1.7b", 1.721, 0.001},
        Known{"qwen3-8b", 8.191, 0.001}, Known{"qwen3-30b-a3b", 30.53, 0.01},
        Known{"qwen3-next-80b-a3b", 79.674, 0.001}, Known{"qwen3.5-27b", 26.896, 0.001},
        Known{"seed-oss-36b", 36.15, 0.01}, Known{"dots.llm1", 142.77, 0.01},
        Known{"ernie-4.5-0.3b", 0.36, 0.01}, Known{"exaone-4-1.2b", 1.28, 0.01},
        Known{"exaone-4-32b", 32.0, 0.1}, Known{"glm-4.5-air", 106.85, 0.01},
        Known{"glm-4.7-flash", 29.9, 0.1}, Known{"hy3", 295.0, 1.0},
        Known{"internlm3-8b", 8.80, 0.01}, Known{"mistral-7b", 7.248, 0.001},
        Known{"mistral-small-24b", 23.572, 0.001}, Known{"mixtral-8x7b", 46.703, 0.001},
        Known{"mimo-v2-flash", 309.0, 1.0},
        Known{"muse-glimmer-30b", 30.0, 2.5},  // with an encoder of images, which is not here
        Known{"olmo-3-7b", 7.298, 0.001}, Known{"olmo-3-32b", 32.23, 0.01},
        Known{"olmoe-1b-7b", 6.919, 0.001}, Known{"qwen2.5-0.5b", 0.494, 0.001},
        Known{"qwen2.5-7b", 7.616, 0.001}, Known{"qwen2.5-32b", 32.764, 0.001},
        Known{"qwen2-57b-a14b", 57.41, 0.01}, Known{"smollm3-3b", 3.075, 0.001},
        Known{"solar-open-100b", 102.6, 0.1}, Known{"youtu-llm-2b", 1.96, 0.01},
        Known{"phi-3.5-mini", 3.821, 0.001}, Known{"phi-4", 14.66, 0.01},
        Known{"phi-4-mini", 3.836, 0.001}, Known{"glm-4-9b", 9.40, 0.01},
        Known{"granite-3.3-8b", 8.17, 0.01}, Known{"lfm2-1.2b", 1.17, 0.01},
        Known{"granite-4.0-h-tiny", 6.94, 0.01}, Known{"nemotron-3-nano-30b-a3b", 31.58, 0.01},
        Known{"lfm2-8b-a1b", 8.34, 0.01}, Known{"kimi-linear-48b-a3b", 49.1, 0.2},
        Known{"deepseek-v4-flash", 284.3, 0.1}, Known{"step-3.5-flash", 196.8, 0.2},
        Known{"granite-3.1-1b-a400m", 1.33, 0.01}, Known{"ernie-4.5-21b-a3b", 21.83, 0.01},
        Known{"deepseek-v2-lite", 15.706, 0.001}, Known{"ministral-3-8b", 8.49, 0.01},
        Known{"mistral-small-4", 119.0, 1.0}}) {
    CAPTURE(std::string(known.shape));
    const Config config = Config::parse(published_config(known.shape), known.shape);
    const DecoderSpec spec = family_of(config).describe(config);
    validate(spec, config);
    const double billions = static_cast<double>(parameters(spec)) / 1e9;
    const RandomModel part =
        parse_random_model(R"({"layers": 3, "shape": ")" + std::string(known.shape) + R"("})");
    CHECK(family_of(part.config).describe(part.config).blocks.size() == 3);
    CHECK(billions == doctest::Approx(known.billions).epsilon(known.digit / known.billions));
  }
}

TEST_CASE("a shape of no layers is refused, not taken for the whole model") {
  const char* const json = R"({"shape": "qwen3-0.6b", "layers": 0})";
  test::expect_error(ErrorCode::argument, {"random", "layers is 0"},
                     [&] { (void)Model::open("", {}, {.random_json = json}); });
}

}  // namespace ottobit
