// SPDX-License-Identifier: Apache-2.0
// JSON in and out of templates: json.dumps as transformers calls it, and the values of a JSON text.
#include <algorithm>
#include <cmath>

#include "jinja/json_value.hpp"

namespace ottobit::jinja {

namespace {

std::string unicode_escape(std::uint32_t unit) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out = "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) {
    out.push_back(kDigits[(unit >> shift) & 0xFu]);
  }
  return out;
}

std::string escape_for_json(std::string_view text, CodePoint c, std::size_t at, bool ensure_ascii) {
  switch (c.value) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '\f':
      return "\\f";
    case '\b':
      return "\\b";
    default:
      break;
  }
  if (c.value < 0x20 || (ensure_ascii && c.value > 0x7E && c.value < 0x10000)) {
    return unicode_escape(c.value);
  }
  if (ensure_ascii && c.value >= 0x10000) {
    const std::uint32_t rest = c.value - 0x10000;
    return unicode_escape(0xD800 + (rest >> 10)) + unicode_escape(0xDC00 + (rest & 0x3FFu));
  }
  return std::string(text.substr(at, c.size));
}

class Writer {
 public:
  Writer(Runtime& rt, const JsonStyle& style) : rt_(rt), style_(style) {}

  void write(const Value& v, int depth) {
    if (depth > kMaxValueDepth) {
      raise("tojson: the value is nested deeper than 200 levels");
    }
    rt_.budget.charge(0);
    rt_.budget.descend();
    switch (v.kind) {
      case Kind::string:
        write_string_value(v, depth);
        break;
      case Kind::dict:
        write_dict(*v.dict, depth);
        break;
      case Kind::sequence:
        write_sequence(v, depth);
        break;
      default:
        out_.append(scalar(v), v.content);
    }
  }

  StrBuilder take() { return std::move(out_); }

 private:
  [[noreturn]] static void refuse(const Value& v) {
    raise("Object of type " + std::string(type_name(v)) + " is not JSON serializable");
  }

  static std::string scalar(const Value& v) {
    switch (v.kind) {
      case Kind::none:
        return "null";
      case Kind::boolean:
        return v.b ? "true" : "false";
      case Kind::integer:
        return number_text(v);
      case Kind::real:
        if (std::isnan(v.d)) {
          return "NaN";
        }
        if (std::isinf(v.d)) {
          return v.d < 0 ? "-Infinity" : "Infinity";
        }
        return number_text(v);
      default:
        refuse(v);
    }
  }

  void write_string_value(const Value& v, int depth) {
    if (v.str->object != nullptr) {  // JSON as text: what it says, not a string of it
      write_dict(*v.str->object, depth);
    } else {
      write_string(*v.str);
    }
  }

  void write_string(const Str& s) {
    rt_.budget.charge_bytes(s.text.size());
    const bool content = !s.content.empty();
    out_.append("\"", content);
    for (std::size_t at = 0; at < s.text.size();) {
      const CodePoint c = decode(s.text, at);
      out_.append(escape_for_json(s.text, c, at, style_.ensure_ascii), is_content(s, at));
      at += c.size;
    }
    out_.append("\"", content);
  }

  void break_line(int depth, bool content) {
    if (!style_.indent.has_value()) {
      return;
    }
    out_.append("\n", content);
    for (int i = 0; i < depth; ++i) {
      out_.append(*style_.indent, content);
    }
  }

  void write_key(const Value& key) {
    if (key.is(Kind::string)) {
      write_string(*key.str);
      return;
    }
    if (!key.is_number() && !key.is(Kind::none)) {
      raise("keys must be str, int, float, bool or None, not " + std::string(type_name(key)));
    }
    out_.append("\"" + scalar(key) + "\"", key.content);
  }

  void write_dict(const Dict& dict, int depth) {
    if (dict.entries.empty()) {
      out_.append("{}", dict.content);
      return;
    }
    std::vector<const std::pair<Value, Value>*> order;
    order.reserve(dict.entries.size());
    for (const auto& entry : dict.entries) {
      order.push_back(&entry);
    }
    if (style_.sort_keys) {
      std::stable_sort(order.begin(), order.end(), [this](const auto* a, const auto* b) {
        return less(rt_.budget, a->first, b->first);
      });
    }
    out_.append("{", dict.content);
    for (std::size_t i = 0; i < order.size(); ++i) {
      out_.append(i == 0 ? "" : style_.item_separator, dict.content);
      break_line(depth + 1, dict.content);
      write_key(order[i]->first);
      out_.append(style_.key_separator, dict.content);
      write(order[i]->second, depth + 1);
    }
    break_line(depth, dict.content);
    out_.append("}", dict.content);
  }

  void write_sequence(const Value& v, int depth) {
    const Seq& seq = *v.seq;
    if (seq.kind != SeqKind::list && seq.kind != SeqKind::tuple) {
      refuse(v);
    }
    if (seq.items.empty()) {
      out_.append("[]", seq.content);
      return;
    }
    out_.append("[", seq.content);
    for (std::size_t i = 0; i < seq.items.size(); ++i) {
      out_.append(i == 0 ? "" : style_.item_separator, seq.content);
      break_line(depth + 1, seq.content);
      write(seq.items[i], depth + 1);
    }
    break_line(depth, seq.content);
    out_.append("]", seq.content);
  }

  Runtime& rt_;
  const JsonStyle& style_;
  StrBuilder out_;
};

class Reader {
 public:
  Reader(Runtime& rt, bool content) : rt_(rt), content_(content) {}

  /// A container is made empty, and filled when its turn comes: nothing here calls itself.
  Value read(const OrderedJson& json) {
    const Value whole = made(json);
    while (!open_.empty()) {
      const Open next = open_.back();
      open_.pop_back();
      if (next.json->is_array()) {
        fill(*next.value.seq, *next.json);
      } else {
        fill(*next.value.dict, *next.json);
      }
    }
    return whole;
  }

 private:
  struct Open {
    const OrderedJson* json;
    Value value;
  };

  Value made(const OrderedJson& json) {
    rt_.budget.charge(0);
    Value v = empty_or_scalar(json);
    v.content = content_ && !v.is(Kind::string);
    if (json.is_structured()) {
      open_.push_back({&json, v});
    }
    return v;
  }

  Value empty_or_scalar(const OrderedJson& json) {
    switch (json.type()) {
      case JsonType::object: {
        const Value v = rt_.heap.dict();
        v.dict->content = content_;
        return v;
      }
      case JsonType::array: {
        const Value v = rt_.heap.list({});
        v.seq->content = content_;
        return v;
      }
      case JsonType::string:
        return read_string(json.text());
      case JsonType::boolean:
        return make_bool(json.get<bool>());
      case JsonType::number_integer:
        return make_int(json.get<std::int64_t>());
      case JsonType::number_unsigned:
        return read_unsigned(json.get<std::uint64_t>());
      case JsonType::number_float:
        return make_real(json.get<double>());
      default:
        return make_none();
    }
  }

  // Beyond 64 bits with sign a number keeps its digits and calculates as floating point.
  static Value read_unsigned(std::uint64_t u) {
    if (u <= static_cast<std::uint64_t>(INT64_MAX)) {
      return make_int(static_cast<std::int64_t>(u));
    }
    Value v = make_real(static_cast<double>(u));
    v.str = constant_str(std::to_string(u));
    return v;
  }

  Value read_string(const std::string& text) {
    StrBuilder s;
    s.append(text, content_);
    return rt_.text(std::move(s));
  }

  void fill(Seq& seq, const OrderedJson& json) {
    rt_.budget.allocate(json.size() * sizeof(Value));
    seq.items.reserve(json.size());
    for (const OrderedJson& item : json) {
      seq.items.push_back(made(item));
    }
  }

  void fill(Dict& dict, const OrderedJson& json) {
    rt_.budget.allocate(json.size() * 2 * sizeof(Value));
    for (const auto& [key, item] : json.items()) {
      dict.set(read_string(key), made(item));
    }
  }

  Runtime& rt_;
  bool content_;
  std::vector<Open> open_;
};

}  // namespace

Value to_json(Runtime& rt, const Value& v, const JsonStyle& style) {
  Writer writer(rt, style);
  writer.write(v, 0);
  return rt.text(writer.take());
}

Value json_value(Runtime& rt, const OrderedJson& json, bool from_caller) {
  return Reader(rt, from_caller).read(json);
}

Value parse_json_value(Runtime& rt, std::string_view text, bool from_caller) {
  rt.budget.charge_bytes(text.size());
  try {
    return json_value(rt, parse_ordered_json(text, ""), from_caller);
  } catch (const Error& e) {
    raise(std::string("from_json: ") + e.what());
  }
}

}  // namespace ottobit::jinja
