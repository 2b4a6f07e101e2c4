// SPDX-License-Identifier: Apache-2.0
// What a schema says about values of each type.
#include <algorithm>
#include <optional>
#include <string>

#include "grammar/json_merge.hpp"
#include "grammar/number_range.hpp"
#include "grammar/schema_reader.hpp"
#include "grammar/string_schema.hpp"

namespace ottobit::grammar {

Expr SchemaReader::typed(const OrderedJson& json, const std::string& type, const std::string& place,
                         int depth) {
  if (type == "object") {
    return object(json, place, depth);
  }
  if (type == "array") {
    return array(json, place, depth);
  }
  if (type == "string") {
    return string(json, place);
  }
  if (type == "null") {
    return text("null");
  }
  if (type == "boolean") {
    return any({text("true"), text("false")});
  }
  return number(json, type == "integer", place);
}

Expr SchemaReader::object(const OrderedJson& json, const std::string& place, int depth) {
  refuse_keyword(json, "minProperties", place);
  refuse_keyword(json, "maxProperties", place);
  const OrderedJson none = OrderedJson::object();
  const OrderedJson& properties = json.contains("properties") ? json["properties"] : none;
  const OrderedJson required = json.value("required", OrderedJson::array());
  if (!properties.is_object() || !required.is_array()) {
    refuse(place, "properties is not an object, or required not a list");
  }
  OrderedJson open = json.value("additionalProperties", OrderedJson(properties.empty()));
  if (open.is_boolean() && !open.get<bool>()) {
    open = nullptr;
  }
  std::vector<std::pair<Expr, bool>> members;  // and whether it is required
  std::vector<std::string> keys;
  for (const auto& [key, value] : properties.items()) {
    const std::string dumped = OrderedJson(key).dump();
    keys.push_back(dumped.substr(1, dumped.size() - 2));
    if (value.is_boolean() && !value.get<bool>()) {
      continue;
    }
    const std::size_t number = rules_.add(place + "/properties/" + key);
    Expr expr = member(key, schema(value, place + "/properties/" + key, depth + 1));
    rules_.rules[number] = std::move(expr);
    members.emplace_back(rule(number), holds(required, key));
  }
  for (const OrderedJson& key : required) {
    if (!key.is_string() || !properties.contains(key.get_ref<const std::string&>()) ||
        properties[key.get_ref<const std::string&>()] == OrderedJson(false)) {
      if (open.is_null() || !key.is_string() || !properties.empty()) {
        refuse(place, "required: " + key.dump() + " is not among the properties");
      }
      members.emplace_back(
          member(key, open.is_boolean() ? any_value() : schema(open, place, depth + 1)), true);
      const std::string dumped = key.dump();
      keys.push_back(dumped.substr(1, dumped.size() - 2));
    }
  }
  // Behind a first member, each further one brings its comma.
  Expr tail = text("");
  std::vector<Expr> firsts;
  if (!open.is_null()) {
    const Expr value =
        open.is_boolean() ? any_value() : schema(open, place + "/additionalProperties", depth + 1);
    const Expr pair = all({quoted(json_other_than(keys)), text(":"), blank(), value});
    const std::size_t number = rules_.add(place + "/additionalProperties", pair);
    tail = repeat(all({comma(), rule(number)}), 0, kUnbounded);
    firsts.push_back(all({rule(number), tail}));
  }
  bool may_be_empty = true;
  for (std::size_t i = members.size(); i-- > 0;) {
    const auto& [expr, needed] = members[i];
    if (needed) {
      firsts.clear();
      may_be_empty = false;
    }
    const std::size_t rest = rules_.add(place + " from " + std::to_string(i), tail);
    firsts.push_back(all({expr, rule(rest)}));
    Expr next = all({comma(), expr});
    tail = all({needed ? std::move(next) : optional(std::move(next)), rule(rest)});
  }
  Expr inside = any(std::move(firsts));
  if (inside.parts.empty()) {
    return all({text("{"), blank(), text("}")});
  }
  inside = all({std::move(inside), blank()});
  return all({text("{"), blank(), may_be_empty ? optional(std::move(inside)) : std::move(inside),
              text("}")});
}

Expr SchemaReader::array(const OrderedJson& json, const std::string& place, int depth) {
  const std::size_t min = count(json, "minItems", 0, place);
  std::size_t max = count(json, "maxItems", kUnbounded, place);
  if (json.contains("uniqueItems") && json["uniqueItems"] != OrderedJson(false) && max > 1) {
    refuse_keyword(json, "uniqueItems", place);
  }
  // Draft 7 writes prefixItems as a list of items, and items as additionalItems.
  const bool old = json.contains("items") && json["items"].is_array();
  const OrderedJson prefix = old ? json["items"] : json.value("prefixItems", OrderedJson::array());
  const char* rest_key = old ? "additionalItems" : "items";
  const OrderedJson rest = json.value(rest_key, OrderedJson(true));
  if (rest == OrderedJson(false)) {
    max = std::min(max, prefix.size());
  }
  if (min > max) {
    refuse(place, "minItems is above what the list may hold");
  }
  const std::size_t behind = max > prefix.size() ? 1 : 0;
  Expr item = behind == 0 ? text("") : schema(rest, place + "/" + rest_key, depth + 1);
  if (prefix.empty()) {
    return list_of(item, min, max);
  }
  Expr tail = text("");
  if (behind != 0) {
    const std::size_t known = prefix.size();
    tail = repeat(all({comma(), std::move(item)}), min > known ? min - known : 0,
                  max == kUnbounded ? kUnbounded : max - known);
  }
  for (std::size_t i = std::min(prefix.size(), max); i-- > 0;) {
    Expr one = schema(prefix[i], place + "/prefixItems/" + std::to_string(i), depth + 1);
    Expr here = i > 0 ? all({comma(), std::move(one), std::move(tail)})
                      : all({std::move(one), std::move(tail), blank()});
    tail = min > i ? std::move(here) : optional(std::move(here));
  }
  return all({text("["), blank(), std::move(tail), text("]")});
}

Expr SchemaReader::string(const OrderedJson& json, const std::string& place) const {
  const StringSchema read = read_string_schema(json, subject_ + ": " + place);
  if (read.texts) {
    return quoted(json_inside(*read.texts));
  }
  return read.free() ? any_string() : quoted(repeat(rule(char_), read.min, read.max));
}

Expr SchemaReader::number(const OrderedJson& json, bool integer, const std::string& place) const {
  refuse_keyword(json, "multipleOf", place);
  NumberBounds bounds;
  for (const std::string key : {"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"}) {
    if (!json.contains(key)) {
      continue;
    }
    const std::optional<Decimal> bound = decimal_of(json[key]);
    if (!bound) {
      refuse(place, key + " is " + json[key].dump() +
                        ", expected an integer of up to 18 digits or a number of up to 15");
    }
    const bool open = key.compare(0, 9, "exclusive") == 0;
    if (key.find("aximum") != std::string::npos) {
      bounds.at_most({*bound, open});
    } else {
      bounds.at_least({*bound, open});
    }
  }
  if (!bounds.min() && !bounds.max()) {
    return integer ? json_integer() : json_number();
  }
  Expr expr = integer ? json_integer_between(bounds) : json_number_between(bounds);
  if (lengths(expr).min == kUnbounded) {
    refuse(place, "no number is within the bounds");
  }
  return expr;
}

std::size_t SchemaReader::count(const OrderedJson& json, const char* key, std::size_t otherwise,
                                const std::string& place) const {
  return read_count(json, key, otherwise, subject_ + ": " + place);
}

void SchemaReader::refuse_keyword(const OrderedJson& json, const char* key,
                                  const std::string& place) const {
  if (json.contains(key)) {
    refuse(place, "the keyword \"" + std::string(key) + "\" is not supported");
  }
}

/// Any JSON value.
Expr SchemaReader::any_value() {
  if (value_ == 0) {
    value_ = rules_.add("value");
    rules_.rules[value_] =
        any({list_of(rule(value_), 0, kUnbounded), object_of(any_string(), rule(value_)),
             any_string(), json_number(), text("true"), text("false"), text("null")});
  }
  return rule(value_);
}

Expr SchemaReader::list_of(const Expr& item, std::size_t min, std::size_t max) const {
  const Expr none = all({text("["), blank(), text("]")});
  if (max == 0) {
    return none;
  }
  const std::size_t more = max == kUnbounded ? kUnbounded : max - 1;
  Expr some = all({text("["), blank(), item,
                   repeat(all({comma(), item}), min == 0 ? 0 : min - 1, more), blank(), text("]")});
  return min == 0 ? any({none, std::move(some)}) : some;
}

Expr SchemaReader::object_of(const Expr& key, const Expr& value) const {
  const Expr pair = all({key, text(":"), blank(), value});
  return all({text("{"), blank(),
              optional(all({pair, repeat(all({comma(), pair}), 0, kUnbounded), blank()})),
              text("}")});
}

}  // namespace ottobit::grammar
