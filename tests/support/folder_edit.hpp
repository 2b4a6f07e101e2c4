// SPDX-License-Identifier: Apache-2.0
// Changes of a model folder: a file written, replaced in part, removed, the tensors rewritten.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>

#include "io/checkpoint.hpp"
#include "support/checkpoint_writer.hpp"
#include "support/temp_directory.hpp"

namespace ottobit::test {

using FolderEdit = std::function<void(const std::filesystem::path& folder)>;

inline FolderEdit remove(const char* file) {
  return [=](const std::filesystem::path& folder) { std::filesystem::remove(folder / file); };
}
inline FolderEdit write(const char* file, std::string text) {
  return [=](const std::filesystem::path& folder) { write_text(folder / file, text); };
}
inline FolderEdit replace(const char* file, const char* from, const char* to) {
  return [=](const std::filesystem::path& folder) { replace_in_file(folder / file, from, to); };
}
/// As in a cache of downloads that is not complete.
inline FolderEdit dangling(const char* file) {
  return [=](const std::filesystem::path& folder) {
    std::filesystem::remove(folder / file);
    std::filesystem::create_symlink("../../blobs/0123", folder / file);
  };
}
/// Rewrites model.safetensors after a change of its tensors.
inline FolderEdit tensors(const std::function<void(CheckpointWriter&)>& change) {
  return [=](const std::filesystem::path& folder) {
    CheckpointWriter writer = CheckpointWriter::from(Checkpoint::open(folder));
    change(writer);
    writer.write(folder);
  };
}

}  // namespace ottobit::test
