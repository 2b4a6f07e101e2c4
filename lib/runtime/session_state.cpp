// SPDX-License-Identifier: Apache-2.0
#include "runtime/session_state.hpp"

#include <algorithm>
#include <vector>

#include "ottobit/error.hpp"

#include "io/checksum.hpp"

namespace ottobit {
namespace {

constexpr std::uint64_t kMagic = 0x315354494254544FU;  // "OTTBITS1"
constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kPiece = std::size_t{1} << 20U;  // between two looks at the progress

struct StateHeader {
  std::uint64_t magic = kMagic;
  std::uint64_t version = kVersion;
  std::uint64_t model = 0;
  std::uint64_t kv_dtype = 0;  ///< DType of the cache
  std::uint64_t layers = 0;
  std::uint64_t vocab = 0;
  std::uint64_t tokens = 0;
  std::uint64_t computed = 0;
  std::uint64_t saved = 0;  ///< tokens before the saved states; 0: there are none
  std::uint64_t bytes = 0;  ///< of all
};
static_assert(sizeof(StateHeader) == 10 * sizeof(std::uint64_t));

std::uint64_t number(Index i) {
  return static_cast<std::uint64_t>(i);
}

/// What a state keeps of a layer that has rows of its own.
struct LayerRows {
  std::size_t layer;
  RowRange positions;
};

std::uint64_t bytes_of(const StateHeader& header, const KvCache& cache,
                       const std::vector<LayerRows>& layers) {
  std::uint64_t bytes = sizeof(StateHeader) + header.tokens * sizeof(std::int32_t) +
                        (header.computed > 0 ? header.vocab * sizeof(float) : 0);
  for (const auto& [layer, positions] : layers) {
    bytes += sizeof(std::uint64_t);
    cache.each_run(layer, [&, count = positions.end - positions.begin](const KvCache::Run& run) {
      bytes += number(count * run.row_bytes);
    });
  }
  bytes += header.saved > 0 ? number(cache.state_bytes()) + header.vocab * sizeof(float) : 0;
  return bytes + sizeof(std::uint64_t);
}

StateHeader header_of(const StateParts& parts, std::vector<LayerRows>& layers) {
  StateHeader header;
  header.model = parts.model;
  header.kv_dtype = static_cast<std::uint64_t>(parts.cache.dtype());
  header.layers = parts.cache.layers();
  header.vocab = parts.logits.size();
  header.tokens = parts.tokens.size();
  header.computed = number(parts.computed);
  header.saved = number(parts.saved.position());
  for (std::size_t i = 0; i < parts.cache.layers(); ++i) {
    if (parts.cache.is_borrowed(i)) {
      continue;
    }
    RowRange kept = parts.cache.kept(i, parts.written, parts.computed);
    if (!parts.cache.sees_all(i)) {
      kept.begin = std::min(std::max(kept.begin, parts.oldest), kept.end);
    }
    layers.push_back({i, kept});
  }
  header.bytes = bytes_of(header, parts.cache, layers);
  return header;
}

/// Passes bytes on, sums them up, reports.
class Passage {
 public:
  Passage(const Progress& progress, std::uint64_t total) : progress_(progress), total_(total) {}

  /// pass(std::span) for pieces of the bytes, which are what it made of them when it returns.
  template <class Byte, class Pass>
  void run(std::span<Byte> bytes, const Pass& pass) {
    while (!bytes.empty()) {
      const auto piece = bytes.first(std::min(bytes.size(), kPiece));
      pass(piece);
      sum_.add(std::span<const std::byte>(piece));
      bytes = bytes.subspan(piece.size());
      done_ += piece.size();
      OTTOBIT_CHECK(
          !progress_ || done_ < next_ || progress_(std::min(done_, total_), total_),
          ErrorCode::cancelled, "",
          "cancelled after " + std::to_string(done_) + " of " + std::to_string(total_) + " bytes");
      next_ = done_ < next_ ? next_ : done_ + kPiece;
    }
  }
  [[nodiscard]] std::uint64_t sum() const noexcept { return sum_.value(); }
  void finish() const {
    if (progress_) {
      progress_(total_, total_);
    }
  }

 private:
  const Progress& progress_;
  Checksum sum_;
  std::uint64_t total_;
  std::uint64_t done_ = 0;
  std::uint64_t next_ = 0;
};

[[noreturn]] void fail_state(const std::string& name, const std::string& why) {
  fail(ErrorCode::state, name, why);
}

void require(bool good, const std::string& name, const char* why) {
  if (!good) {
    fail_state(name, why);
  }
}

/// Everything that a header can be wrong in.
void check(const StateHeader& header, const StateParts& parts, const std::string& name) {
  require(header.magic == kMagic, name, "is no saved session");
  if (header.version != kVersion) {
    fail_state(name, "is of version " + std::to_string(header.version) + ", this release reads " +
                         std::to_string(kVersion));
  }
  require(header.model == parts.model && header.layers == parts.cache.layers() &&
              header.vocab == parts.logits.size(),
          name, "was saved with another model");
  require(header.kv_dtype == static_cast<std::uint64_t>(parts.cache.dtype()), name,
          "was saved with another kv_dtype than this session has");
  const auto context = number(parts.cache.capacity());
  if (header.tokens > context) {
    fail_state(name, std::to_string(header.tokens) + " tokens do not fit in the context of " +
                         std::to_string(context));
  }
  require(header.computed <= header.tokens && header.saved <= header.computed &&
              (header.saved == 0 || parts.saved.exist()),
          name, "has counts that do not fit together");
}

}  // namespace

std::uint64_t state_bytes(const StateParts& parts) {
  std::vector<LayerRows> layers;
  return header_of(parts, layers).bytes;
}

void write_state(const StateParts& parts, const StateSink& sink, const Progress& progress) {
  std::vector<LayerRows> layers;
  const StateHeader header = header_of(parts, layers);
  Passage passage(progress, header.bytes);
  const auto write = [&](const void* data, std::uint64_t size) {
    passage.run(std::span(static_cast<const std::byte*>(data), size), sink);
  };
  const auto write_piece = [&](const std::byte* piece, Index size) { write(piece, number(size)); };
  write(&header, sizeof(header));
  write(parts.tokens.data(), parts.tokens.size() * sizeof(std::int32_t));
  if (header.computed > 0) {
    write(parts.logits.data(), parts.logits.size() * sizeof(float));
  }
  for (const LayerRows& layer : layers) {
    const std::uint64_t first = number(layer.positions.begin);
    write(&first, sizeof(first));
    parts.cache.each_run(layer.layer,
                         [&](const KvCache::Run& run) { run.each(layer.positions, write_piece); });
  }
  if (header.saved > 0) {
    parts.saved.each_piece(write_piece);
  }
  const std::uint64_t sum = passage.sum();
  write(&sum, sizeof(sum));
  passage.finish();
}

void read_state(const StateParts& parts, const StateSource& source, const std::string& name,
                const Progress& progress, const std::function<void()>& begun) {
  StateHeader header;
  source(std::as_writable_bytes(std::span(&header, 1)));
  check(header, parts, name);
  Passage passage(progress, header.bytes);
  passage.run(std::as_bytes(std::span(&header, 1)), [](auto) {});
  const auto read = [&](void* data, std::uint64_t size) {
    passage.run(std::span(static_cast<std::byte*>(data), size), source);
  };
  const auto read_piece = [&](std::byte* piece, Index size) { read(piece, number(size)); };
  std::vector<std::int32_t> ids(header.tokens);
  read(ids.data(), ids.size() * sizeof(std::int32_t));
  require(std::all_of(ids.begin(), ids.end(),
                      [&](std::int32_t id) {
                        return id >= 0 && static_cast<std::uint64_t>(id) < header.vocab;
                      }),
          name, "has tokens that the model does not know");
  begun();
  if (header.computed > 0) {
    read(parts.logits.data(), parts.logits.size() * sizeof(float));
  }
  const auto computed = static_cast<Index>(header.computed);
  Index oldest = 0;
  std::vector<LayerRows> layers;
  std::vector<std::byte> passed_over;
  for (std::size_t i = 0; i < parts.cache.layers(); ++i) {
    if (parts.cache.is_borrowed(i)) {
      continue;
    }
    std::uint64_t first = 0;
    read(&first, sizeof(first));
    RowRange here = parts.cache.kept(i, computed, computed);
    require(first <= number(here.end) && (first == 0 || !parts.cache.sees_all(i)), name,
            "lacks positions that the model sees");
    layers.push_back({i, {static_cast<Index>(first), here.end}});
    // A ring may be shorter here than where it was saved.
    here.begin = std::max(here.begin, static_cast<Index>(first));
    oldest = std::max(oldest, here.begin);
    parts.cache.each_run(i, [&](const KvCache::Run& run) {
      passed_over.resize(
          static_cast<std::size_t>((here.begin - static_cast<Index>(first)) * run.row_bytes));
      read(passed_over.data(), passed_over.size());
      run.each(here, read_piece);
    });
  }
  if (header.saved > 0) {
    parts.saved.each_piece(read_piece);
  }
  const std::uint64_t expected = passage.sum();
  std::uint64_t sum = 0;
  read(&sum, sizeof(sum));
  require(header.bytes == bytes_of(header, parts.cache, layers) && sum == expected, name,
          "is damaged: its length or its check sum is another");
  require(parts.cache.holds(computed, computed, oldest), name,
          "lacks positions that the model sees");
  parts.tokens.assign(ids.begin(), ids.end());
  parts.saved.set_position(static_cast<Index>(header.saved));
  parts.computed = computed;
  parts.written = computed;
  parts.oldest = oldest;
  passage.finish();
}

}  // namespace ottobit
