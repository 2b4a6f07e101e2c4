// SPDX-License-Identifier: Apache-2.0
// Configurations as people have them: tests/data/wild/configs. Each is read without a warning and
// says what is expected of it.
#include <cmath>
#include <filesystem>
#include <string>
#include <variant>

#include <doctest/doctest.h>

#include "folder/folder.hpp"
#include "support/paths.hpp"
#include "support/temp_directory.hpp"

namespace ottobit {

TEST_SUITE("model") {
  TEST_CASE("wild configurations are read without a warning") {
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(test::test_data("wild/configs"))) {
      const Json item = parse_json(test::read_text(entry.path()), "wild config");
      CAPTURE(item["says"].get<std::string>());
      const Json& expected = item["expect"];
      const FolderConfig folder = read_config(Config::parse(item["config"], "config.json"), {});
      CHECK_NOTHROW(require_understood(folder, {}));
      CHECK(folder.family->model_type == expected["family"].get<std::string>());
      CHECK(folder.spec.context == expected["context"].get<Index>());
      CHECK(folder.spec.blocks.size() == expected["layers"].get<std::size_t>());
      if (expected.contains("scale")) {
        const auto& latent = std::get<MlaSpec>(folder.spec.blocks.front().mixer);
        CHECK(std::abs(latent.scale - expected["scale"].get<double>()) < 1e-12);
      }
      ++files;
    }
    CHECK(files >= 8);
  }
}

}  // namespace ottobit
