// SPDX-License-Identifier: Apache-2.0
// Tokens that the files beside a vocabulary name, and what transformers' AutoTokenizer makes of
// them (5.24, tokenization_utils_base.py): `added_tokens_decoder` of tokenizer_config.json, else
// added_tokens.json; bos_token and its like; extra_special_tokens, additional_special_tokens;
// without an `added_tokens_decoder`, special_tokens_map.json too.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "io/config.hpp"
#include "tokenizer/added_tokens.hpp"
#include "tokenizer/json_tokenizer.hpp"

namespace ottobit {

struct FolderTokens {
  std::vector<AddedToken>
      listed;                     ///< with the ids that their file gives them, which it may not get
  bool listed_first = false;      ///< their flags count over those of the vocabulary's own file
  std::vector<AddedToken> named;  ///< special, without ids
  std::string bos;                ///< empty: none
  std::string eos;
  std::optional<bool> adds_bos;
  std::optional<bool> adds_eos;
};

/// Error{format} for an `added_tokens_decoder` or added_tokens.json of another shape.
[[nodiscard]] FolderTokens read_folder_tokens(const std::filesystem::path& directory);

/// A token that the vocabulary spells keeps its id there; others get that of their file where it is
/// free, or the next. What is added already stays as it is, unless the list counts first.
///   invent  named tokens that have no id get one; else they are left out
void add_folder_tokens(const FolderTokens& tokens, bool invent, const Decoding& decoding,
                       Vocabulary& vocabulary, AddedTokens& added);

}  // namespace ottobit
