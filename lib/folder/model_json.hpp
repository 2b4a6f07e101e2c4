// SPDX-License-Identifier: Apache-2.0
// The facts of a model as JSON: members of ottobit_model_json and ottobit_inspect.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ottobit/decoder.hpp"
#include "ottobit/tokenizer.hpp"

#include "folder/folder.hpp"
#include "io/json.hpp"

namespace ottobit {

/// family, architecture, layers, width, ...: what the configuration says.
void describe_config(const FolderConfig& folder, OrderedJson& json);

/// format, parameters, bytes read for each token: what the bound weights say.
void describe_weights(const Decoder& decoder, OrderedJson& json);

/// repacked_bytes: of matrices that are laid out anew in memory, if there are any.
void describe_repacked(Index bytes, OrderedJson& json);

/// The texts of the tokens that open and close a thinking block, if the vocabulary has them.
[[nodiscard]] std::optional<std::pair<std::string, std::string>> think_markers(
    const Tokenizer& tokenizer);

/// kind, vocabulary, bos, eos, thinking markers.
void describe_tokenizer(const Tokenizer& tokenizer, OrderedJson& json);

}  // namespace ottobit
