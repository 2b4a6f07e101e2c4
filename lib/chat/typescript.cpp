// SPDX-License-Identifier: Apache-2.0
#include "chat/typescript.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "jinja/json_value.hpp"

namespace ottobit {

using namespace jinja;  // the conversation becomes values of the engine

namespace {

/// A schema that has no such form.
struct NoForm {};

constexpr std::string_view kIndent = "  ";

const OrderedJson* member(const OrderedJson& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

/// A text; empty if absent or null.
std::string text_of(const OrderedJson* json) {
  if (json == nullptr || json->is_null()) {
    return {};
  }
  if (!json->is_string()) {
    throw NoForm();
  }
  return json->get<std::string>();
}

/// "// line" for each line, nothing for empty ones.
std::string comment(const std::string& text, const std::string& indent) {
  std::string out;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    out += at == 0 ? "" : "\n";
    out += end == at ? "" : indent + "// " + text.substr(at, end - at);
    at = end + 1;
  }
  return out;
}

std::string join(const std::vector<std::string>& parts, std::string_view between) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    out += (i == 0 ? std::string_view() : between);
    out += parts[i];
  }
  return out;
}

/// One function: the schemas it defines ($defs), and whether one refers to all its parameters.
class Function {
 public:
  explicit Function(Runtime& rt) : rt_(rt) {}

  std::string declaration(const OrderedJson& function) {
    const OrderedJson* given = member(function, "parameters");
    const OrderedJson nothing = OrderedJson::object();
    const OrderedJson& parameters = given == nullptr || given->is_null() ? nothing : *given;
    std::string type = object(parameters, "");
    std::vector<std::string> parts;
    if (refers_to_all_) {
      const std::string fields = join(fields_of(parameters, std::string(kIndent), false), ",\n");
      parts.push_back("interface parameters {" + (fields.empty() ? "" : "\n" + fields + "\n") +
                      "}");
      type = "parameters";
    }
    const std::vector<std::pair<std::string, OrderedJson>> definitions = definitions_;
    for (const auto& [name, schema] : definitions) {
      const std::string shape = schema.is_object() ? type_of(schema, "") : throw NoForm();
      const std::string description = text_of(member(schema, "description"));
      parts.push_back((description.empty() ? "" : comment(description, "") + "\n") + "interface " +
                      name + " " + shape);
    }
    const std::string description = text_of(member(function, "description"));
    if (!description.empty()) {
      parts.push_back(comment(description, ""));
    }
    const OrderedJson* name = member(function, "name");
    parts.push_back("type " + (name == nullptr ? "function" : text_of(name)) + " = (_: " + type +
                    ") => any;");
    return join(parts, "\n");
  }

 private:
  std::string printed(const OrderedJson& json) {
    return to_str(rt_, json_value(rt_, json, true))->text;
  }

  /// The comment before a type: its description, and the bounds that can be said.
  std::string docstring(const OrderedJson& schema, const std::string& indent) {
    if (!schema.is_object()) {
      return {};
    }
    std::string out;
    const std::string description = text_of(member(schema, "description"));
    if (!description.empty()) {
      out += comment(description, indent) + "\n";
    }
    std::vector<std::string> bounds;
    for (const char* name : bounds_of(schema)) {
      if (const OrderedJson* bound = member(schema, name)) {
        bounds.push_back(std::string(name) + ": " + printed(*bound));
      }
    }
    return bounds.empty() ? out : out + indent + "// " + join(bounds, ", ") + "\n";
  }

  static std::vector<const char*> bounds_of(const OrderedJson& schema) {
    const OrderedJson* type = member(schema, "type");
    if (type == nullptr || schema.contains("$ref") || schema.contains("anyOf") ||
        schema.contains("enum")) {
      return {};
    }
    if (*type == "string") {
      return {"maxLength", "minLength", "pattern"};
    }
    if (*type == "number" || *type == "integer") {
      return {"maximum", "minimum"};
    }
    return *type == "array" ? std::vector<const char*>{"maxItems", "minItems"}
                            : std::vector<const char*>();
  }

  std::string type_of(const OrderedJson& schema, const std::string& indent) {
    if (schema.is_boolean()) {
      return schema.get<bool>() ? "any" : "null";
    }
    if (!schema.is_object()) {
      throw NoForm();
    }
    if (const OrderedJson* reference = member(schema, "$ref")) {
      return referred(text_of(reference));
    }
    if (const OrderedJson* choices = member(schema, "anyOf")) {
      std::vector<std::string> types;
      for (const OrderedJson& choice : items(*choices)) {
        types.push_back(type_of(choice, indent));
      }
      return join(types, " | ");
    }
    if (const OrderedJson* values = member(schema, "enum")) {
      return enumeration(*values, member(schema, "type"));
    }
    const OrderedJson* type = member(schema, "type");
    if (type == nullptr) {
      return schema.empty() ? "any" : throw NoForm();
    }
    if (type->is_array()) {
      return several(*type);
    }
    const std::string name = type->is_string() ? type->get<std::string>() : throw NoForm();
    if (name == "object") {
      return object(schema, indent);
    }
    if (name == "array") {
      return array(schema, indent);
    }
    return name == "integer" ? "number" : name;
  }

  static const OrderedJson& items(const OrderedJson& list) {
    return list.is_array() ? list : throw NoForm();
  }

  std::string referred(const std::string& reference) {
    constexpr std::string_view kDefinitions = "#/$defs/";
    if (reference == "#") {
      refers_to_all_ = true;
      return "parameters";
    }
    const std::string name = reference.substr(reference.rfind('/') + 1);
    const bool known = std::any_of(
        definitions_.begin(), definitions_.end(),
        [&](const auto& entry) { return entry.first == name && entry.second.is_object(); });
    return reference.starts_with(kDefinitions) && known ? name : throw NoForm();
  }

  std::string enumeration(const OrderedJson& values, const OrderedJson* type) {
    if (type != nullptr && type->is_array()) {
      const bool fits = type->size() == 1 ||
                        (type->size() == 2 && ((*type)[0] == "null" || (*type)[1] == "null"));
      type = !fits ? throw NoForm() : &(*type)[type->size() == 2 && (*type)[0] == "null" ? 1 : 0];
    }
    std::vector<std::string> texts;
    for (const OrderedJson& value : items(values)) {
      const bool integral = value.is_number_integer() || value.is_boolean();  // as in Python
      const bool wrong =
          type != nullptr && !value.is_null() &&
          ((*type == "string" && !value.is_string()) ||
           (*type == "number" && !integral && !value.is_number()) ||
           (*type == "integer" && !integral) || (*type == "boolean" && !value.is_boolean()));
      if (wrong) {
        throw NoForm();
      }
      texts.push_back(value.is_string() ? "\"" + value.get<std::string>() + "\"" : printed(value));
    }
    return join(texts, " | ");
  }

  static std::string several(const OrderedJson& types) {
    constexpr std::array<std::pair<const char*, const char*>, 7> kNames = {
        {{"string", "string"},
         {"number", "number"},
         {"integer", "number"},
         {"boolean", "boolean"},
         {"null", "null"},
         {"object", "{}"},
         {"array", "Array<any>"}}};
    std::vector<std::string> names;
    for (const OrderedJson& type : types) {
      const auto* found = std::find_if(kNames.begin(), kNames.end(),
                                       [&](const auto& entry) { return type == entry.first; });
      names.emplace_back(found == kNames.end() ? throw NoForm() : found->second);
    }
    return join(names, " | ");
  }

  std::string array(const OrderedJson& schema, const std::string& indent) {
    const OrderedJson* item = member(schema, "items");
    if (item == nullptr || item->empty() || *item == false) {
      return "Array<any>";
    }
    const std::string deeper = indent + std::string(kIndent);
    const std::string before = docstring(*item, deeper);
    if (before.empty()) {
      return "Array<" + type_of(*item, indent) + ">";
    }
    return "Array<\n" + before + deeper + type_of(*item, deeper) + "\n" + indent + ">";
  }

  std::string object(const OrderedJson& schema, const std::string& indent) {
    if (!schema.is_object()) {
      throw NoForm();
    }
    if (const OrderedJson* definitions = member(schema, "$defs")) {
      define(*definitions);
    }
    const std::string deeper = indent + std::string(kIndent);
    const OrderedJson* more = member(schema, "additionalProperties");
    const bool open = more != nullptr && !more->is_null();
    std::string others;  // before the properties, which may refer to what it defines
    if (open) {
      others = *more == false ? std::string("never") : type_of(*more, deeper);
    }
    std::vector<std::string> fields = fields_of(schema, deeper, true);
    if (open) {
      fields.push_back(deeper + "[k: string]: " + others);
    }
    return fields.empty() ? "{}" : "{\n" + join(fields, ",\n") + "\n" + indent + "}";
  }

  void define(const OrderedJson& definitions) {
    if (!definitions.is_object()) {
      throw NoForm();
    }
    for (const auto& entry : definitions.items()) {
      const auto known =
          std::find_if(definitions_.begin(), definitions_.end(),
                       [&](const auto& other) { return other.first == entry.first; });
      if (known != definitions_.end()) {
        known->second = entry.second;
      } else {
        definitions_.emplace_back(entry.first, entry.second);
      }
    }
  }

  /// The properties, the required ones first if `sorted`.
  std::vector<std::string> fields_of(const OrderedJson& schema, const std::string& indent,
                                     bool sorted) {
    struct Field {
      bool optional;
      std::string name;
      std::string text;
    };
    std::vector<Field> fields;
    const OrderedJson* properties = member(schema, "properties");
    if (properties == nullptr) {
      return {};
    }
    const OrderedJson* given = member(schema, "required");
    const OrderedJson required = given == nullptr ? OrderedJson::array() : items(*given);
    for (const auto& [name, type] :
         properties->is_object() ? properties->items() : throw NoForm()) {
      const bool optional = std::find(required.begin(), required.end(), name) == required.end();
      std::string text = docstring(type, indent);
      const OrderedJson* otherwise = type.is_object() ? member(type, "default") : nullptr;
      if (otherwise != nullptr && !otherwise->is_null()) {
        const bool plain = otherwise->is_number() || otherwise->is_boolean();
        text += indent + "// Default: " +
                (plain ? printed(*otherwise)
                       : to_json(rt_, json_value(rt_, *otherwise, true), JsonStyle()).str->text) +
                "\n";
      }
      text += indent + name + (optional ? "?: " : ": ") + type_of(type, indent);
      fields.push_back({optional, name, std::move(text)});
    }
    if (sorted) {
      std::stable_sort(fields.begin(), fields.end(), [](const Field& a, const Field& b) {
        return std::pair(a.optional, std::string_view(a.name)) <
               std::pair(b.optional, std::string_view(b.name));
      });
    }
    std::vector<std::string> texts;
    for (Field& field : fields) {
      texts.push_back(std::move(field.text));
    }
    return texts;
  }

  Runtime& rt_;
  std::vector<std::pair<std::string, OrderedJson>> definitions_;
  bool refers_to_all_ = false;
};

}  // namespace

void sort_members(OrderedJson& json) {
  if (json.is_object()) {
    std::sort(json.items().begin(), json.items().end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  if (json.is_structured()) {
    for (OrderedJson& item : json) {
      sort_members(item);
    }
  }
}

std::optional<std::string> typescript_declarations(Runtime& rt, const OrderedJson& tools) try {
  std::vector<std::string> functions;
  for (const OrderedJson& tool : tools) {
    const OrderedJson* type = member(tool, "type");
    const OrderedJson* function = member(tool, "function");
    if (type != nullptr && *type == "function" && function != nullptr && !function->empty()) {
      functions.push_back(
          Function(rt).declaration(function->is_object() ? *function : throw NoForm()));
    }
  }
  return functions.empty()
             ? std::string()
             : "# Tools\n\n## functions\nnamespace functions {\n" + join(functions, "\n") + "\n}\n";
} catch (const NoForm&) {
  return std::nullopt;
}

}  // namespace ottobit
