// SPDX-License-Identifier: Apache-2.0
// Joins a model's tokenizer and template with the parser of answers.
#include "ottobit/chat_parser.hpp"

#include <optional>
#include <utility>
#include <vector>

#include "ottobit/tokenizer.hpp"

#include "answer/answer.hpp"
#include "chat/chat.hpp"
#include "io/json.hpp"

namespace ottobit {
namespace {

std::string dump(const Answer& answer) {
  return answer.json().dump();
}

AnswerStart start_of(const Model& model) {
  AnswerStart start;
  start.format = &answer_format(model.chat_source(), model.family());
  for (const std::int32_t id : model.end_ids()) {
    if (id < model.tokenizer().vocab_size()) {
      start.ends.emplace_back(model.tokenizer().token_bytes(id));
    }
  }
  if (!start.format->waits.empty()) {
    start.ends.emplace_back(start.format->waits);
  }
  return start;
}

/// Whether the template itself opens the thinking behind the last message.
bool opens_thinking(const Model& model, const AnswerFormat& format, std::string_view chat_json) {
  if (format.think.open.empty()) {
    return false;
  }
  const std::string tail = model.chat_tail(chat_json);
  const std::size_t open = tail.rfind(format.think.open);
  const std::size_t close = tail.rfind(format.think.close);
  return open != std::string::npos && (close == std::string::npos || close < open);
}

ToolTypes types_in(std::string_view chat_json) {
  OrderedJson chat = parse_ordered_json(chat_json, "chat JSON", ErrorCode::argument);
  return ToolTypes(chat.is_object() && chat.contains("tools") ? std::move(chat["tools"])
                                                              : OrderedJson());
}

}  // namespace

struct ChatParser::Impl {
  enum class Way { none, text, tokens, finished };

  std::shared_ptr<const Model> model;
  AnswerStart start;
  std::optional<AnswerParser> parser;  // made when the way of feeding is known
  std::optional<IncrementalDetokenizer> detokenizer;
  std::vector<std::int32_t> marker_ids;  // of start.token_markers
  Way way = Way::none;
  AnswerPart part;  // the last one given
  Answer answer;    // of all that were given
  std::size_t calls = 0;

  void choose(Way wanted);
  void find_token_markers();
};

void ChatParser::Impl::find_token_markers() {
  const Tokenizer& tokenizer = model->tokenizer();
  const auto add = [&](std::string_view marker) {
    if (const std::optional<std::int32_t> id = tokenizer.find_token(marker)) {
      start.token_markers.emplace_back(marker);
      marker_ids.push_back(*id);
    }
  };
  for (const std::string_view marker : markers_of(*start.format)) {
    add(marker);
  }
  for (const std::string& end : start.ends) {
    add(end);
  }
}

void ChatParser::Impl::choose(Way wanted) {
  OTTOBIT_CHECK(way != Way::finished, ErrorCode::argument, "parser", "the answer is finished");
  OTTOBIT_CHECK(way == Way::none || way == wanted, ErrorCode::argument, "parser",
                "is fed with text and with tokens, expected one of them");
  if (way == Way::none) {
    if (wanted == Way::tokens) {
      find_token_markers();
      detokenizer.emplace(model->tokenizer(), false);
    }
    parser.emplace(start);
    way = wanted;
  }
}

ChatParser::ChatParser(std::shared_ptr<const Model> model, std::string_view chat_json)
    : impl_(std::make_unique<Impl>()) {
  impl_->start = start_of(*model);
  if (!chat_json.empty()) {
    impl_->start.thinking = opens_thinking(*model, *impl_->start.format, chat_json);
    impl_->start.types = types_in(chat_json);
    impl_->start.has_tools = has_tools(chat_json);
  }
  impl_->model = std::move(model);
}

ChatParser::~ChatParser() = default;
ChatParser::ChatParser(ChatParser&&) noexcept = default;
ChatParser& ChatParser::operator=(ChatParser&&) noexcept = default;

void ChatParser::feed_text(std::string_view text) {
  impl_->choose(Impl::Way::text);
  impl_->parser->feed(text);
}

void ChatParser::feed_tokens(std::span<const std::int32_t> ids) {
  Impl& p = *impl_;
  for (const std::int32_t id : ids) {  // before anything changes
    static_cast<void>(p.model->tokenizer().token_bytes(id));
  }
  p.choose(Impl::Way::tokens);
  for (const std::int32_t id : ids) {
    std::size_t marker = 0;
    while (marker < p.marker_ids.size() && p.marker_ids[marker] != id) {
      ++marker;
    }
    if (marker < p.marker_ids.size()) {
      p.parser->feed(p.detokenizer->finish());
      p.parser->feed_marker(p.start.token_markers[marker]);
    } else {  // text; also a control token that has no meaning here, as in feed_text
      p.parser->feed(p.detokenizer->push(id));
    }
  }
}

void ChatParser::finish() {
  Impl& p = *impl_;
  if (p.way == Impl::Way::none) {
    p.choose(Impl::Way::text);
  }
  if (p.detokenizer) {
    p.parser->feed(p.detokenizer->finish());
  }
  if (p.way != Impl::Way::finished) {
    p.parser->finish();
    p.way = Impl::Way::finished;
  }
}

bool ChatParser::next(ChatPart& part) {
  Impl& p = *impl_;
  if (!p.parser || !p.parser->has_part()) {
    return false;
  }
  p.part = p.parser->take();
  part = {};
  part.kind = static_cast<ChatPart::Kind>(p.part.kind);
  part.text = p.part.text;
  if (p.part.kind == AnswerPart::Kind::tool_call) {
    if (p.part.call.id.empty()) {
      p.part.call.id = "call_" + std::to_string(p.calls);
    }
    ++p.calls;
    part.text = p.part.call.arguments;
    part.name = p.part.call.name;
    part.id = p.part.call.id;
  }
  p.answer.add(p.part);
  return true;
}

std::string ChatParser::json() const {
  return dump(impl_->answer);
}

std::string parse_chat_answer(const Model& model, std::string_view text) {
  return dump(parse_answer(start_of(model), text));
}

}  // namespace ottobit
