// SPDX-License-Identifier: Apache-2.0
#include "grammar/json_schema.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "grammar/json_merge.hpp"
#include "grammar/schema_reader.hpp"
#include "io/replace.hpp"

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
constexpr std::array<std::string_view, 7> kObject = {
    "properties",    "required",      "additionalProperties", "propertyNames",
    "minProperties", "maxProperties", "unevaluatedProperties"};
constexpr std::array<std::string_view, 6> kArray = {"items",    "prefixItems", "minItems",
                                                    "maxItems", "uniqueItems", "additionalItems"};
constexpr std::array<std::string_view, 4> kString = {"minLength", "maxLength", "pattern", "format"};
constexpr std::array<std::string_view, 5> kNumber = {"minimum", "maximum", "exclusiveMinimum",
                                                     "exclusiveMaximum", "multipleOf"};
constexpr int kMostDepth = 64;  ///< of schemas that were put together from others

/// A fragment of a URI as the text it stands for; what is no code stays.
std::string percent_decoded(std::string_view fragment) {
  std::string text;
  for (std::size_t i = 0; i < fragment.size(); ++i) {
    int byte = -1;
    if (fragment[i] == '%' && i + 2 < fragment.size()) {
      const char* const begin = fragment.data() + i + 1;
      const auto [end, error] = std::from_chars(begin, begin + 2, byte, 16);
      byte = error == std::errc() && end == begin + 2 ? byte : -1;
    }
    text += byte < 0 ? fragment[i] : static_cast<char>(static_cast<unsigned char>(byte));
    i += byte < 0 ? 0 : 2;
  }
  return text;
}

/// What a JSON pointer (RFC 6901, without its first slash) points to; null: nothing.
const OrderedJson* at_pointer(const OrderedJson& root, std::string_view pointer) {
  const OrderedJson* here = &root;
  for (bool more = true; more;) {
    const std::size_t slash = pointer.find('/');
    more = slash != std::string_view::npos;
    std::string name(pointer.substr(0, slash));
    pointer.remove_prefix(more ? slash + 1 : pointer.size());
    name = replace_all(replace_all(name, "~1", "/"), "~0", "~");
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
    const bool is_index = error == std::errc() && end == name.data() + name.size();
    if (here->contains(name)) {
      here = &(*here)[std::string_view(name)];
    } else if (here->is_array() && is_index && index < here->size()) {
      here = &(*here)[index];
    } else {
      return nullptr;
    }
  }
  return here;
}

/// How many values there are in a value, itself included: what it costs to copy.
std::size_t json_values(const OrderedJson& json) {
  std::size_t count = 0;
  std::vector<const OrderedJson*> open = {&json};
  while (!open.empty()) {
    const OrderedJson& next = *open.back();
    open.pop_back();
    ++count;
    if (next.is_structured()) {
      for (const OrderedJson& inner : next) {
        open.push_back(&inner);
      }
    }
  }
  return count;
}

template <std::size_t N>
bool among(const std::array<std::string_view, N>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

}  // namespace

Rules SchemaReader::read() {
  rule_of(root_, "#", 0);
  blank_ = rules_.add("blank", json_blank());
  char_ = rules_.add("char", json_any_char());
  inside_ = rules_.add("string", json_avoiding(avoid_, subject_));
  while (!pending_.empty()) {
    const Pending next = std::move(pending_.front());
    pending_.pop_front();
    Expr expr = content(*next.json, next.place, next.depth);
    rules_.rules[next.rule] = std::move(expr);
  }
  return std::move(rules_);
}

Expr SchemaReader::schema(const OrderedJson& json, const std::string& place, int depth) {
  const bool simple = !json.is_object() || json.contains("$ref") || is_simple(json, place);
  return simple ? content(json, place, depth) : rule(rule_of(json, place, depth));
}

/// Values of such a schema have no values in them.
bool SchemaReader::is_simple(const OrderedJson& json, const std::string& place) const {
  if (json.contains("allOf") || json.contains("anyOf") || json.contains("oneOf")) {
    return false;
  }
  if (json.contains("const") || json.contains("enum")) {
    return true;
  }
  const std::vector<std::string> types = types_of(json, place);
  return std::none_of(types.begin(), types.end(),
                      [](const std::string& type) { return type == "object" || type == "array"; });
}

/// The rule that a schema is, which is read later. One for each: schemas may refer to themselves.
std::size_t SchemaReader::rule_of(const OrderedJson& json, const std::string& place, int depth) {
  const auto [found, fresh] = rules_of_.try_emplace(&json, rules_.rules.size());
  if (fresh) {
    rules_.add(place);
    pending_.push_back({found->second, &json, place, depth});
  }
  return found->second;
}

Expr SchemaReader::content(const OrderedJson& json, const std::string& place, int depth) {
  constexpr std::uint64_t kSteps = 100;
  work_.spend(kSteps);
  if (json.is_boolean()) {
    if (!json.get<bool>()) {
      refuse(place, "false allows no value");
    }
    return any_value();
  }
  if (!json.is_object()) {
    refuse(place, "found " + std::string(json_type_text(json)) +
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

void SchemaReader::check_keywords(const OrderedJson& json, const std::string& place) const {
  for (const auto& [key, value] : json.items()) {
    const bool known = among(kSilent, key) || among(kObject, key) || among(kArray, key) ||
                       among(kString, key) || among(kNumber, key) || key == "const" ||
                       key == "enum" || key.substr(0, 2) == "x-";
    if (!known) {
      refuse(place, "the keyword \"" + key + "\" is not supported");
    }
  }
}

Expr SchemaReader::reference(const OrderedJson& json, const std::string& place, int depth) {
  if (!json["$ref"].is_string()) {
    refuse(place, "$ref is not a string");
  }
  const std::string& target = json["$ref"].text();
  for (const auto& [key, value] : json.items()) {
    if (key != "$ref" && (!among(kSilent, key) || key == "type")) {
      refuse(place, "\"" + key + "\" beside $ref is not supported");
    }
  }
  return rule(rule_of(resolved(target, place), target, depth));
}

const OrderedJson& SchemaReader::resolved(const std::string& target,
                                          const std::string& place) const {
  if (target == "#") {
    return root_;
  }
  if (target.starts_with("#/")) {
    if (const OrderedJson* found = at_pointer(root_, percent_decoded(target.substr(2)))) {
      return *found;
    }
  }
  refuse(place, "$ref \"" + target + "\" is no place in this schema");
}

/// The schema that another stands for by $ref.
const OrderedJson& SchemaReader::followed(const OrderedJson& json, const std::string& place) const {
  const OrderedJson* inner = &json;
  for (int i = 0; inner->is_object() && inner->contains("$ref") && (*inner)["$ref"].is_string();
       ++i) {
    if (i == kMostReferences) {
      refuse(place, "$ref goes in a circle");
    }
    inner = &resolved((*inner)["$ref"].text(), place);
  }
  return *inner;
}

/// The schema that both are.
const OrderedJson& SchemaReader::both(const OrderedJson& a, const OrderedJson& b,
                                      const std::string& place) {
  constexpr std::uint64_t kSteps = 20;
  work_.spend(kSteps * (json_values(a) + json_values(b)));
  made_.push_back(merged(a, b, [&](const std::string& why) { refuse(place, why); }));
  return made_.back();
}

Expr SchemaReader::combined(const OrderedJson& json, const std::string& key,
                            const std::string& place, int depth) {
  if (depth > kMostDepth) {
    refuse(place, "allOf, anyOf and oneOf are put together more than " +
                      std::to_string(kMostDepth) + " times");
  }
  const OrderedJson& list = json[key];
  if (!list.is_array() || list.empty()) {
    refuse(place, key + " is not a list of schemas");
  }
  OrderedJson others = json;
  others.erase(key);
  const OrderedJson* rest = &made_.emplace_back(std::move(others));
  if (key == "allOf") {
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string where = place + "/allOf/" + std::to_string(i);
      rest = &both(*rest, followed(list[i], where), where);
    }
    return schema(*rest, place, depth + 1);
  }
  if (key == "oneOf") {
    check_apart(list, place);
  }
  std::vector<Expr> parts;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string where = place + "/" + key + "/" + std::to_string(i);
    const OrderedJson& one = rest->empty() ? list[i] : both(*rest, followed(list[i], where), where);
    parts.push_back(schema(one, where, depth + 1));
  }
  return any(std::move(parts));
}

/// oneOf must match exactly one: the alternatives must not share a value.
void SchemaReader::check_apart(const OrderedJson& list, const std::string& place) {
  std::vector<std::pair<const OrderedJson*, std::size_t>> parts;  // and their sizes
  for (const OrderedJson& one : list) {
    const OrderedJson& part = followed(one, place);
    parts.emplace_back(&part, json_values(part));
  }
  constexpr std::uint64_t kSteps = 5;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      work_.spend(kSteps * (parts[i].second + parts[k].second));
      if (!disjoint(*parts[i].first, *parts[k].first)) {
        refuse(place, "oneOf: alternatives " + std::to_string(k) + " and " + std::to_string(i) +
                          " may match the same value; use anyOf");
      }
    }
  }
}

Expr SchemaReader::listed(const OrderedJson& json, const std::string& place) const {
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

std::vector<std::string> SchemaReader::types_of(const OrderedJson& json,
                                                const std::string& place) const {
  std::vector<std::string> types;
  if (json.contains("type")) {
    const OrderedJson& type = json["type"];
    for (const OrderedJson& one : type.is_array() ? type : OrderedJson::array({type})) {
      if (!one.is_string() || !among(kTypes, one.text())) {
        refuse(place, "type " + one.dump() + " is none of JSON's");
      }
      types.push_back(one.text());
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

Rules read_json_schema(std::string_view schema, const std::string& subject,
                       const std::vector<std::string>& avoid) {
  const OrderedJson root = parse_ordered_json(schema, subject, ErrorCode::grammar);
  return SchemaReader(root, subject, avoid).read();
}

}  // namespace ottobit::grammar
