// SPDX-License-Identifier: Apache-2.0
#include "answer/answer.hpp"

#include <algorithm>
#include <utility>

#include "answer/machine.hpp"

namespace ottobit {

using Machine = AnswerParser::Machine;

namespace {

/// The first marker in `text`, the longest of those at the same place; its place is npos where
/// there is none.
std::pair<std::size_t, std::string_view> first_marker(
    std::string_view text, const std::vector<std::string_view>& markers) {
  std::pair<std::size_t, std::string_view> first(std::string_view::npos, "");
  for (const std::string_view marker : markers) {
    const std::size_t at = text.find(marker);
    if (at < first.first || (at == first.first && marker.size() > first.second.size())) {
      first = {at, marker};
    }
  }
  return first;
}

/// How many bytes at the end of `text` may be the beginning of a marker.
std::size_t open_end(std::string_view text, const std::vector<std::string_view>& markers) {
  std::size_t open = 0;
  for (const std::string_view marker : markers) {
    std::size_t length = std::min(text.size(), marker.size() - 1);
    while (length > open && text.substr(text.size() - length) != marker.substr(0, length)) {
      --length;
    }
    open = std::max(open, length);
  }
  return open;
}

}  // namespace

std::vector<std::string_view> Machine::in_text() const {
  std::vector<std::string_view> markers;
  if (ended_) {
    return markers;
  }
  const auto add = [&](std::string_view marker) {
    const bool token = std::find(start_.token_markers.begin(), start_.token_markers.end(),
                                 marker) != start_.token_markers.end();
    if (!marker.empty() && !token) {
      markers.push_back(marker);
    }
  };
  for (const std::string_view marker : active()) {
    add(marker);
  }
  for (const std::string& end : start_.ends) {
    add(end);
  }
  return markers;
}

bool Machine::counts(std::string_view marker) const {
  const std::vector<std::string_view> now = active();
  return !ended_ &&
         (std::find(now.begin(), now.end(), marker) != now.end() ||
          std::find(start_.ends.begin(), start_.ends.end(), marker) != start_.ends.end());
}

void Machine::feed(std::string_view text) {
  pending_ += text;
  scan(false);
}

void Machine::feed_marker(std::string_view marker) {
  scan(true);
  if (counts(marker)) {
    meet(marker);
  } else {
    settle(marker);  // means nothing here
  }
}

void Machine::finish() {
  scan(true);
  if (!ended_) {
    on_end();
  }
}

void Machine::scan(bool all) {
  while (true) {
    const std::vector<std::string_view> markers = in_text();
    const auto [at, marker] = first_marker(pending_, markers);
    if (at == std::string::npos) {
      const std::size_t keep = all ? 0 : open_end(pending_, markers);
      const std::string text = pending_.substr(0, pending_.size() - keep);
      pending_.erase(0, text.size());
      settle(text);
      return;
    }
    const std::string text = pending_.substr(0, at);
    pending_.erase(0, at + marker.size());
    settle(text);
    if (counts(marker)) {
      meet(marker);
    } else {  // the text before it has changed what counts
      settle(marker);
    }
  }
}

// An end that the format knows as a marker (harmony's <|call|>) is that first.
void Machine::meet(std::string_view marker) {
  const std::vector<std::string_view> now = active();
  if (std::find(now.begin(), now.end(), marker) != now.end()) {
    on_marker(marker);
  } else {
    on_end();
    ended_ = true;
  }
}

void Machine::settle(std::string_view text) {
  if (text.empty()) {
    return;
  }
  if (ended_) {
    stray(text, strayed_, "there is text after the end of the answer");
  } else {
    on_text(text);
  }
}

void Machine::stray(std::string_view text, bool& strayed, const char* why) {
  const std::size_t first = strayed ? 0 : text.find_first_not_of(" \n\r\t");
  if (first == std::string_view::npos) {
    return;
  }
  if (!strayed) {
    note(why);
    strayed = true;
  }
  emit(Kind::content, text.substr(first));
}

void Machine::emit(Kind kind, std::string_view text) {
  if (text.empty()) {
    return;
  }
  if (!parts_.empty() && parts_.back().kind == kind) {
    parts_.back().text += text;
  } else {
    parts_.push_back({kind, std::string(text), {}});
  }
}

void Machine::emit(ToolCall call) {
  parts_.push_back({Kind::tool_call, {}, std::move(call)});
}

AnswerParser::AnswerParser(AnswerStart start)
    : machine_(start.format->harmony ? make_harmony_machine(std::move(start))
                                     : make_tag_machine(std::move(start))) {}
AnswerParser::~AnswerParser() = default;
AnswerParser::AnswerParser(AnswerParser&&) noexcept = default;
AnswerParser& AnswerParser::operator=(AnswerParser&&) noexcept = default;

void AnswerParser::feed(std::string_view text) {
  machine_->feed(text);
}

void AnswerParser::feed_marker(std::string_view marker) {
  machine_->feed_marker(marker);
}

void AnswerParser::finish() {
  machine_->finish();
}

bool AnswerParser::has_part() const noexcept {
  return !machine_->parts().empty();
}

AnswerPart AnswerParser::take() {
  AnswerPart part = std::move(machine_->parts().front());
  machine_->parts().pop_front();
  return part;
}

void Answer::add(AnswerPart part) {
  switch (part.kind) {
    case AnswerPart::Kind::content:
      content += part.text;
      break;
    case AnswerPart::Kind::reasoning:
      reasoning += part.text;
      break;
    case AnswerPart::Kind::tool_call:
      tool_calls.push_back(std::move(part.call));
      break;
    case AnswerPart::Kind::note:
      notes.push_back(std::move(part.text));
      break;
  }
}

OrderedJson Answer::json() const {
  OrderedJson json = OrderedJson::object({{"role", "assistant"}, {"content", content}});
  if (!reasoning.empty()) {
    json["reasoning_content"] = reasoning;
  }
  for (const ToolCall& call : tool_calls) {
    OrderedJson& calls = json["tool_calls"];
    const std::string id = call.id.empty() ? "call_" + std::to_string(calls.size()) : call.id;
    OrderedJson function =
        OrderedJson::object({{"name", call.name}, {"arguments", call.arguments}});
    calls.push_back(
        OrderedJson::object({{"id", id}, {"type", "function"}, {"function", std::move(function)}}));
  }
  for (const std::string& text : notes) {
    json["notes"].push_back(text);
  }
  return json;
}

Answer parse_answer(AnswerStart start, std::string_view text) {
  const MarkerPair think = start.format->think;
  if (!think.close.empty()) {
    const std::size_t close = text.find(think.close);
    start.thinking =
        start.thinking || (close != std::string_view::npos && text.find(think.open) > close);
  }
  AnswerParser parser(std::move(start));
  parser.feed(text);
  parser.finish();
  Answer answer;
  while (parser.has_part()) {
    answer.add(parser.take());
  }
  return answer;
}

}  // namespace ottobit
