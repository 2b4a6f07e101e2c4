// SPDX-License-Identifier: Apache-2.0
// Config: typed access to config.json, generation_config.json and their nested objects. Every
// getter checks presence, type and range and names the key in its message. It remembers which keys
// were asked for, so that a caller can report those that nobody understood.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ottobit/isa.hpp"

#include "io/json.hpp"

namespace ottobit {

/// A cheap handle: copies, and repeated section() calls for one key, share the object and its
/// record of keys asked for. That record makes even the const getters unfit for two threads at
/// once.
///
/// Throws Error{format, subject(), "`key` is a string, expected an integer"} and the like. A key
/// that is present but null counts as absent. The forms without fallback refuse absence.
class Config {
 public:
  /// `object` must be a JSON object. `subject` opens every message, e.g. "config.json".
  [[nodiscard]] static Config parse(Json object, std::string subject);
  /// The subject is the file's name. NaN and infinite numbers, which are not JSON, but which Python
  /// writes, are read as texts. Throws what read_text_file and parse_json throw.
  [[nodiscard]] static Config open(const std::filesystem::path& file);

  /// `key` may be written as `other`, too, here and in nested objects; asked for either, a getter
  /// finds what stands. Error{format} where both stand with different values.
  void also(std::string_view key, std::string_view other);

  /// Present and not null.
  [[nodiscard]] bool has(std::string_view key) const;

  /// Present, and a string, where others write a number.
  [[nodiscard]] bool is_text(std::string_view key) const;

  /// Present, with a value or null.
  [[nodiscard]] bool mentions(std::string_view key) const;

  /// In [0, 2^40]; a fractional notation with an integral value (1e6) is accepted.
  [[nodiscard]] Index integer(std::string_view key) const;
  [[nodiscard]] Index integer(std::string_view key, Index fallback) const;
  /// Any JSON number; always finite.
  [[nodiscard]] double number(std::string_view key) const;
  [[nodiscard]] double number(std::string_view key, double fallback) const;
  [[nodiscard]] bool flag(std::string_view key) const;
  [[nodiscard]] bool flag(std::string_view key, bool fallback) const;
  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] std::string text(std::string_view key, std::string_view fallback) const;

  /// A list, or one value alone, which is taken for a list of one (eos_token_id comes as either).
  [[nodiscard]] std::vector<Index> integers(std::string_view key) const;
  [[nodiscard]] std::vector<double> numbers(std::string_view key) const;
  /// The same of numbers that may be infinite, as Python writes them: Infinity, or {"__float__":
  /// "Infinity"}.
  [[nodiscard]] std::vector<double> numbers_or_infinite(std::string_view key) const;
  [[nodiscard]] std::vector<std::string> texts(std::string_view key) const;

  /// The nested object, with subject "config.json: rope_scaling"; nothing if absent.
  [[nodiscard]] std::optional<Config> section(std::string_view key) const;

  [[nodiscard]] const Json& raw() const noexcept;
  [[nodiscard]] const std::string& subject() const noexcept;

  /// Keys of this object (not of nested ones) that no getter was asked for, sorted.
  [[nodiscard]] std::vector<std::string> unread_keys() const;

  /// The nested objects that were asked for, each with its key.
  [[nodiscard]] std::vector<std::pair<std::string, Config>> read_sections() const;

 private:
  struct State;
  explicit Config(std::shared_ptr<State> state) : state_(std::move(state)) {}

  [[nodiscard]] const Json* lookup(std::string_view key) const;  // nullptr: absent
  [[nodiscard]] const Json& required(std::string_view key) const;
  [[noreturn]] void fail_type(std::string_view key, const Json& value, const char* expected) const;
  [[nodiscard]] Index as_integer(std::string_view key, const Json& value) const;
  [[nodiscard]] double as_number(std::string_view key, const Json& value) const;
  [[nodiscard]] bool as_flag(std::string_view key, const Json& value) const;
  [[nodiscard]] std::string as_text(std::string_view key, const Json& value) const;

  std::shared_ptr<State> state_;
};

}  // namespace ottobit
