// SPDX-License-Identifier: Apache-2.0
#include "grammar/json_merge.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace ottobit::grammar {

namespace {

using Refuse = std::function<void(const std::string&)>;

OrderedJson as_list(const OrderedJson& json) {
  return json.is_array() ? json : OrderedJson::array({json});
}

OrderedJson common(const OrderedJson& a, const OrderedJson& b) {
  OrderedJson both = OrderedJson::array();
  for (const OrderedJson& one : a) {
    if (holds(b, one)) {
      both.push_back(one);
    }
  }
  return both;
}

/// number and integer have integer in common.
OrderedJson common_types(const OrderedJson& a, const OrderedJson& b) {
  OrderedJson both = common(as_list(a), as_list(b));
  const auto has = [](const OrderedJson& list, const char* type) {
    return holds(as_list(list), OrderedJson(type));
  };
  const bool mixed = (has(a, "integer") && has(b, "number") && !has(b, "integer")) ||
                     (has(b, "integer") && has(a, "number") && !has(a, "integer"));
  if (mixed) {
    both.push_back("integer");
  }
  return both;
}

void merge_properties(OrderedJson& into, const OrderedJson& from) {
  for (const auto& [key, value] : from.items()) {
    if (!into.contains(key)) {
      into[key] = value;
    } else if (into[key] != value) {
      into[key] = OrderedJson::object({{"allOf", OrderedJson::array({into[key], value})}});
    }
  }
}

void merge_keyword(OrderedJson& into, const std::string& key, const OrderedJson& value,
                   const Refuse& refuse) {
  constexpr std::array<std::string_view, 5> kHighest = {"minimum", "exclusiveMinimum", "minLength",
                                                        "minItems", "minProperties"};
  constexpr std::array<std::string_view, 5> kLowest = {"maximum", "exclusiveMaximum", "maxLength",
                                                       "maxItems", "maxProperties"};
  constexpr std::array<std::string_view, 6> kWords = {"title",    "description", "default",
                                                      "examples", "$comment",    "$id"};
  const auto is = [&](const auto& list) {
    return std::find(list.begin(), list.end(), key) != list.end();
  };
  OrderedJson& own = into[key];
  if (own == value || is(kWords)) {
    return;
  }
  if (key == "properties" && own.is_object() && value.is_object()) {
    merge_properties(own, value);
  } else if (key == "required" && own.is_array() && value.is_array()) {
    for (const OrderedJson& one : value) {
      if (!holds(own, one)) {
        own.push_back(one);
      }
    }
  } else if (key == "type") {
    own = common_types(own, value);
    if (own.empty()) {
      refuse("no value has all of the types");
    }
  } else if (key == "enum" && own.is_array() && value.is_array()) {
    own = common(own, value);
    if (own.empty()) {
      refuse("no value is in all of the enums");
    }
  } else if (is(kHighest) && own.is_number() && value.is_number()) {
    own = std::max(own, value);
  } else if (is(kLowest) && own.is_number() && value.is_number()) {
    own = std::min(own, value);
  } else if (key == "allOf" || key == "anyOf" || key == "oneOf") {
    refuse("\"" + key + "\" on two levels is not supported");
  } else {
    refuse("\"" + key + "\" is given in two ways, which is not supported");
  }
}

/// Properties that the other schema, which is closed, does not know would be allowed by one only.
void check_closed(const OrderedJson& closed, const OrderedJson& other, const Refuse& refuse) {
  if (closed.value("additionalProperties", OrderedJson(true)) != OrderedJson(false) ||
      !other.contains("properties") || !other["properties"].is_object()) {
    return;
  }
  for (const auto& [key, value] : other["properties"].items()) {
    if (!closed.contains("properties") || !closed["properties"].contains(key)) {
      refuse("the property \"" + key + "\" meets additionalProperties false beside it");
    }
  }
}

std::vector<std::string> types_of(const OrderedJson& schema) {
  std::vector<std::string> types;
  if (schema.is_object() && schema.contains("type")) {
    for (const OrderedJson& type : as_list(schema["type"])) {
      if (type.is_string()) {
        types.push_back(type.text());
      }
    }
  }
  return types;
}

/// The values that a schema lists; null where it does not.
OrderedJson values_of(const OrderedJson& schema) {
  if (schema.is_object() && schema.contains("const")) {
    return OrderedJson::array({schema["const"]});
  }
  return schema.is_object() && schema.contains("enum") && schema["enum"].is_array() ? schema["enum"]
                                                                                    : OrderedJson();
}

bool overlap(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  const auto numeric = [](const std::string& type) {
    return type == "number" || type == "integer";
  };
  return std::any_of(a.begin(), a.end(), [&](const std::string& x) {
    return std::any_of(b.begin(), b.end(),
                       [&](const std::string& y) { return x == y || (numeric(x) && numeric(y)); });
  });
}

bool requires_key(const OrderedJson& schema, const std::string& key) {
  return schema.contains("required") && schema["required"].is_array() &&
         holds(schema["required"], OrderedJson(key));
}

}  // namespace

bool holds(const OrderedJson& list, const OrderedJson& value) {
  return list.is_array() && std::find(list.begin(), list.end(), value) != list.end();
}

OrderedJson merged(const OrderedJson& a, const OrderedJson& b, const Refuse& refuse) {
  if (b == OrderedJson(true)) {
    return a;
  }
  if (!b.is_object()) {
    refuse("is no schema that a value can be");
  }
  check_closed(a, b, refuse);
  check_closed(b, a, refuse);
  OrderedJson both = a;
  for (const auto& [key, value] : b.items()) {
    if (both.contains(key)) {
      merge_keyword(both, key, value, refuse);
    } else {
      both[key] = value;
    }
  }
  return both;
}

bool disjoint(const OrderedJson& a, const OrderedJson& b) {
  const OrderedJson mine = values_of(a);
  const OrderedJson theirs = values_of(b);
  if (!mine.is_null() && !theirs.is_null()) {
    return common(mine, theirs).empty();
  }
  for (const auto& [values, schema] : {std::pair(&mine, &b), std::pair(&theirs, &a)}) {
    const std::vector<std::string> types = types_of(*schema);
    if (!values->is_null()) {
      return !types.empty() && std::none_of(values->begin(), values->end(),
                                            [&](const auto& v) { return has_type(v, types); });
    }
  }
  const std::vector<std::string> types = types_of(a);
  const std::vector<std::string> other_types = types_of(b);
  if (!types.empty() && !other_types.empty() && !overlap(types, other_types)) {
    return true;
  }
  if (!a.is_object() || !b.is_object() || types != std::vector<std::string>{"object"} ||
      other_types != types || !a.contains("properties") || !b.contains("properties") ||
      !a["properties"].is_object() || !b["properties"].is_object()) {
    return false;
  }
  for (const auto& [key, value] : a["properties"].items()) {
    if (requires_key(a, key) && requires_key(b, key) && b["properties"].contains(key) &&
        disjoint(value, b["properties"][key])) {
      return true;
    }
  }
  return false;
}

bool has_type(const OrderedJson& value, const std::vector<std::string>& types) {
  const auto is = [&](const char* type) {
    return std::find(types.begin(), types.end(), type) != types.end();
  };
  if (value.is_number()) {
    const bool whole =
        value.is_number_integer() || std::floor(value.get<double>()) == value.get<double>();
    return is("number") || (whole && is("integer"));
  }
  return is(value.is_object()    ? "object"
            : value.is_array()   ? "array"
            : value.is_string()  ? "string"
            : value.is_boolean() ? "boolean"
                                 : "null");
}

}  // namespace ottobit::grammar
