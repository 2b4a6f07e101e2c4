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
    return any(text("true"), text("false"));
  }
  return number(json, type == "integer", place);
}

Expr SchemaReader::object(const OrderedJson& json, const std::string& place, int depth) {
  static const OrderedJson no_properties = OrderedJson::object();
  static const OrderedJson no_list = OrderedJson::array();
  const OrderedJson& properties = json.contains("properties") ? json["properties"] : no_properties;
  const OrderedJson& required = json.contains("required") ? json["required"] : no_list;
  if (!properties.is_object() || !required.is_array()) {
    refuse(place, "properties is not an object, or required not a list");
  }
  const OrderedJson* others =
      json.contains("additionalProperties") ? &json["additionalProperties"] : nullptr;
  const bool open = others == nullptr ? properties.empty() : *others != OrderedJson(false);
  const auto value_of_others = [&](const std::string& where) {
    return others == nullptr || others->is_boolean() ? any_value() : schema(*others, where, depth);
  };
  const std::size_t least = count(json, "minProperties", 0, place);
  const std::size_t most = count(json, "maxProperties", kUnbounded, place);
  std::vector<std::pair<Expr, bool>> members;  // and whether it is required
  std::vector<std::string> keys;
  for (const auto& [key, value] : properties.items()) {
    const std::string dumped = OrderedJson(key).dump();
    keys.push_back(dumped.substr(1, dumped.size() - 2));
    if (value.is_boolean() && !value.get<bool>()) {
      continue;
    }
    const std::size_t number = rules_.add(place + "/properties/" + key);
    Expr expr = member(key, schema(value, place + "/properties/" + key, depth));
    rules_.rules[number] = std::move(expr);
    members.emplace_back(rule(number), holds(required, key));
  }
  for (const OrderedJson& key : required) {
    if (!key.is_string() || !properties.contains(key.text()) ||
        properties[key.text()] == OrderedJson(false)) {
      if (!open || !key.is_string() || !properties.empty()) {
        refuse(place, "required: " + key.dump() + " is not among the properties");
      }
      members.emplace_back(member(key.text(), value_of_others(place)), true);
      const std::string dumped = key.dump();
      keys.push_back(dumped.substr(1, dumped.size() - 2));
    }
  }
  std::optional<std::size_t> pair;  // a member of another name
  if (open) {
    const Expr value = value_of_others(place + "/additionalProperties");
    std::optional<Expr> name = other_name(json, keys, place, depth);
    if (name) {
      pair = rules_.add(place + "/additionalProperties",
                        all(*std::move(name), text(":"), blank(), value));
    }
  }
  if (least > most) {
    refuse(place, "minProperties is above maxProperties");
  }
  if (members.empty() && pair) {
    return map_of(rule(*pair), least, most);
  }
  const auto needs = [](const auto& entry) { return entry.second; };
  const auto needed_count =
      static_cast<std::size_t>(std::count_if(members.begin(), members.end(), needs));
  if (most <= 1) {
    return one_member(members, pair, least, most, place);
  }
  if (least > std::max<std::size_t>(needed_count, 1) || (most < members.size()) ||
      (pair && most != kUnbounded)) {
    refuse(place,
           "minProperties above 1 and maxProperties above 1 are supported only where they "
           "follow from the properties, or beside additionalProperties alone");
  }
  // Behind a first member, each further one brings its comma.
  Expr tail = text("");
  std::vector<Expr> firsts;
  if (pair) {
    tail = repeat(all(comma(), rule(*pair)), 0, kUnbounded);
    firsts.push_back(all(rule(*pair), tail));
  }
  bool may_be_empty = least == 0;
  for (std::size_t i = members.size(); i-- > 0;) {
    const auto& [expr, needed] = members[i];
    if (needed) {
      firsts.clear();
      may_be_empty = false;
    }
    const std::size_t rest = rules_.add(place + " from " + std::to_string(i), tail);
    firsts.push_back(all(expr, rule(rest)));
    Expr next = all(comma(), expr);
    tail = all(needed ? std::move(next) : optional(std::move(next)), rule(rest));
  }
  Expr inside = any(std::move(firsts));
  if (inside.parts.empty()) {
    return all(text("{"), blank(), text("}"));
  }
  inside = all(std::move(inside), blank());
  return all(text("{"), blank(), may_be_empty ? optional(std::move(inside)) : std::move(inside),
             text("}"));
}

/// Members of one kind, so many of them.
Expr SchemaReader::map_of(const Expr& pair, std::size_t least, std::size_t most) const {
  const Expr none = all(text("{"), blank(), text("}"));
  if (most == 0) {
    return none;
  }
  const std::size_t more = most == kUnbounded ? kUnbounded : most - 1;
  Expr some = all(text("{"), blank(), pair,
                  repeat(all(comma(), pair), least == 0 ? 0 : least - 1, more), blank(), text("}"));
  return least == 0 ? any(none, std::move(some)) : some;
}

/// At most one of the members; all that are required must be it.
Expr SchemaReader::one_member(const std::vector<std::pair<Expr, bool>>& members,
                              std::optional<std::size_t> pair, std::size_t least, std::size_t most,
                              const std::string& place) const {
  std::vector<Expr> ways;
  std::size_t needed = 0;
  for (const auto& [expr, is_needed] : members) {
    needed += is_needed ? 1 : 0;
  }
  if (needed > most) {
    refuse(place, "more properties are required than maxProperties allows");
  }
  for (const auto& [expr, is_needed] : members) {
    if (most == 1 && (is_needed || needed == 0)) {
      ways.push_back(all(text("{"), blank(), expr, blank(), text("}")));
    }
  }
  if (pair && most == 1 && needed == 0) {
    ways.push_back(all(text("{"), blank(), rule(*pair), blank(), text("}")));
  }
  if (least == 0 && needed == 0) {
    ways.push_back(all(text("{"), blank(), text("}")));
  }
  if (ways.empty()) {
    refuse(place, "minProperties asks for more properties than there are");
  }
  return any(std::move(ways));
}

/// The name of a member that is none of `keys` (JSON texts), as propertyNames wants it; nothing
/// where there is none.
std::optional<Expr> SchemaReader::other_name(const OrderedJson& json,
                                             const std::vector<std::string>& keys,
                                             const std::string& place, int depth) {
  const OrderedJson* names = &json;
  std::string where = place;
  if (json.contains("propertyNames")) {
    names = &json["propertyNames"];
    where += "/propertyNames";
  }
  if (names != &json) {
    names = &followed(*names, where);
  }
  const bool free = names == &json || *names == OrderedJson(true) ||
                    (names->is_object() && !names->contains("enum") && !names->contains("const") &&
                     read_string_schema(*names, subject_ + ": " + where).free());
  if (free) {
    return quoted(json_other_than(keys));
  }
  if (*names == OrderedJson(false)) {
    return std::nullopt;
  }
  if (!names->is_object()) {
    refuse(where, "found " + std::string(json_type_text(*names)) + ", expected a schema");
  }
  if (names->contains("enum") || names->contains("const")) {
    const OrderedJson single = OrderedJson::array({names->value("const", OrderedJson())});
    std::vector<Expr> ways;
    for (const OrderedJson& each : names->contains("const") ? single : (*names)["enum"]) {
      const std::string dumped = each.dump();
      if (each.is_string() &&
          std::find(keys.begin(), keys.end(), dumped.substr(1, dumped.size() - 2)) == keys.end()) {
        ways.push_back(text(dumped));
      }
    }
    return ways.empty() ? std::nullopt : std::optional(any(std::move(ways)));
  }
  if (!keys.empty()) {
    refuse(where,
           "propertyNames with a pattern, format or length beside named properties is not "
           "supported");
  }
  OrderedJson as_string = *names;
  as_string["type"] = "string";
  return schema(made_.emplace_back(std::move(as_string)), where, depth);
}

Expr SchemaReader::array(const OrderedJson& json, const std::string& place, int depth) {
  const std::size_t min = count(json, "minItems", 0, place);
  std::size_t max = count(json, "maxItems", kUnbounded, place);
  if (json.contains("uniqueItems") && json["uniqueItems"] != OrderedJson(false) && max > 1) {
    refuse_keyword(json, "uniqueItems", place);
  }
  // Draft 7 writes prefixItems as a list of items, and items as additionalItems.
  const bool old = json.contains("items") && json["items"].is_array();
  static const OrderedJson no_list = OrderedJson::array();
  static const OrderedJson anything = true;
  const char* prefix_key = old ? "items" : "prefixItems";
  const OrderedJson& prefix = json.contains(prefix_key) ? json[prefix_key] : no_list;
  const char* rest_key = old ? "additionalItems" : "items";
  const OrderedJson& rest = json.contains(rest_key) ? json[rest_key] : anything;
  if (rest == OrderedJson(false)) {
    max = std::min(max, prefix.size());
  }
  if (min > max) {
    refuse(place, "minItems is above what the list may hold");
  }
  const std::size_t behind = max > prefix.size() ? 1 : 0;
  Expr item = behind == 0 ? text("") : schema(rest, place + "/" + rest_key, depth);
  if (prefix.empty()) {
    return list_of(item, min, max);
  }
  Expr tail = text("");
  if (behind != 0) {
    const std::size_t known = prefix.size();
    tail = repeat(all(comma(), std::move(item)), min > known ? min - known : 0,
                  max == kUnbounded ? kUnbounded : max - known);
  }
  for (std::size_t i = std::min(prefix.size(), max); i-- > 0;) {
    Expr one = schema(prefix[i], place + "/prefixItems/" + std::to_string(i), depth);
    Expr here = i > 0 ? all(comma(), std::move(one), std::move(tail))
                      : all(std::move(one), std::move(tail), blank());
    tail = min > i ? std::move(here) : optional(std::move(here));
  }
  return all(text("["), blank(), std::move(tail), text("]"));
}

Expr SchemaReader::string(const OrderedJson& json, const std::string& place) const {
  const StringSchema read = read_string_schema(json, subject_ + ": " + place);
  if (read.texts) {
    return quoted(json_inside(*read.texts));
  }
  return read.free() ? any_string() : quoted(repeat(rule(char_), read.min, read.max));
}

Expr SchemaReader::number(const OrderedJson& json, bool integer, const std::string& place) const {
  NumberBounds bounds;
  for (const std::string key : {"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"}) {
    if (!json.contains(key)) {
      continue;
    }
    const std::optional<Decimal> bound = decimal_of(json[key]);
    if (!bound) {
      refuse(place, key + " is " + json[key].dump() +
                        ", expected an integer or a number of up to 15 digits");
    }
    if (bound->whole == kMostWhole &&
        bound->negative == (key.find("aximum") != std::string::npos)) {
      refuse(place, key + " is " + json[key].dump() + ", beyond the numbers that are written");
    }
    const bool open = key.compare(0, 9, "exclusive") == 0;
    if (key.find("aximum") != std::string::npos) {
      bounds.at_most({*bound, open});
    } else {
      bounds.at_least({*bound, open});
    }
  }
  if (json.contains("multipleOf")) {
    const std::optional<int> power = power_of_ten(json["multipleOf"]);
    std::optional<Expr> multiples =
        power ? json_multiples(integer ? std::max(*power, 0) : *power, bounds) : std::nullopt;
    if (!multiples) {
      refuse(place, "multipleOf " + json["multipleOf"].dump() +
                        " is not supported; known are 1 and other powers of ten, those below 1 "
                        "between integers");
    }
    if (lengths(*multiples).min == kUnbounded) {
      refuse(place, "no number is within the bounds");
    }
    return *multiples;
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
        any(list_of(rule(value_), 0, kUnbounded), object_of(any_string(), rule(value_)),
            any_string(), json_number(), text("true"), text("false"), text("null"));
  }
  return rule(value_);
}

Expr SchemaReader::list_of(const Expr& item, std::size_t min, std::size_t max) const {
  const Expr none = all(text("["), blank(), text("]"));
  if (max == 0) {
    return none;
  }
  const std::size_t more = max == kUnbounded ? kUnbounded : max - 1;
  Expr some = all(text("["), blank(), item,
                  repeat(all(comma(), item), min == 0 ? 0 : min - 1, more), blank(), text("]"));
  return min == 0 ? any(none, std::move(some)) : some;
}

Expr SchemaReader::object_of(const Expr& key, const Expr& value) const {
  const Expr pair = all(key, text(":"), blank(), value);
  return all(text("{"), blank(),
             optional(all(pair, repeat(all(comma(), pair), 0, kUnbounded), blank())), text("}"));
}

}  // namespace ottobit::grammar
