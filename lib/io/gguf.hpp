// SPDX-License-Identifier: Apache-2.0
// GGUF files, which this library does not read: what they were made of, to tell whoever has one
// which published folder to take instead.
#pragma once

#include <filesystem>
#include <string>

namespace ottobit {

/// "Take the folder that its makers published", with its address if the file names it.
[[nodiscard]] std::string gguf_advice(const std::filesystem::path& file);

/// The first *.gguf file of a folder, or the path itself if it is one; else empty.
[[nodiscard]] std::filesystem::path find_gguf(const std::filesystem::path& path);

}  // namespace ottobit
