// SPDX-License-Identifier: Apache-2.0
#include "grammar/json_schema.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "grammar/json_format.hpp"
#include "grammar/json_merge.hpp"
#include "grammar/json_text.hpp"
#include "grammar/regex.hpp"
#include "io/json.hpp"

namespace ottobit::grammar {

namespace {

constexpr std::array<std::string_view, 7> kTypes = {"object",  "array",   "string", "number",
                                                    "integer", "boolean", "null"};
/// What only tells people something, or was looked at elsewhere.
constexpr std::array<std::string_view, 19> kSilent = {
    "$schema",         "$id",     "$comment",      "$defs",
    "definitions",     "title",   "description",   "default",
    "examples",        "example", "deprecated",    "readOnly",
    "writeOnly",       "$anchor", "discriminator", "contentMediaType",
    "contentEncoding", "type",    "$vocabulary"};
constexpr std::array<std::string_view, 6> kObject = {
    "properties",    "required",      "additionalProperties",
    "minProperties", "maxProperties", "unevaluatedProperties"};
constexpr std::array<std::string_view, 6> kArray = {"items",    "prefixItems", "minItems",
                                                    "maxItems", "uniqueItems", "additionalItems"};
constexpr std::array<std::string_view, 4> kString = {"minLength", "maxLength", "pattern", "format"};
constexpr std::array<std::string_view, 5> kNumber = {"minimum", "maximum", "exclusiveMinimum",
                                                     "exclusiveMaximum", "multipleOf"};
constexpr int kMostDepth = 64;  ///< of schemas within schemas

template <std::size_t N>
bool among(const std::array<std::string_view, N>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool holds(const OrderedJson& list, const OrderedJson& value) {
  return list.is_array() && std::find(list.begin(), list.end(), value) != list.end();
}

class Reader {
 public:
  Reader(const OrderedJson& root, const std::string& subject) : root_(root), subject_(subject) {}

  Rules read() {
    const std::size_t first = rules_.add("root");
    blank_ = rules_.add("blank", json_blank());
    char_ = rules_.add("char", json_any_char());
    rules_.rules[first] = schema(root_, "#", 0);
    return std::move(rules_);
  }

 private:
  [[noreturn]] void refuse(const std::string& place, const std::string& why) const {
    fail(ErrorCode::grammar, subject_, place + ": " + why);
  }

  // ---- parts of values ----

  [[nodiscard]] Expr blank() const { return rule(blank_); }
  [[nodiscard]] Expr comma() const { return all({text(","), blank()}); }
  [[nodiscard]] Expr any_string() const { return quoted(repeat(rule(char_), 0, kUnbounded)); }
  [[nodiscard]] Expr member(const std::string& key, Expr value) const {
    return all({text(OrderedJson(key).dump() + ":"), blank(), std::move(value)});
  }

  /// Any JSON value.
  Expr any_value() {
    if (value_ == 0) {
      value_ = rules_.add("value");
      rules_.rules[value_] =
          any({list_of(rule(value_), 0, kUnbounded), object_of(any_string(), rule(value_)),
               any_string(), json_number(), text("true"), text("false"), text("null")});
    }
    return rule(value_);
  }

  [[nodiscard]] Expr list_of(const Expr& item, std::size_t min, std::size_t max) const {
    const Expr none = all({text("["), blank(), text("]")});
    if (max == 0) {
      return none;
    }
    const std::size_t more = max == kUnbounded ? kUnbounded : max - 1;
    Expr some =
        all({text("["), blank(), item, repeat(all({comma(), item}), min == 0 ? 0 : min - 1, more),
             blank(), text("]")});
    return min == 0 ? any({none, std::move(some)}) : some;
  }

  [[nodiscard]] Expr object_of(const Expr& key, const Expr& value) const {
    const Expr pair = all({key, text(":"), blank(), value});
    return all({text("{"), blank(),
                optional(all({pair, repeat(all({comma(), pair}), 0, kUnbounded), blank()})),
                text("}")});
  }

  // ---- schemas ----

  Expr schema(const OrderedJson& json, const std::string& place, int depth) {
    if (depth > kMostDepth) {
      refuse(place, "schemas nest deeper than " + std::to_string(kMostDepth));
    }
    if (json.is_boolean()) {
      if (!json.get<bool>()) {
        refuse(place, "false allows no value");
      }
      return any_value();
    }
    if (!json.is_object()) {
      refuse(place, "found " + std::string(json_type_text(Json(json))) +
                        ", expected a schema: an object, true or false");
    }
    if (json.contains("$ref")) {
      return reference(json, place, depth);
    }
    for (const char* key : {"allOf", "anyOf", "oneOf"}) {
      if (json.contains(key)) {
        return combined(json, key, place, depth);
      }
    }
    check_keywords(json, place);
    if (json.contains("const") || json.contains("enum")) {
      return listed(json, place);
    }
    const std::vector<std::string> types = types_of(json, place);
    if (types.empty()) {
      return any_value();
    }
    std::vector<Expr> parts;
    for (const std::string& type : types) {
      parts.push_back(typed(json, type, place, depth));
    }
    return parts.size() == 1 ? std::move(parts.front()) : any(std::move(parts));
  }

  void check_keywords(const OrderedJson& json, const std::string& place) const {
    for (const auto& [key, value] : json.items()) {
      const bool known = among(kSilent, key) || among(kObject, key) || among(kArray, key) ||
                         among(kString, key) || among(kNumber, key) || key == "const" ||
                         key == "enum" || key.substr(0, 2) == "x-";
      if (!known) {
        refuse(place, "the keyword \"" + key + "\" is not supported");
      }
    }
  }

  /// A rule for each place that is referred to: schemas may refer to themselves.
  Expr reference(const OrderedJson& json, const std::string& place, int depth) {
    if (!json["$ref"].is_string()) {
      refuse(place, "$ref is not a string");
    }
    const std::string target = json["$ref"];
    for (const auto& [key, value] : json.items()) {
      if (key != "$ref" && (!among(kSilent, key) || key == "type")) {
        refuse(place, "\"" + key + "\" beside $ref is not supported");
      }
    }
    const OrderedJson& referred = resolved(target, place);
    const auto [found, fresh] = references_.try_emplace(target, 0);
    if (fresh) {
      const std::size_t number = rules_.add(target);
      found->second = number;
      Expr expr = schema(referred, target, depth + 1);
      rules_.rules[number] = std::move(expr);
    }
    return rule(references_.at(target));
  }

  const OrderedJson& resolved(const std::string& target, const std::string& place) const {
    if (target == "#") {
      return root_;
    }
    if (target.substr(0, 2) == "#/") {
      try {
        const OrderedJson::json_pointer pointer(target.substr(1));
        if (root_.contains(pointer)) {
          return root_.at(pointer);
        }
      } catch (const OrderedJson::exception&) {  // refused below
      }
    }
    refuse(place, "$ref \"" + target + "\" is no place in this schema");
  }

  Expr combined(const OrderedJson& json, const std::string& key, const std::string& place,
                int depth) {
    const OrderedJson& list = json[key];
    if (!list.is_array() || list.empty()) {
      refuse(place, key + " is not a list of schemas");
    }
    OrderedJson rest = json;
    rest.erase(key);
    const auto part = [&](const OrderedJson& one, const std::string& where) -> OrderedJson {
      const OrderedJson* inner = &one;
      for (int i = 0; inner->is_object() && inner->contains("$ref") && (*inner)["$ref"].is_string();
           ++i) {
        if (i == kMostDepth) {
          refuse(where, "$ref goes in a circle");
        }
        inner = &resolved((*inner)["$ref"], where);
      }
      return *inner;
    };
    if (key == "allOf") {
      for (std::size_t i = 0; i < list.size(); ++i) {
        const std::string where = place + "/allOf/" + std::to_string(i);
        rest =
            merged(rest, part(list[i], where), [&](const std::string& why) { refuse(where, why); });
      }
      return schema(rest, place, depth + 1);
    }
    if (key == "oneOf") {
      check_apart(list, part, place);
    }
    std::vector<Expr> parts;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string where = place + "/" + key + "/" + std::to_string(i);
      if (rest.empty()) {
        parts.push_back(schema(list[i], where, depth + 1));
      } else {
        const OrderedJson both =
            merged(rest, part(list[i], where), [&](const std::string& why) { refuse(where, why); });
        parts.push_back(schema(both, where, depth + 1));
      }
    }
    return any(std::move(parts));
  }

  /// oneOf must match exactly one: the alternatives must not share a value.
  template <class Part>
  void check_apart(const OrderedJson& list, const Part& part, const std::string& place) const {
    for (std::size_t i = 0; i < list.size(); ++i) {
      for (std::size_t k = 0; k < i; ++k) {
        if (!disjoint(part(list[i], place), part(list[k], place))) {
          refuse(place, "oneOf: alternatives " + std::to_string(k) + " and " + std::to_string(i) +
                            " may match the same value; use anyOf");
        }
      }
    }
  }

  Expr listed(const OrderedJson& json, const std::string& place) const {
    const OrderedJson single = OrderedJson::array({json.value("const", OrderedJson())});
    const OrderedJson& values = json.contains("const") ? single : json["enum"];
    if (!values.is_array() || values.empty()) {
      refuse(place, "enum is not a list of values");
    }
    const std::vector<std::string> types =
        json.contains("type") ? types_of(json, place) : std::vector<std::string>();
    std::vector<Expr> parts;
    for (const OrderedJson& value : values) {
      const bool excluded =
          json.contains("const") && json.contains("enum") && !holds(json["enum"], value);
      if (!excluded && (types.empty() || has_type(value, types))) {
        parts.push_back(text(value.dump()));
      }
    }
    if (parts.empty()) {
      refuse(place, "no value of enum has the type");
    }
    for (const auto& [key, value] : json.items()) {
      if (!among(kSilent, key) && key != "const" && key != "enum") {
        refuse(place, "\"" + key + "\" beside const or enum is not supported");
      }
    }
    return any(std::move(parts));
  }

  std::vector<std::string> types_of(const OrderedJson& json, const std::string& place) const {
    std::vector<std::string> types;
    if (json.contains("type")) {
      const OrderedJson& type = json["type"];
      for (const OrderedJson& one : type.is_array() ? type : OrderedJson::array({type})) {
        if (!one.is_string() || !among(kTypes, one.get_ref<const std::string&>())) {
          refuse(place, "type " + one.dump() + " is none of JSON's");
        }
        types.push_back(one);
      }
      if (types.empty()) {
        refuse(place, "type is an empty list");
      }
      return types;
    }
    const auto about = [&](const auto& keys) {
      return std::any_of(keys.begin(), keys.end(),
                         [&](std::string_view key) { return json.contains(key); });
    };
    if (about(kObject)) {
      types.emplace_back("object");
    }
    if (about(kArray)) {
      types.emplace_back("array");
    }
    if (about(kString)) {
      types.emplace_back("string");
    }
    if (about(kNumber)) {
      types.emplace_back("number");
    }
    return types;
  }

  Expr typed(const OrderedJson& json, const std::string& type, const std::string& place,
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

  std::size_t count(const OrderedJson& json, const char* key, std::size_t otherwise,
                    const std::string& place) const {
    if (!json.contains(key)) {
      return otherwise;
    }
    if (!json[key].is_number_unsigned()) {
      refuse(place, std::string(key) + " is not a number of zero or more");
    }
    return json[key].get<std::size_t>();
  }

  void refuse_keyword(const OrderedJson& json, const char* key, const std::string& place) const {
    if (json.contains(key)) {
      refuse(place, "the keyword \"" + std::string(key) + "\" is not supported");
    }
  }

  Expr object(const OrderedJson& json, const std::string& place, int depth);
  Expr array(const OrderedJson& json, const std::string& place, int depth);
  Expr string(const OrderedJson& json, const std::string& place) const;
  Expr number(const OrderedJson& json, bool integer, const std::string& place) const;

  const OrderedJson& root_;
  const std::string& subject_;
  Rules rules_;
  std::size_t blank_ = 0;
  std::size_t char_ = 0;
  std::size_t value_ = 0;  // 0: not made yet
  std::map<std::string, std::size_t> references_;
};

Expr Reader::object(const OrderedJson& json, const std::string& place, int depth) {
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

Expr Reader::array(const OrderedJson& json, const std::string& place, int depth) {
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

Expr Reader::string(const OrderedJson& json, const std::string& place) const {
  const std::size_t min = count(json, "minLength", 0, place);
  const std::size_t max = count(json, "maxLength", kUnbounded, place);
  const bool bounded = json.contains("minLength") || json.contains("maxLength");
  if (min > max) {
    refuse(place, "minLength is above maxLength");
  }
  const bool pattern = json.contains("pattern");
  const bool format = json.contains("format");
  if (static_cast<int>(pattern) + static_cast<int>(format) + static_cast<int>(bounded) > 1) {
    refuse(place, "only one of pattern, format and the bounds of the length is supported");
  }
  const char* key = pattern ? "pattern" : "format";
  if (!pattern && !format) {
    return quoted(repeat(rule(char_), min, max));
  }
  if (!json[key].is_string()) {
    refuse(place, std::string(key) + " is not a string");
  }
  const std::string value = json[key];
  const std::string_view expression = pattern ? std::string_view(value) : format_pattern(value);
  if (expression.empty() && format) {
    refuse(place, "the format \"" + value + "\" is not supported");
  }
  return quoted(json_inside(read_regex(expression, subject_ + ": " + place + ": " + key, pattern)));
}

Expr Reader::number(const OrderedJson& json, bool integer, const std::string& place) const {
  refuse_keyword(json, "multipleOf", place);
  constexpr std::int64_t kMost = 999'999'999'999'999'999;
  NumberBounds bounds;
  for (const std::string_view key :
       {"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"}) {
    if (!json.contains(key)) {
      continue;
    }
    const OrderedJson& value = json[std::string(key)];
    if (!value.is_number_integer() || value.get<double>() > static_cast<double>(kMost) ||
        value.get<double>() < -static_cast<double>(kMost)) {
      refuse(place,
             std::string(key) + " is " + value.dump() + ", expected an integer of up to 18 digits");
    }
    const bool exclusive = key.substr(0, 9) == "exclusive";
    const bool upper = key.find("aximum") != std::string_view::npos;
    const auto limit = value.get<std::int64_t>();
    std::optional<std::int64_t>& bound = upper ? bounds.max : bounds.min;
    bool& open = upper ? bounds.exclusive_max : bounds.exclusive_min;
    if (!bound || (upper ? limit < *bound : limit > *bound)) {
      bound = limit;
      open = exclusive;
    } else if (limit == *bound) {
      open = open || exclusive;
    }
  }
  if (!bounds.min && !bounds.max) {
    return integer ? json_integer() : json_number();
  }
  Expr expr = integer ? json_integer_between(bounds) : json_number_between(bounds);
  const bool none = std::all_of(expr.parts.begin(), expr.parts.end(), [](const Expr& part) {
    return part.kind == Expr::Kind::any && part.parts.empty();
  });
  if (none) {
    refuse(place, "no number is within the bounds");
  }
  return expr;
}

}  // namespace

Rules read_json_schema(std::string_view schema, const std::string& subject) {
  const OrderedJson root = parse_ordered_json(schema, subject, ErrorCode::grammar);
  return Reader(root, subject).read();
}

}  // namespace ottobit::grammar
