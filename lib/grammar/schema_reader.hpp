// SPDX-License-Identifier: Apache-2.0
// Reads one JSON schema into rules. json_schema.cpp has what concerns schemas as such, and
// json_schema_types.cpp what they say about values of each type. Of schemas within a schema those
// that are more than a simple type become rules, and are read one after another: however deep they
// are, nothing calls itself, and none is written down twice.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ottobit/error.hpp"

#include "grammar/expr.hpp"
#include "grammar/json_text.hpp"
#include "grammar/work.hpp"
#include "io/json.hpp"

namespace ottobit::grammar {

class SchemaReader {
 public:
  /// Strings without a pattern, format or bound of length do not hold the words of `avoid`.
  SchemaReader(const OrderedJson& root, const std::string& subject,
               const std::vector<std::string>& avoid)
      : root_(root), subject_(subject), avoid_(avoid), work_(subject) {}

  [[nodiscard]] Rules read();

 private:
  [[noreturn]] void refuse(const std::string& place, const std::string& why) const {
    fail(ErrorCode::grammar, subject_, place + ": " + why);
  }
  void refuse_keyword(const OrderedJson& json, const char* key, const std::string& place) const;

  /// A schema that is to be read as a rule. It is a part of the whole, or of made_.
  struct Pending {
    std::size_t rule;
    const OrderedJson* json;
    std::string place;
    int depth;
  };

  // Schemas: `place` is a JSON pointer, for messages; `depth` counts how often one was put together
  // from others. They must stay where they are: parts of the whole, or of made_.
  Expr schema(const OrderedJson& json, const std::string& place, int depth);
  Expr content(const OrderedJson& json, const std::string& place, int depth);
  [[nodiscard]] bool is_simple(const OrderedJson& json, const std::string& place) const;
  std::size_t rule_of(const OrderedJson& json, const std::string& place, int depth);
  void check_keywords(const OrderedJson& json, const std::string& place) const;
  Expr reference(const OrderedJson& json, const std::string& place, int depth);
  [[nodiscard]] const OrderedJson& resolved(const std::string& target,
                                            const std::string& place) const;
  Expr combined(const OrderedJson& json, const std::string& key, const std::string& place,
                int depth);
  [[nodiscard]] const OrderedJson& followed(const OrderedJson& json,
                                            const std::string& place) const;
  const OrderedJson& both(const OrderedJson& a, const OrderedJson& b, const std::string& place);
  void check_apart(const OrderedJson& list, const std::string& place);
  [[nodiscard]] Expr listed(const OrderedJson& json, const std::string& place) const;
  [[nodiscard]] std::vector<std::string> types_of(const OrderedJson& json,
                                                  const std::string& place) const;

  // Values of one type.
  Expr typed(const OrderedJson& json, const std::string& type, const std::string& place, int depth);
  Expr object(const OrderedJson& json, const std::string& place, int depth);
  Expr array(const OrderedJson& json, const std::string& place, int depth);
  Expr string(const OrderedJson& json, const std::string& place) const;
  Expr number(const OrderedJson& json, bool integer, const std::string& place) const;
  [[nodiscard]] std::size_t count(const OrderedJson& json, const char* key, std::size_t otherwise,
                                  const std::string& place) const;

  // Parts of values.
  [[nodiscard]] Expr blank() const { return rule(blank_); }
  [[nodiscard]] Expr comma() const { return all(text(","), blank()); }
  [[nodiscard]] Expr any_string() const { return quoted(rule(inside_)); }
  [[nodiscard]] Expr member(const std::string& key, Expr value) const {
    return all(text(OrderedJson(key).dump() + ":"), blank(), std::move(value));
  }
  Expr any_value();
  [[nodiscard]] Expr map_of(const Expr& pair, std::size_t least, std::size_t most) const;
  [[nodiscard]] Expr one_member(const std::vector<std::pair<Expr, bool>>& members,
                                std::optional<std::size_t> pair, std::size_t least,
                                std::size_t most, const std::string& place) const;
  [[nodiscard]] std::optional<Expr> other_name(const OrderedJson& json,
                                               const std::vector<std::string>& keys,
                                               const std::string& place, int depth);
  [[nodiscard]] Expr list_of(const Expr& item, std::size_t min, std::size_t max) const;
  [[nodiscard]] Expr object_of(const Expr& key, const Expr& value) const;

  static constexpr int kMostReferences = 64;  ///< one behind the other

  const OrderedJson& root_;
  const std::string& subject_;
  const std::vector<std::string>& avoid_;
  Rules rules_;
  std::size_t blank_ = 0;
  std::size_t char_ = 0;
  std::size_t inside_ = 0;                              ///< of any string
  std::size_t value_ = 0;                               ///< 0: not made yet
  std::map<const OrderedJson*, std::size_t> rules_of_;  ///< schemas that are rules
  std::deque<Pending> pending_;
  std::deque<OrderedJson> made_;
  Work work_;
};

}  // namespace ottobit::grammar
