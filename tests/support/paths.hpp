// SPDX-License-Identifier: Apache-2.0
// Where tests find their data: the folders of the repository, and fixtures beside it that a user's
// machine may lack.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

namespace ottobit::test {

/// tests/data/<name>, which is always there.
inline std::filesystem::path test_data(std::string_view name) {
  return std::filesystem::path(OTTOBIT_TEST_DATA) / name;
}

/// A file or folder of the fixtures beside the repository, or nothing where they are absent:
///   const auto dir = shared_fixture("checkpoints/seed_oss-fp8");
///   if (!dir) { MESSAGE("skipped: fixtures absent"); return; }
inline std::optional<std::filesystem::path> shared_fixture(std::string_view name) {
  const std::filesystem::path path = std::filesystem::path(OTTOBIT_SHARED_FIXTURES) / name;
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    return std::nullopt;
  }
  return path;
}

}  // namespace ottobit::test
