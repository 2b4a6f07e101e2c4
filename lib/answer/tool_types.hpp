// SPDX-License-Identifier: Apache-2.0
// What the tools of a conversation declare.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/json.hpp"

namespace ottobit {

/// The types that the tools of a conversation declare for their parameters. The syntaxes that write
/// values as bare text need them to tell the string "3" from the number 3.
class ToolTypes {
 public:
  enum class Kind {
    unknown,  ///< not declared: a value that reads as JSON other than a string is that
    text,     ///< may be a string: the text as it is
    json,     ///< no string: JSON, or Python's True, False, None and its ways to write a list
  };

  ToolTypes() = default;
  /// `tools` as in the chat JSON: a list of {"type": "function", "function": {...}}, or of the
  /// inner objects. Anything of another shape declares nothing.
  explicit ToolTypes(OrderedJson tools) : tools_(std::move(tools)) {}

  [[nodiscard]] Kind of(std::string_view function, std::string_view parameter) const;
  /// The names of all tools.
  [[nodiscard]] std::vector<std::string> names() const;
  /// A tool has that name.
  [[nodiscard]] bool declares(std::string_view function) const;
  /// The arguments, an object, have all that the tool's description requires.
  [[nodiscard]] bool has_required(std::string_view function, const OrderedJson& arguments) const;

 private:
  /// The description of a tool; nullptr if there is none of that name.
  [[nodiscard]] const OrderedJson* find(std::string_view function) const;

  OrderedJson tools_;
};

}  // namespace ottobit
