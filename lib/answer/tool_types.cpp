// SPDX-License-Identifier: Apache-2.0
#include "answer/tool_types.hpp"

#include <algorithm>

namespace ottobit {

namespace {

const OrderedJson* member(const OrderedJson& json, std::string_view key) {
  const auto found = json.is_object() ? json.find(key) : json.end();
  return found == json.end() ? nullptr : &*found;
}

/// The description within {"type": "function", "function": {...}}.
const OrderedJson& unwrapped(const OrderedJson& tool) {
  const OrderedJson* inner = member(tool, "function");
  return inner != nullptr ? *inner : tool;
}

/// What a JSON schema says about its values.
ToolTypes::Kind kind_of(const OrderedJson& schema) {
  using Kind = ToolTypes::Kind;
  const auto any_text = [](const OrderedJson& list, auto&& is_text) {
    return list.is_array() && std::any_of(list.begin(), list.end(), is_text) ? Kind::text
                                                                             : Kind::json;
  };
  if (const OrderedJson* values = member(schema, "enum")) {
    return any_text(*values, [](const OrderedJson& one) { return one.is_string(); });
  }
  if (const OrderedJson* type = member(schema, "type")) {
    return *type == "string"
               ? Kind::text
               : any_text(*type, [](const OrderedJson& one) { return one == "string"; });
  }
  for (const std::string_view key : {"anyOf", "oneOf"}) {
    if (const OrderedJson* choices = member(schema, key)) {
      return any_text(*choices, [](const OrderedJson& one) { return kind_of(one) == Kind::text; });
    }
  }
  return Kind::unknown;
}

}  // namespace

const OrderedJson* ToolTypes::find(std::string_view function) const {
  if (!tools_.is_array()) {
    return nullptr;
  }
  for (const OrderedJson& tool : tools_) {
    const OrderedJson* name = member(unwrapped(tool), "name");
    if (name != nullptr && *name == function) {
      return &unwrapped(tool);
    }
  }
  return nullptr;
}

std::vector<std::string> ToolTypes::names() const {
  std::vector<std::string> names;
  if (!tools_.is_array()) {
    return names;
  }
  for (const OrderedJson& tool : tools_) {
    const OrderedJson* name = member(unwrapped(tool), "name");
    if (name != nullptr && name->is_string() && !name->text().empty()) {
      names.push_back(name->get<std::string>());
    }
  }
  return names;
}

bool ToolTypes::declares(std::string_view function) const {
  return find(function) != nullptr;
}

bool ToolTypes::has_required(std::string_view function, const OrderedJson& arguments) const {
  const OrderedJson* tool = find(function);
  const OrderedJson* parameters = tool == nullptr ? nullptr : member(*tool, "parameters");
  const OrderedJson* required = parameters == nullptr ? nullptr : member(*parameters, "required");
  return required == nullptr || !required->is_array() ||
         std::all_of(required->begin(), required->end(), [&](const OrderedJson& key) {
           return !key.is_string() || arguments.contains(key.text());
         });
}

ToolTypes::Kind ToolTypes::of(std::string_view function, std::string_view parameter) const {
  const OrderedJson* declared = find(function);
  for (const std::string_view key :
       {std::string_view("parameters"), std::string_view("properties"), parameter}) {
    declared = declared == nullptr ? nullptr : member(*declared, key);
  }
  return declared == nullptr ? Kind::unknown : kind_of(*declared);
}

}  // namespace ottobit
