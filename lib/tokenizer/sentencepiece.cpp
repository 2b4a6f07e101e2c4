// SPDX-License-Identifier: Apache-2.0
#include "tokenizer/sentencepiece.hpp"

#if defined(OTTOBIT_SENTENCEPIECE)
#include <sentencepiece_processor.h>
#endif

#include "ottobit/error.hpp"

#include "io/json.hpp"
#include "io/printable.hpp"

namespace ottobit {

#if defined(OTTOBIT_SENTENCEPIECE)

struct SentencePiece::Processor {
  sentencepiece::SentencePieceProcessor library;
};

SentencePiece SentencePiece::open(const std::filesystem::path& file) {
  const std::string subject = file_name_text(file);
  const std::string proto = read_text_file(file);
  // A model begins with its first piece: field 1, a message. The library would print its complaint
  // about other files.
  OTTOBIT_CHECK(proto.front() == 0x0A, ErrorCode::format, subject, "is not a sentencepiece model");
  SentencePiece out;
  out.processor_ = std::make_unique<Processor>();
  const auto& library = out.processor_->library;
  const sentencepiece::util::Status status = out.processor_->library.LoadFromSerializedProto(proto);
  OTTOBIT_CHECK(status.ok(), ErrorCode::format, subject,
                "is not a sentencepiece model: " + printable(status.error_message()));
  const Decoding decoding{.byte_fallback = true, .replace = {{"\u2581", " "}}};
  for (int id = 0; id < library.GetPieceSize(); ++id) {
    out.vocabulary_.set(id, library.IdToPiece(id), decoding, subject);
    out.vocabulary_.special[static_cast<std::size_t>(id)] =
        library.IsControl(id) || library.IsUnknown(id);
  }
  out.bos_ = library.bos_id();
  out.eos_ = library.eos_id();
  std::vector<int> probe;
  OTTOBIT_CHECK(library.Encode("a", &probe).ok(), ErrorCode::format, subject,
                "the model cannot encode text");
  const std::string first = probe.empty() ? std::string() : library.IdToPiece(probe.front());
  out.adds_space_ = first.starts_with("\u2581");
  return out;
}

void SentencePiece::encode(std::string_view text, std::vector<std::int32_t>& ids) const {
  std::vector<int> pieces;
  const sentencepiece::util::Status status =
      processor_->library.Encode({text.data(), text.size()}, &pieces);
  OTTOBIT_CHECK(status.ok(), ErrorCode::internal, "sentencepiece",
                printable(status.error_message()));
  ids.insert(ids.end(), pieces.begin(), pieces.end());
}

#else

struct SentencePiece::Processor {};

SentencePiece SentencePiece::open(const std::filesystem::path& file) {
  fail(ErrorCode::unsupported, file_name_text(file),
       "this build of ottobit has no sentencepiece library");
}

void SentencePiece::encode(std::string_view, std::vector<std::int32_t>&) const {}

#endif

SentencePiece::SentencePiece() = default;
SentencePiece::SentencePiece(SentencePiece&&) noexcept = default;
SentencePiece& SentencePiece::operator=(SentencePiece&&) noexcept = default;
SentencePiece::~SentencePiece() = default;

}  // namespace ottobit
