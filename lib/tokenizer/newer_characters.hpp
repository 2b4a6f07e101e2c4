// SPDX-License-Identifier: Apache-2.0
// Where the makers' tokenizers library and ours are of different Unicode versions.
//
// Characters that its regular expressions know (Oniguruma, Unicode 16) and an older PCRE2 does not
// (10.42: Unicode 14), or sees as another kind: the patterns of tokenizers name classes of
// characters, not those characters, so that another of its class may stand in for each.
#pragma once

#include <string>
#include <string_view>

namespace ottobit {

/// The text for PCRE2: as long, with older characters of the same class and length in place of
/// those. Empty if nothing had to be replaced. `text` is valid UTF-8.
[[nodiscard]] std::string with_known_characters(std::string_view text);

/// Whether the makers' library, whose normal forms are those of Unicode 9, leaves the character and
/// its order among others as they are, where a newer Unicode would not.
[[nodiscard]] bool normalizes_as_unknown(char32_t code) noexcept;

}  // namespace ottobit
