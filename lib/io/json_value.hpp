// SPDX-License-Identifier: Apache-2.0
// JSON values. Their interface is that of nlohmann::json, as far as it is used here; what differs
// is that running out of memory leaves every value as it was, and that nothing takes memory to go
// away.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "ottobit/error.hpp"

namespace ottobit {

enum class JsonType : std::uint8_t {
  null,
  object,
  array,
  string,
  boolean,
  number_integer,   ///< of 64 bits with sign, below zero or made from such
  number_unsigned,  ///< of 64 bits
  number_float
};

/// Strings in a dump: as they are, or with escapes for all that is not ASCII.
enum class JsonText : std::uint8_t { utf8, ascii };

/// kSorted: the members of objects are in the order of their names, and found in logarithmic time;
/// else as they were written, and found by looking through all.
template <bool kSorted>
class BasicJson {
 public:
  struct Member {
    std::string first;
    BasicJson second;

    friend bool operator==(const Member& a, const Member& b) {
      return a.first == b.first && a.second == b.second;
    }
  };
  using Array = std::vector<BasicJson>;
  using Object = std::vector<Member>;

  template <bool kConst>
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = BasicJson;
    using difference_type = std::ptrdiff_t;
    using reference = std::conditional_t<kConst, const BasicJson&, BasicJson&>;
    using pointer = std::conditional_t<kConst, const BasicJson*, BasicJson*>;
    using MemberPointer = std::conditional_t<kConst, const Member*, Member*>;

    Iterator() = default;
    explicit Iterator(pointer element) : element_(element) {}
    explicit Iterator(MemberPointer member) : member_(member), in_object_(true) {}

    reference operator*() const { return in_object_ ? member_->second : *element_; }
    pointer operator->() const { return &**this; }
    Iterator& operator++() {
      if (in_object_) {
        ++member_;
      } else {
        ++element_;
      }
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator&) const = default;
    operator Iterator<true>() const  // NOLINT(google-explicit-constructor): as of pointers
        requires(!kConst) {
      return in_object_ ? Iterator<true>(member_) : Iterator<true>(element_);
    }

   private:
    pointer element_ = nullptr;
    MemberPointer member_ = nullptr;
    bool in_object_ = false;
  };
  using iterator = Iterator<false>;
  using const_iterator = Iterator<true>;

  // NOLINTBEGIN(google-explicit-constructor): values stand for themselves
  BasicJson() noexcept : as_{} {}
  BasicJson(std::nullptr_t) noexcept : as_{} {}
  BasicJson(std::string text)
      : type_(JsonType::string), as_{.text = new std::string(std::move(text))} {}
  BasicJson(std::string_view text) : BasicJson(std::string(text)) {}
  BasicJson(const char* text) : BasicJson(std::string(text)) {}
  BasicJson(Array elements)
      : type_(JsonType::array), as_{.array = new Array(std::move(elements))} {}
  template <class Number>
  requires std::is_arithmetic_v<Number> BasicJson(Number number)
  noexcept : as_{} {
    if constexpr (std::same_as<Number, bool>) {
      type_ = JsonType::boolean;
      as_.boolean = number;
    } else if constexpr (std::floating_point<Number>) {
      type_ = JsonType::number_float;
      as_.real = static_cast<double>(number);
    } else if constexpr (std::unsigned_integral<Number>) {
      type_ = JsonType::number_unsigned;
      as_.natural = number;
    } else {
      type_ = JsonType::number_integer;
      as_.integer = number;
    }
  }
  // NOLINTEND(google-explicit-constructor)

  /// A copy with the members of objects in the other order.
  explicit BasicJson(const BasicJson<!kSorted>& other) : BasicJson() {
    switch (other.type()) {
      case JsonType::object:
        *this = object();
        for (const auto& member : other.items()) {
          as_.object->push_back({member.first, BasicJson(member.second)});
        }
        if constexpr (kSorted) {
          std::stable_sort(as_.object->begin(), as_.object->end(),
                           [](const Member& a, const Member& b) { return a.first < b.first; });
        }
        break;
      case JsonType::array:
        *this = list(other.elements());
        break;
      case JsonType::string:
        *this = BasicJson(other.text());
        break;
      case JsonType::boolean:
        *this = BasicJson(other.template get<bool>());
        break;
      case JsonType::number_integer:
        *this = BasicJson(other.template get<std::int64_t>());
        break;
      case JsonType::number_unsigned:
        *this = BasicJson(other.template get<std::uint64_t>());
        break;
      case JsonType::number_float:
        *this = BasicJson(other.template get<double>());
        break;
      case JsonType::null:
        break;
    }
  }

  BasicJson(const BasicJson& other) : as_(other.as_) {
    switch (other.type_) {
      case JsonType::string:
        as_.text = new std::string(*other.as_.text);
        break;
      case JsonType::array:
        as_.array = new Array(*other.as_.array);
        break;
      case JsonType::object:
        as_.object = new Object(*other.as_.object);
        break;
      default:
        break;
    }
    type_ = other.type_;
  }
  BasicJson(BasicJson&& other) noexcept
      : type_(std::exchange(other.type_, JsonType::null)), as_(other.as_) {}
  BasicJson& operator=(BasicJson other) noexcept {
    swap(other);
    return *this;
  }
  ~BasicJson() {
    switch (type_) {
      case JsonType::string:
        delete as_.text;
        break;
      case JsonType::array:
        delete as_.array;
        break;
      case JsonType::object:
        delete as_.object;
        break;
      default:
        break;
    }
  }
  void swap(BasicJson& other) noexcept {
    std::swap(type_, other.type_);
    std::swap(as_, other.as_);
  }

  [[nodiscard]] static BasicJson array(std::initializer_list<BasicJson> elements = {}) {
    return BasicJson(Array(elements));
  }
  /// Of each element of a range what it is as JSON.
  template <class Range>
  [[nodiscard]] static BasicJson list(const Range& range) {
    BasicJson made = array();
    for (const auto& element : range) {
      made.as_.array->push_back(BasicJson(element));
    }
    return made;
  }
  [[nodiscard]] static BasicJson object(std::initializer_list<Member> members = {}) {
    BasicJson made;
    made.as_.object = new Object();
    made.type_ = JsonType::object;
    for (const Member& member : members) {
      made[member.first] = member.second;
    }
    return made;
  }

  [[nodiscard]] JsonType type() const noexcept { return type_; }
  [[nodiscard]] bool is_null() const noexcept { return type_ == JsonType::null; }
  [[nodiscard]] bool is_object() const noexcept { return type_ == JsonType::object; }
  [[nodiscard]] bool is_array() const noexcept { return type_ == JsonType::array; }
  [[nodiscard]] bool is_structured() const noexcept { return is_object() || is_array(); }
  [[nodiscard]] bool is_string() const noexcept { return type_ == JsonType::string; }
  [[nodiscard]] bool is_boolean() const noexcept { return type_ == JsonType::boolean; }
  [[nodiscard]] bool is_number() const noexcept { return type_ >= JsonType::number_integer; }
  [[nodiscard]] bool is_number_integer() const noexcept {
    return type_ == JsonType::number_integer || is_number_unsigned();
  }
  [[nodiscard]] bool is_number_unsigned() const noexcept {
    return type_ == JsonType::number_unsigned;
  }
  [[nodiscard]] bool is_number_float() const noexcept { return type_ == JsonType::number_float; }

  // What a value is, which the caller has looked at; else Error{internal}.

  /// bool, a number of any type, or a copy of the text.
  template <class T>
  [[nodiscard]] T get() const {
    if constexpr (std::same_as<T, std::string>) {
      return text();
    } else if constexpr (std::same_as<T, bool>) {
      require(JsonType::boolean);
      return as_.boolean;
    } else {
      static_assert(std::is_arithmetic_v<T>);
      require_number();
      return type_ == JsonType::number_integer    ? static_cast<T>(as_.integer)
             : type_ == JsonType::number_unsigned ? static_cast<T>(as_.natural)
                                                  : static_cast<T>(as_.real);
    }
  }
  [[nodiscard]] const std::string& text() const {
    require(JsonType::string);
    return *as_.text;
  }
  [[nodiscard]] const Array& elements() const {
    require(JsonType::array);
    return *as_.array;
  }
  [[nodiscard]] Array& elements() {
    require(JsonType::array);
    return *as_.array;
  }
  /// The members of an object; null has none.
  [[nodiscard]] const Object& items() const {
    static const Object none;
    return is_null() ? none : (require(JsonType::object), *as_.object);
  }
  [[nodiscard]] Object& items() {
    become(JsonType::object);
    return *as_.object;
  }

  // Containers; null is an empty one, and what is no container has one element in it.

  [[nodiscard]] std::size_t size() const noexcept {
    return is_object() ? as_.object->size() : is_array() ? as_.array->size() : is_null() ? 0U : 1U;
  }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] const_iterator begin() const noexcept { return at<const_iterator>(*this, 0); }
  [[nodiscard]] const_iterator end() const noexcept { return at<const_iterator>(*this, size()); }
  [[nodiscard]] iterator begin() noexcept { return at<iterator>(*this, 0); }
  [[nodiscard]] iterator end() noexcept { return at<iterator>(*this, size()); }
  [[nodiscard]] const BasicJson& front() const { return elements().front(); }
  [[nodiscard]] const BasicJson& back() const { return elements().back(); }
  [[nodiscard]] BasicJson& back() { return elements().back(); }

  template <class Index>
  requires std::integral<Index>
  [[nodiscard]] const BasicJson& operator[](Index i) const {
    return elements()[static_cast<std::size_t>(i)];
  }
  template <class Index>
  requires std::integral<Index>
  [[nodiscard]] BasicJson& operator[](Index i) { return elements()[static_cast<std::size_t>(i)]; }
  void push_back(BasicJson value) {
    become(JsonType::array);
    as_.array->push_back(std::move(value));
  }
  template <class... Argument>
  BasicJson& emplace_back(Argument&&... arguments) {
    push_back(BasicJson(std::forward<Argument>(arguments)...));
    return as_.array->back();
  }

  [[nodiscard]] bool contains(std::string_view name) const noexcept {
    return is_object() && position(name).second;
  }
  [[nodiscard]] const_iterator find(std::string_view name) const noexcept {
    const auto [at_member, found] = is_object() ? position(name) : std::pair(std::size_t{0}, false);
    return found ? const_iterator(as_.object->data() + at_member) : end();
  }
  [[nodiscard]] iterator find(std::string_view name) noexcept {
    const auto [at_member, found] = is_object() ? position(name) : std::pair(std::size_t{0}, false);
    return found ? iterator(as_.object->data() + at_member) : end();
  }
  [[nodiscard]] const BasicJson& operator[](std::string_view name) const {
    require(JsonType::object);
    const auto [at_member, found] = position(name);
    OTTOBIT_CHECK(found, ErrorCode::internal, "JSON", "no member " + std::string(name));
    return (*as_.object)[at_member].second;
  }
  /// A member that is not there is added, as null.
  [[nodiscard]] BasicJson& operator[](std::string_view name) {
    become(JsonType::object);
    const auto [at_member, found] = position(name);
    if (!found) {
      Member added{std::string(name), BasicJson()};
      as_.object->insert(as_.object->begin() + static_cast<std::ptrdiff_t>(at_member),
                         std::move(added));
    }
    return (*as_.object)[at_member].second;
  }
  [[nodiscard]] const BasicJson& at(std::string_view name) const { return (*this)[name]; }
  // Texts are names, not places.
  [[nodiscard]] const BasicJson& operator[](const char* name) const {
    return (*this)[std::string_view(name)];
  }
  [[nodiscard]] BasicJson& operator[](const char* name) { return (*this)[std::string_view(name)]; }
  /// A copy of the member, or `otherwise`.
  template <class T>
  [[nodiscard]] T value(std::string_view name, T otherwise) const {
    const const_iterator found = find(name);
    if (!is_object() || found == end()) {
      return otherwise;
    }
    if constexpr (std::same_as<T, BasicJson>) {
      return *found;
    } else {
      return found->template get<T>();
    }
  }
  void erase(std::string_view name) {
    if (is_object()) {
      std::erase_if(*as_.object, [name](const Member& member) { return member.first == name; });
    }
  }

  /// Numbers are equal by value, objects by members and their order.
  friend bool operator==(const BasicJson& a, const BasicJson& b) {
    if (a.is_number() && b.is_number()) {
      return a.compare(b) == 0;
    }
    if (a.type_ != b.type_) {
      return false;
    }
    switch (a.type_) {
      case JsonType::object:
        return *a.as_.object == *b.as_.object;
      case JsonType::array:
        return *a.as_.array == *b.as_.array;
      case JsonType::string:
        return *a.as_.text == *b.as_.text;
      case JsonType::boolean:
        return a.as_.boolean == b.as_.boolean;
      default:
        return true;
    }
  }
  /// Of numbers only.
  friend bool operator<(const BasicJson& a, const BasicJson& b) { return a.compare(b) < 0; }

  /// JSON without blanks. What is no UTF-8 becomes U+FFFD.
  [[nodiscard]] std::string dump(JsonText text = JsonText::utf8) const;

 private:
  void require(JsonType type) const {
    OTTOBIT_CHECK(type_ == type, ErrorCode::internal, "JSON", "a value of another type");
  }
  void require_number() const {
    OTTOBIT_CHECK(is_number(), ErrorCode::internal, "JSON", "a value that is no number");
  }
  /// Null becomes an empty container.
  void become(JsonType type) {
    if (is_null()) {
      *this = type == JsonType::object ? object() : array();
    }
    require(type);
  }

  template <class It, class Self>
  static It at(Self& self, std::size_t i) noexcept {
    return self.is_object()  ? It(self.as_.object->data() + i)
           : self.is_array() ? It(self.as_.array->data() + i)
                             : It(&self + i);
  }

  /// Where the member is, or would be added.
  [[nodiscard]] std::pair<std::size_t, bool> position(std::string_view name) const noexcept {
    const Object& members = *as_.object;
    auto found = members.begin();
    if constexpr (kSorted) {
      found = std::lower_bound(
          members.begin(), members.end(), name,
          [](const Member& member, std::string_view key) { return member.first < key; });
    } else {
      found = std::find_if(members.begin(), members.end(),
                           [&](const Member& member) { return member.first == name; });
    }
    return {static_cast<std::size_t>(found - members.begin()),
            found != members.end() && found->first == name};
  }

  [[nodiscard]] int compare(const BasicJson& other) const {
    require_number();
    other.require_number();
    const auto sign = [](auto a, auto b) { return a < b ? -1 : b < a ? 1 : 0; };
    if (is_number_float() || other.is_number_float()) {
      return sign(get<double>(), other.get<double>());
    }
    const bool below = type_ == JsonType::number_integer && as_.integer < 0;
    const bool other_below = other.type_ == JsonType::number_integer && other.as_.integer < 0;
    if (below || other_below) {
      return below && other_below ? sign(as_.integer, other.as_.integer) : below ? -1 : 1;
    }
    return sign(get<std::uint64_t>(), other.get<std::uint64_t>());
  }

  union Content {
    bool boolean;
    std::int64_t integer;
    std::uint64_t natural;
    double real;
    std::string* text;
    Array* array;
    Object* object;
  };

  JsonType type_ = JsonType::null;
  Content as_;
};

using Json = BasicJson<true>;
using OrderedJson = BasicJson<false>;  ///< keeps the order of keys as written

extern template class BasicJson<true>;
extern template class BasicJson<false>;

}  // namespace ottobit
