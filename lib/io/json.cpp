// SPDX-License-Identifier: Apache-2.0
// A SAX handler builds the value from what nlohmann's parser, which does not recurse, reads: keys
// and brackets as they come, so that depth is refused before anything is built of it.
#include "io/json.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <memory>
#include <system_error>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "io/printable.hpp"

namespace ottobit {
namespace {

/// Walks the text and tells how far the parser has read, which SAX events themselves do not say.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, const char** furthest) : at_(at), furthest_(furthest) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    *furthest_ = at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char** furthest_;
};

/// Reports problems of one text at a byte offset.
class Reporter {
 public:
  Reporter(std::string_view text, const std::string& subject, ErrorCode code)
      : text_(text), subject_(subject), code_(code) {}

  [[noreturn]] void fail_at(std::size_t offset, const std::string& what) const {
    const std::string_view before = text_.substr(0, std::min(offset, text_.size()));
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const std::size_t newline = before.rfind('\n');
    const std::size_t column =
        before.size() - (newline == std::string_view::npos ? 0 : newline + 1) + 1;
    fail(code_, subject_,
         what + " at line " + std::to_string(line) + ", column " + std::to_string(column));
  }

  /// `offset`: of the byte at which the parser gave up. `what`: the library's own message.
  [[noreturn]] void fail_syntax(std::size_t offset, std::string_view what) const {
    const std::string_view rest = text_.substr(std::min(offset, text_.size()));
    for (const std::string_view word : {"NaN", "Infinity"}) {
      if (rest.starts_with(word)) {
        fail_at(offset, std::string(word) + " is not a JSON number (some writers emit it)");
      }
    }
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error ...; last
    // read: '<bytes as they were>'": keep the middle. An out-of-range number has no position.
    const std::size_t position = what.find("column ");
    const std::size_t colon =
        position == std::string_view::npos ? what.find("] ") : what.find(": ", position);
    if (colon != std::string_view::npos) {
      what.remove_prefix(colon + 2);
    }
    what = what.substr(0, what.find("; last read"));
    fail_at(offset, printable(what));
  }

 private:
  std::string_view text_;
  const std::string& subject_;
  ErrorCode code_;
};

/// Builds the value from SAX events. Pointers to open containers stay valid: only the innermost one
/// grows.
template <class AnyJson>
class Builder {
 public:
  Builder(std::string_view text, const char* const* furthest, const Reporter& reporter)
      : text_(text), furthest_(furthest), reporter_(reporter) {}

  bool null() { return add(AnyJson(nullptr)), true; }
  bool boolean(bool value) { return add(AnyJson(value)), true; }
  bool number_integer(std::int64_t value) { return add(AnyJson(value)), true; }
  bool number_unsigned(std::uint64_t value) { return add(AnyJson(value)), true; }
  bool number_float(double value, const std::string&) { return add(AnyJson(value)), true; }
  bool string(std::string& value) { return add(AnyJson(std::move(value))), true; }
  bool binary(nlohmann::json::binary_t&) { return false; }  // does not occur in text

  bool start_object(std::size_t) { return open(AnyJson::object()), true; }
  bool start_array(std::size_t) { return open(AnyJson::array()), true; }
  bool end_array() { return open_.pop_back(), true; }
  bool end_object() {
    typename AnyJson::Object& members = open_.back()->items();
    refuse_duplicates(members);
    if constexpr (std::is_same_v<AnyJson, Json>) {
      std::sort(members.begin(), members.end(),
                [](const auto& a, const auto& b) { return a.first < b.first; });
    }
    open_.pop_back();
    return true;
  }

  bool key(std::string& name) {
    typename AnyJson::Object& members = open_.back()->items();  // sorted when all are there
    members.push_back({std::move(name), AnyJson()});
    slot_ = &members.back().second;
    return true;
  }

  // `position` counts the end of the text as a character, and does not count one read ahead.
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) {
    reporter_.fail_syntax(position == 0 ? 0 : position - 1, error.what());
  }

  AnyJson take() { return std::move(root_); }

 private:
  [[nodiscard]] std::size_t offset() const {
    return static_cast<std::size_t>(*furthest_ - text_.data());
  }

  AnyJson& add(AnyJson&& value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return root_;
    }
    if (open_.back()->is_array()) {
      open_.back()->push_back(std::move(value));
      return open_.back()->back();
    }
    *slot_ = std::move(value);
    return *slot_;
  }

  void open(AnyJson&& container) {
    if (open_.size() >= static_cast<std::size_t>(kMaxJsonDepth)) {
      const std::size_t read = offset();
      reporter_.fail_at(read == 0 ? 0 : read - 1,
                        "nested deeper than " + std::to_string(kMaxJsonDepth) + " levels");
    }
    open_.push_back(&add(std::move(container)));
  }

  void refuse_duplicates(const typename AnyJson::Object& object) const {
    std::unordered_set<std::string_view> seen(object.size());
    for (const auto& [name, value] : object) {
      if (!seen.insert(name).second) {
        reporter_.fail_at(offset() - 1,
                          "duplicate key " + in_backticks(name) + " in the object that ends");
      }
    }
  }

  std::string_view text_;
  const char* const* furthest_;
  const Reporter& reporter_;
  AnyJson root_;
  AnyJson* slot_ = nullptr;  // where the value of the last key goes
  std::vector<AnyJson*> open_;
};

template <class AnyJson>
AnyJson parse(std::string_view text, const std::string& subject, ErrorCode code) {
  const Reporter reporter(text, subject, code);
  // The lexer takes a NUL byte for the end of the text, whatever follows it.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    reporter.fail_at(nul, "NUL byte");
  }
  const char* furthest = text.data();
  Builder<AnyJson> builder(text, &furthest, reporter);
  const CountingIterator begin(text.data(), &furthest);
  const CountingIterator end(text.data() + text.size(), &furthest);
  if (!nlohmann::json::sax_parse(begin, end, &builder)) {
    reporter.fail_at(static_cast<std::size_t>(furthest - text.data()), "not JSON");
  }
  return builder.take();
}

struct FileCloser {
  void operator()(std::FILE* file) const { static_cast<void>(std::fclose(file)); }
};

}  // namespace

Json parse_json(std::string_view text, const std::string& subject, ErrorCode code) {
  return parse<Json>(text, subject, code);
}

OrderedJson parse_ordered_json(std::string_view text, const std::string& subject, ErrorCode code) {
  return parse<OrderedJson>(text, subject, code);
}

std::string without_json_extras(std::string_view text) {
  std::string plain;
  std::size_t comma = std::string::npos;  // in `plain`, with nothing but blanks behind it
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = text.substr(i);
    if (rest.starts_with("//") || rest.starts_with("/*")) {
      const std::string_view last = rest[1] == '/' ? "\n" : "*/";
      const std::size_t end = rest.find(last, 2);
      i += end == std::string_view::npos ? rest.size() : end + last.size() - 1;
      plain += ' ';
      continue;
    }
    const char c = rest.front();
    if (c == '"') {
      std::size_t end = 1;
      while (end < rest.size() && rest[end] != '"') {
        end += rest[end] == '\\' ? 2 : 1;
      }
      const std::string_view quoted = rest.substr(0, end + 1);
      plain += quoted;
      i += quoted.size() - 1;
      comma = std::string::npos;
      continue;
    }
    if ((c == '}' || c == ']') && comma != std::string::npos) {
      plain[comma] = ' ';
    }
    if (c == ',') {
      comma = plain.size();
    } else if (std::string_view(" \t\r\n").find(c) == std::string_view::npos) {
      comma = std::string::npos;
    }
    plain += c;
  }
  return plain;
}

std::string_view json_type_text(JsonType type) noexcept {
  switch (type) {
    case JsonType::null:
      return "null";
    case JsonType::object:
      return "an object";
    case JsonType::array:
      return "an array";
    case JsonType::string:
      return "a string";
    case JsonType::boolean:
      return "a boolean";
    case JsonType::number_integer:
    case JsonType::number_unsigned:
      return "an integer";
    case JsonType::number_float:
      return "a fractional number";
  }
  return "";
}

bool is_there(const std::filesystem::path& path) noexcept {
  std::error_code error;
  return std::filesystem::exists(std::filesystem::symlink_status(path, error));
}

std::string read_text_file(const std::filesystem::path& path, std::size_t max_bytes) {
  namespace fs = std::filesystem;
  const std::string subject = path_text(path);
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  OTTOBIT_CHECK(status.type() != fs::file_type::not_found, ErrorCode::io, subject,
                is_there(path) ? "is a link to a file that does not exist" : "no such file");
  OTTOBIT_CHECK(!error, ErrorCode::io, subject, "cannot be read: " + error.message());
  OTTOBIT_CHECK(status.type() != fs::file_type::directory, ErrorCode::io, subject,
                "is a directory, expected a file");
  // A FIFO would block the caller in fopen.
  OTTOBIT_CHECK(status.type() == fs::file_type::regular, ErrorCode::io, subject,
                "is not a regular file");
  const std::unique_ptr<std::FILE, FileCloser> file(std::fopen(path.c_str(), "rbe"));
  OTTOBIT_CHECK(file != nullptr, errno == ENOMEM ? ErrorCode::memory : ErrorCode::io, subject,
                "cannot be opened: " + std::generic_category().message(errno));
  // Read to the end rather than trusting the size: the file may change meanwhile.
  constexpr std::size_t kStep = std::size_t{1} << 16U;
  const std::uintmax_t expected = fs::file_size(path, error);
  OTTOBIT_CHECK(error || expected <= max_bytes, ErrorCode::io, subject,
                "has " + std::to_string(expected) + " bytes, expected " +
                    std::to_string(max_bytes) + " at most");
  std::string text;
  if (!error) {
    text.reserve(static_cast<std::size_t>(expected) + kStep);
  }
  for (std::size_t got = 1; got > 0 && text.size() <= max_bytes;) {
    const std::size_t before = text.size();
    text.resize(before + kStep);
    got = std::fread(text.data() + before, 1, kStep, file.get());
    text.resize(before + got);
  }
  OTTOBIT_CHECK(std::ferror(file.get()) == 0, ErrorCode::io, subject, "reading failed");
  OTTOBIT_CHECK(text.size() <= max_bytes, ErrorCode::io, subject,
                "has more bytes than the " + std::to_string(max_bytes) + " expected at most");
  OTTOBIT_CHECK(!text.empty(), ErrorCode::format, subject, "is empty");
  const std::string foreign = foreign_content(text, path.parent_path());
  OTTOBIT_CHECK(foreign.empty(), ErrorCode::format, subject, foreign);
  return text;
}

}  // namespace ottobit
