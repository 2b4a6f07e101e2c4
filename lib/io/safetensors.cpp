// SPDX-License-Identifier: Apache-2.0
// Header validation. Tensors are sorted by offset and must follow one another exactly, first at 0,
// last at the end of the file: with that no range needs an addition that could wrap.
#include "io/safetensors.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "ottobit/error.hpp"

#include "io/json.hpp"
#include "io/printable.hpp"

namespace ottobit {
namespace {

constexpr std::uint64_t kLengthBytes = 8;

std::string shape_text(const std::vector<Index>& shape) {
  std::string text = "[";
  for (const Index extent : shape) {
    text += (text.size() > 1 ? ", " : "") + std::to_string(extent);
  }
  return text + "]";
}

/// Reports problems of one file, where useful with the tensor's name.
class Context {
 public:
  explicit Context(const std::string& file) : file_(file) {}

  [[noreturn]] void fail_file(const std::string& message) const {
    fail(ErrorCode::format, file_, message);
  }
  [[noreturn]] void fail_tensor(std::string_view tensor, const std::string& message) const {
    fail(ErrorCode::format, file_, "tensor " + in_backticks(tensor) + ": " + message);
  }
  [[nodiscard]] const std::string& file() const { return file_; }

 private:
  const std::string& file_;
};

/// What the file is, judging from its first bytes, when its length field makes no sense.
std::string describe_foreign(std::string_view head) {
  std::string foreign = foreign_content(head, {});
  if (!foreign.empty()) {
    return foreign;
  }
  if (head.starts_with("GGUF")) {
    return "is a GGUF file, expected safetensors";
  }
  if (head.starts_with("PK\x03\x04")) {
    return "is a zip archive (perhaps a PyTorch checkpoint), expected safetensors";
  }
  return {};
}

std::uint64_t header_length(std::string_view head, std::uint64_t file_size,
                            const Context& context) {
  if (const std::string foreign = describe_foreign(head); !foreign.empty()) {
    context.fail_file(foreign);
  }
  if (head.size() < kLengthBytes) {
    context.fail_file("is truncated: " + std::to_string(file_size) +
                      " bytes, a safetensors file has at least 10");
  }
  std::uint64_t length = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;) {
    length = length << 8U | static_cast<unsigned char>(head[i]);
  }
  if (length > kMaxSafetensorsHeader) {
    context.fail_file("header length " + std::to_string(length) + " exceeds " +
                      std::to_string(kMaxSafetensorsHeader) + ", this is no safetensors file");
  }
  if (length > file_size - kLengthBytes || length > head.size() - kLengthBytes) {
    context.fail_file("is truncated: " + std::to_string(file_size) +
                      " bytes, the header alone needs " + std::to_string(kLengthBytes + length));
  }
  return length;
}

const Json& member(const Json& info, const char* key, std::string_view tensor,
                   const Context& context) {
  const auto at = info.find(key);
  if (at == info.end()) {
    context.fail_tensor(tensor, std::string(key) + " is missing");
  }
  return *at;
}

DType read_dtype(const Json& info, std::string_view tensor, const Context& context) {
  const Json& value = member(info, "dtype", tensor, context);
  if (!value.is_string()) {
    context.fail_tensor(tensor,
                        "dtype is " + std::string(json_type_text(value)) + ", expected a string");
  }
  const auto& text = value.text();
  const std::optional<DType> dtype = parse_dtype(text);
  if (!dtype) {
    context.fail_tensor(tensor, "unknown dtype " + in_backticks(text));
  }
  return *dtype;
}

std::vector<Index> read_shape(const Json& info, std::string_view tensor, const Context& context) {
  const Json& value = member(info, "shape", tensor, context);
  if (!value.is_array()) {
    context.fail_tensor(tensor,
                        "shape is " + std::string(json_type_text(value)) + ", expected an array");
  }
  if (value.size() > kMaxTensorRank) {
    context.fail_tensor(tensor, "rank " + std::to_string(value.size()) + ", expected at most " +
                                    std::to_string(kMaxTensorRank));
  }
  constexpr auto kMaxExtent = static_cast<std::uint64_t>(std::numeric_limits<Index>::max());
  std::vector<Index> shape;
  shape.reserve(value.size());
  for (const Json& extent : value) {
    if (!extent.is_number_unsigned() || extent.get<std::uint64_t>() > kMaxExtent) {
      context.fail_tensor(tensor, "shape holds " + printable(extent.dump(), 40) +
                                      ", expected integers from 0 to 2^63 - 1");
    }
    shape.push_back(static_cast<Index>(extent.get<std::uint64_t>()));
  }
  return shape;
}

std::array<std::uint64_t, 2> read_offsets(const Json& info, std::string_view tensor,
                                          const Context& context) {
  const Json& value = member(info, "data_offsets", tensor, context);
  const bool right = value.is_array() && value.size() == 2 && value[0].is_number_unsigned() &&
                     value[1].is_number_unsigned();
  if (!right) {
    context.fail_tensor(tensor, "data_offsets is " + printable(value.dump(), 40) +
                                    ", expected two non-negative integers");
  }
  const auto begin = value[0].get<std::uint64_t>();
  const auto end = value[1].get<std::uint64_t>();
  if (begin > end) {
    context.fail_tensor(tensor, "data_offsets begin at " + std::to_string(begin) +
                                    ", behind their end at " + std::to_string(end));
  }
  return {begin, end};
}

/// Bytes that dtype and shape ask for. The product over the extents other than 0 must fit as well,
/// so that nobody who multiplies them in another order overflows.
std::uint64_t checked_bytes(const StoredTensor& tensor, const Context& context) {
  const auto bits_each = static_cast<std::uint64_t>(dtype_bits(tensor.dtype));
  const std::uint64_t limit =
      static_cast<std::uint64_t>(std::numeric_limits<Index>::max()) / bits_each;
  std::uint64_t product = 1;
  bool none = false;
  for (const Index extent : tensor.shape) {
    const auto factor = static_cast<std::uint64_t>(std::max<Index>(extent, 1));
    none = none || extent == 0;
    if (factor > limit / product) {
      context.fail_tensor(tensor.name, "shape " + shape_text(tensor.shape) + " overflows");
    }
    product *= factor;
  }
  const std::uint64_t bits = none ? 0 : product * bits_each;
  if (bits % 8 != 0) {
    context.fail_tensor(tensor.name, "shape " + shape_text(tensor.shape) + " of " +
                                         std::string(dtype_name(tensor.dtype)) +
                                         " does not fill whole bytes");
  }
  return bits / 8;
}

StoredTensor read_tensor(const std::string& name, const Json& info, const Context& context) {
  if (!info.is_object()) {
    context.fail_tensor(
        name, "described by " + std::string(json_type_text(info)) + ", expected an object");
  }
  StoredTensor tensor;
  tensor.name = name;
  tensor.dtype = read_dtype(info, name, context);
  tensor.shape = read_shape(info, name, context);
  const auto [begin, end] = read_offsets(info, name, context);
  tensor.begin = begin;
  tensor.end = end;
  const std::uint64_t expected = checked_bytes(tensor, context);
  if (end - begin != expected) {
    context.fail_tensor(name, std::string(dtype_name(tensor.dtype)) + " " +
                                  shape_text(tensor.shape) + " takes " + std::to_string(expected) +
                                  " bytes, data_offsets hold " + std::to_string(end - begin));
  }
  return tensor;
}

void read_metadata(const Json& value, SafetensorsHeader& header, const Context& context) {
  if (!value.is_object()) {
    context.fail_file("__metadata__ is " + std::string(json_type_text(value)) +
                      ", expected an object of strings");
  }
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string()) {
      context.fail_file("__metadata__ holds " + std::string(json_type_text(text)) + " at " +
                        in_backticks(key) + ", expected strings only");
    }
    header.metadata.emplace_back(key, text.text());
  }
}

/// The tensors, in order of their offsets, must cover [0, data_size) exactly.
void check_tiling(const SafetensorsHeader& header, std::uint64_t file_size,
                  const Context& context) {
  const std::uint64_t data_size = file_size - header.data_start;
  std::vector<const StoredTensor*> order;
  order.reserve(header.tensors.size());
  for (const StoredTensor& tensor : header.tensors) {
    order.push_back(&tensor);
  }
  std::sort(order.begin(), order.end(), [](const StoredTensor* a, const StoredTensor* b) {
    return a->begin != b->begin ? a->begin < b->begin : a->end < b->end;
  });
  const StoredTensor* before = nullptr;
  for (const StoredTensor* tensor : order) {
    const std::uint64_t expected = before == nullptr ? 0 : before->end;
    if (tensor->begin < expected) {
      context.fail_tensor(tensor->name, "begins at " + std::to_string(tensor->begin) +
                                            " and overlaps " + in_backticks(before->name) +
                                            ", which ends at " + std::to_string(expected));
    }
    if (tensor->begin > expected) {
      context.fail_tensor(tensor->name, "begins at " + std::to_string(tensor->begin) +
                                            ", leaving a hole behind " + std::to_string(expected));
    }
    before = tensor;
  }
  const std::uint64_t covered = before == nullptr ? 0 : before->end;
  if (covered > data_size) {
    // The expected size may be any number the header claims: the sum must not wrap.
    const std::uint64_t room = std::numeric_limits<std::uint64_t>::max() - header.data_start;
    context.fail_tensor(
        before->name, "the file is truncated: " + std::to_string(file_size) + " bytes, expected " +
                          std::to_string(header.data_start + std::min(covered, room)));
  }
  if (covered < data_size) {
    context.fail_file("has " + std::to_string(data_size - covered) +
                      " bytes behind the last tensor: " + std::to_string(file_size) +
                      " bytes, expected " + std::to_string(header.data_start + covered));
  }
}

}  // namespace

SafetensorsHeader parse_safetensors_header(std::span<const std::byte> file_bytes,
                                           std::uint64_t file_size, const std::string& name) {
  const Context context(name);
  // char may alias any object, so the bytes can be read as text in place.
  const std::string_view text(reinterpret_cast<const char*>(file_bytes.data()), file_bytes.size());
  file_size = std::max<std::uint64_t>(file_size, text.size());
  const std::uint64_t length = header_length(text, file_size, context);
  const std::string_view json = text.substr(kLengthBytes, static_cast<std::size_t>(length));
  if (!json.starts_with('{')) {
    context.fail_file("the header does not begin with `{`, this is no safetensors file");
  }
  const Json root = parse_json(json, name + " (header)");
  SafetensorsHeader header;
  header.data_start = kLengthBytes + length;
  header.tensors.reserve(root.size());
  for (const auto& [key, value] : root.items()) {  // in the order of the names
    if (key == "__metadata__") {
      read_metadata(value, header, context);
    } else {
      header.tensors.push_back(read_tensor(key, value, context));
    }
  }
  check_tiling(header, file_size, context);
  return header;
}

SafetensorsFile::SafetensorsFile(MappedFile file, SafetensorsHeader header)
    : file_(std::make_unique<const MappedFile>(std::move(file))), header_(std::move(header)) {
  const std::span<const std::byte> data =
      file_->bytes().subspan(static_cast<std::size_t>(header_.data_start));
  entries_.reserve(header_.tensors.size());
  for (const StoredTensor& tensor : header_.tensors) {
    const auto begin = static_cast<std::size_t>(tensor.begin);
    const auto end = static_cast<std::size_t>(tensor.end);
    entries_.push_back({.dtype = tensor.dtype,
                        .shape = tensor.shape,
                        .bytes = data.subspan(begin, end - begin),
                        .file = file_->name()});
  }
}

SafetensorsFile SafetensorsFile::open(const std::filesystem::path& path, const MapOptions& options,
                                      const Progress& progress) {
  // Of a mapping the header is checked before the rest is brought in.
  const bool late = options.use_mmap && (options.prefault || options.lock);
  MappedFile file = late ? MappedFile::open(path) : MappedFile::open(path, options, progress);
  if (const std::string foreign =
          foreign_content({reinterpret_cast<const char*>(file.bytes().data()),
                           std::min<std::size_t>(file.bytes().size(), 256)},
                          path.parent_path());
      !foreign.empty()) {
    fail(ErrorCode::format, file.name(), foreign);
  }
  SafetensorsHeader header =
      parse_safetensors_header(file.bytes(), file.bytes().size(), file.name());
  if (late) {
    file.populate(options.lock, progress);
  }
  return {std::move(file), std::move(header)};
}

const TensorEntry* SafetensorsFile::find(std::string_view name) const {
  const auto at = std::lower_bound(
      header_.tensors.begin(), header_.tensors.end(), name,
      [](const StoredTensor& tensor, std::string_view wanted) { return tensor.name < wanted; });
  if (at == header_.tensors.end() || at->name != name) {
    return nullptr;
  }
  return &entries_[static_cast<std::size_t>(at - header_.tensors.begin())];
}

std::vector<std::string> SafetensorsFile::names() const {
  std::vector<std::string> names;
  names.reserve(header_.tensors.size());
  for (const StoredTensor& tensor : header_.tensors) {
    names.push_back(tensor.name);
  }
  return names;
}

}  // namespace ottobit
