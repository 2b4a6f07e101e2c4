// SPDX-License-Identifier: Apache-2.0
#include "folder/model_json.hpp"

#include <algorithm>
#include <cmath>
#include <variant>

#include "ottobit/format/recognise.hpp"
#include "ottobit/layers/kv_cache.hpp"

namespace ottobit {
namespace {

/// Bytes of a matrix and its scales.
Index stored_bytes(const WeightView& w) {
  Index bytes = w.rows * w.row_bytes;
  if (w.block_rows != 0) {
    bytes += (w.rows + w.block_rows - 1) / w.block_rows * w.scale_row_bytes;
  }
  return bytes;
}

std::string kind_of(const GqaSpec& gqa) {
  if (gqa.window > 0) {
    return "attention within " + std::to_string(gqa.window);
  }
  if (gqa.indexer) {
    return "attention to the best " + std::to_string(gqa.indexer->top) + " blocks of " +
           std::to_string(gqa.indexer->block);
  }
  return gqa.chunk > 0 ? "attention in chunks of " + std::to_string(gqa.chunk) : "attention";
}

std::string kind_of(const MlaSpec& mla) {
  return mla.indexer ? "latent attention to the best " + std::to_string(mla.indexer->top)
                     : "latent attention";
}

std::string kind_of(const CsaSpec& csa) {
  const std::string window = "attention within " + std::to_string(csa.window);
  return csa.ratio == 0 ? window
                        : window + " and to entries of " + std::to_string(csa.ratio) + " tokens" +
                              (csa.indexer ? ", the best " + std::to_string(csa.indexer->top) : "");
}

std::string kind_of(const DeltaNetSpec& /*net*/) {
  return "gated delta net";
}

std::string kind_of(const LightningSpec& /*light*/) {
  return "lightning attention";
}

std::string kind_of(const KdaSpec& /*kda*/) {
  return "Kimi delta attention";
}

std::string kind_of(const MambaSpec& /*mamba*/) {
  return "mamba";
}

std::string kind_of(const ShortConvSpec& conv) {
  return "convolution over " + std::to_string(conv.taps);
}

std::string kind_of(std::monostate /*none*/) {
  return "";
}

std::string kind_of(const MlpSpec& /*mlp*/) {
  return "dense";
}

std::string kind_of(const MoeSpec& /*moe*/) {
  return "experts";
}

}  // namespace

void describe_mixer(const GqaSpec& gqa, OrderedJson& json) {
  json["heads"] = gqa.heads;
  json["kv_heads"] = gqa.kv_heads;
  json["head_dim"] = gqa.head_dim;
  if (value_dim(gqa) != gqa.head_dim) {
    json["value_dim"] = value_dim(gqa);
  }
}

void describe_mixer(const MlaSpec& mla, OrderedJson& json) {
  json["heads"] = mla.heads;
  json["kv_heads"] = mla.heads;
  json["head_dim"] = mla.nope_dim + mla.rope.dim;
  json["value_dim"] = mla.value_dim;
  json["q_rank"] = mla.q_rank;
  json["kv_rank"] = mla.kv_rank;
}

void describe_mixer(const CsaSpec& csa, OrderedJson& json) {
  json["heads"] = csa.heads;
  json["kv_heads"] = 1;
  json["head_dim"] = csa.head_dim;
  json["q_rank"] = csa.q_rank;
}

void describe_mixer(const DeltaNetSpec& net, OrderedJson& json) {
  json["state_heads"] = net.value_heads;
  json["state_dim"] = OrderedJson::array({net.key_dim, net.value_dim});
}

void describe_mixer(const LightningSpec& light, OrderedJson& json) {
  json["state_heads"] = light.heads;
  json["state_dim"] = OrderedJson::array({light.head_dim, light.head_dim});
}

void describe_mixer(const KdaSpec& kda, OrderedJson& json) {
  json["state_heads"] = kda.heads;
  json["state_dim"] = OrderedJson::array({kda.head_dim, kda.head_dim});
}

void describe_mixer(const MambaSpec& mamba, OrderedJson& json) {
  json["state_heads"] = mamba.heads;
  json["state_dim"] = OrderedJson::array({mamba.state, mamba.head_dim});
}

void describe_mixer(const ShortConvSpec& /*conv*/, OrderedJson& /*json*/) {}

void describe_mixer(std::monostate /*none*/, OrderedJson& /*json*/) {}

void describe_ffn(std::monostate /*none*/, OrderedJson& /*json*/) {}

void describe_ffn(const MlpSpec& mlp, OrderedJson& json) {
  json["feed_forward"] = mlp.hidden;
}

void describe_ffn(const MoeSpec& moe, OrderedJson& json) {
  json["experts"] = moe.router.experts;
  json["experts_per_token"] = moe.router.chosen;
  json["expert_width"] = moe.hidden;
  if (moe.shared.hidden > 0) {
    json["shared_expert_width"] = moe.shared.hidden;
  }
}

void describe_config(const FolderConfig& folder, OrderedJson& json) {
  const DecoderSpec& spec = folder.spec;
  json["family"] = folder.family->model_type;
  json["family_title"] = folder.family->title;
  json["architecture"] = folder.architecture;
  json["layers"] = spec.blocks.size();
  json["width"] = spec.dim;
  OrderedJson kinds = OrderedJson::object();  // of layers, and how many there are of each
  for (const BlockSpec& block : spec.blocks) {
    const std::string ffn = std::visit([](const auto& layer) { return kind_of(layer); }, block.ffn);
    for (const std::string& kind :
         {std::visit([](const auto& mixer) { return kind_of(mixer); }, block.mixer),
          block.beside ? ffn + " and experts" : ffn}) {
      if (kind.empty()) {
        continue;
      }
      kinds[kind] = kinds.value(kind, 0) + 1;
    }
  }
  json["layer_kinds"] = kinds;
  for (const BlockSpec& block : spec.blocks) {
    std::visit([&](const auto& mixer) { describe_mixer(mixer, json); }, block.mixer);
    std::visit([&](const auto& ffn) { describe_ffn(ffn, json); }, block.ffn);
    if (block.beside) {
      describe_ffn(block.beside->experts, json);
    }
  }
  json["vocab"] = spec.vocab;
  json["context"] = spec.context;
  // As a session has it that asks for nothing: F16, 512 tokens read at once.
  const KvCache cache(spec, DType::f16, spec.context, std::min<Index>(spec.context, 512));
  json["kv_bytes_per_token"] = cache.bytes_per_position();
  if (cache.fixed_bytes() > 0) {
    json["kv_fixed_bytes"] = cache.fixed_bytes();
  }
  json["tied_head"] = spec.tied_head;
}

void describe_weights(const Decoder& decoder, OrderedJson& json) {
  Index matmul = 0;
  double active = 0.0;
  double bytes = 0.0;
  std::vector<std::string> formats;
  decoder.each_linear([&](const Linear& linear, double share) {
    const Index elements = linear.weight.rows * linear.weight.cols;
    matmul += elements;
    active += share * static_cast<double>(elements);
    bytes += share * static_cast<double>(stored_bytes(linear.weight));
    const std::string format = format_text(linear.weight);
    if (std::find(formats.begin(), formats.end(), format) == formats.end()) {
      formats.push_back(format);
    }
  });
  std::string format;
  for (const std::string& name : formats) {
    format += (format.empty() ? "" : " + ") + name;
  }
  const Index head = decoder.head().weight.rows * decoder.head().weight.cols;
  json["format"] = format;
  json["head_format"] = format_text(decoder.head().weight);
  const WeightView table = decoder.layer_table();
  json["parameters"] = matmul + (decoder.spec().tied_head ? 1 : 2) * head + table.rows * table.cols;
  json["matmul_parameters"] = matmul;
  json["active_parameters"] = std::llround(active);
  json["head_parameters"] = head;
  json["weight_bytes_per_token"] = std::llround(bytes) + stored_bytes(decoder.head().weight);
}

void describe_repacked(Index bytes, OrderedJson& json) {
  if (bytes > 0) {
    json["repacked_bytes"] = bytes;
  }
}

std::optional<std::pair<std::string, std::string>> think_markers(const Tokenizer& tokenizer) {
  for (const char* name : {"seed:think", "think"}) {
    const std::string begin = "<" + std::string(name) + ">";
    const std::string end = "</" + std::string(name) + ">";
    if (tokenizer.find_token(begin) && tokenizer.find_token(end)) {
      return std::pair(begin, end);
    }
  }
  return std::nullopt;
}

void describe_tokenizer(const Tokenizer& tokenizer, OrderedJson& json) {
  json["tokenizer"] = tokenizer.kind();
  json["tokenizer_vocab"] = tokenizer.vocab_size();
  json["bos"] = tokenizer.bos_text();
  json["eos"] = tokenizer.eos_text();
  if (const auto markers = think_markers(tokenizer)) {
    json["think_begin"] = markers->first;
    json["think_end"] = markers->second;
  }
}

}  // namespace ottobit
