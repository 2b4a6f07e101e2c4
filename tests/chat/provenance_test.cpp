// SPDX-License-Identifier: Apache-2.0
// Which bytes of a rendered conversation came from the caller. A control word typed by a user must
// stay recognisable as typed, whatever the template does with it.
#include <algorithm>
#include <filesystem>

#include <doctest/doctest.h>

#include "chat/support.hpp"
#include "support/json.hpp"

using namespace ottobit;
using namespace ottobit::chat_test;

namespace {

constexpr const char* kProbe = "<|im_start|>PROBE<seed:eos>";

bool well_formed(const Rendered& r) {
  std::size_t last = 0;
  bool first = true;
  for (const TextSpan& span : r.content) {
    if (span.begin >= span.end || span.end > r.text.size() || (!first && span.begin <= last)) {
      return false;
    }
    last = span.end;
    first = false;
  }
  return true;
}

// True where every occurrence of `word` lies within one span.
bool all_marked(const Rendered& r, const std::string& word) {
  for (std::size_t at = r.text.find(word); at != std::string::npos;
       at = r.text.find(word, at + 1)) {
    const bool inside = std::any_of(r.content.begin(), r.content.end(), [&](const TextSpan& s) {
      return s.begin <= at && at + word.size() <= s.end;
    });
    if (!inside) {
      return false;
    }
  }
  return true;
}

// Appends the probe to every string that is data, leaving what templates compare.
void inject(nlohmann::ordered_json& json, const std::string& name) {
  if (json.is_string()) {
    const bool compared = name == "role" || name == "type" || name == "id" || name == "name" ||
                          name == "tool_call_id" || name == "reasoning_effort";
    if (!compared) {
      json = json.get<std::string>() + kProbe;
    }
    return;
  }
  if (json.is_array() || json.is_object()) {
    for (const auto& [key, value] : json.items()) {
      inject(value, json.is_object() ? key : name);
    }
  }
}

}  // namespace

TEST_CASE("the caller's text is marked and the template's is not") {
  const char* v = R"({"s": "ab<x>", "n": 7, "l": ["p", 1], "d": {"k": "v"}})";
  CHECK(marked_snippet("[{{ s }}]", v) == "[«ab<x>»]");
  CHECK(marked_snippet("{{ '<' + s + '>' ~ s }}", v) == "<«ab<x>»>«ab<x>»");
  CHECK(marked_snippet("{{ n }} {{ n + 1 }} {{ 'x' * 2 }}", v) == "«7» 8 xx");
  CHECK(marked_snippet("{{ l }} {{ [s, 'q'] }}", v) == "«['p', 1]» [«'ab<x>'», 'q']");
  CHECK(marked_snippet("{{ bos_token }}{{ s }}{{ eos_token }}", v) == "<s>«ab<x>»</s>");
}

TEST_CASE("every operation on strings keeps the marks") {
  const char* v = R"({"s": " Ab,cD ", "u": "äß", "w": "x"})";
  CHECK(marked_snippet("[{{ s | trim }}]", v) == "[«Ab,cD»]");
  CHECK(marked_snippet("{{ ('<' ~ s ~ '>')[1:-1] }}", v) == "« Ab,cD »");
  CHECK(marked_snippet("{{ ('<' ~ w ~ '>')[::-1] }}", v) == ">«x»<");
  CHECK(marked_snippet("{{ ('<' ~ s ~ '>').split(',') | join('|') }}", v) == "<« Ab»|«cD »>");
  CHECK(marked_snippet("{{ 'a-b' | replace('-', w) }}{{ s.replace('c', '_') }}", v) ==
        "a«x»b« Ab,»_«D »");
  CHECK(marked_snippet("{{ ('a' ~ u) | upper }} {{ s | lower }} {{ ('q' ~ s.strip()).title() }}",
                       v) == "A«ÄSS» « ab,cd » Q«ab,Cd»");
  CHECK(marked_snippet("{{ ('q' ~ w) | capitalize }}{{ w | title }}", v) == "Q«xX»");
  CHECK(marked_snippet("{{ '%s=%s' % ('k', w) }} {{ '{}:{:>3}'.format(w, w) }}", v) ==
        "k=«x» «x»:  «x»");
  CHECK(marked_snippet("{{ [w, 'y'] | join('/') }} {{ w ~ w }} {{ w | list }}", v) ==
        "«x»/y «xx» [«'x'»]");
  CHECK(marked_snippet("{{ ('a\n' ~ w ~ '\nb') | indent(2) }}", v) == "a\n  «x»\n  b");
  CHECK(marked_snippet("{{ ('<' ~ w) | escape }}{{ w | string | safe }}", v) == "&lt;«xx»");
  CHECK(marked_snippet("{% set b %}<{{ w }}>{% endset %}{{ b }}", v) == "<«x»>");
  CHECK(marked_snippet("{% macro m(a) %}[{{ a }}]{% endmacro %}{{ m(w) }}", v) == "[«x»]");
  CHECK(marked_snippet(
            "{% macro m() %}[{{ caller() }}]{% endmacro %}{% call m() %}-{{ w }}{% endcall %}",
            v) == "[-«x»]");
  CHECK(marked_snippet("{% filter upper %}a{{ w }}{% endfilter %}", v) == "A«X»");
  CHECK(marked_snippet("{% for c in 'a' ~ w %}{{ c }},{% endfor %}", v) == "a,«x»,");
  CHECK(marked_snippet("{{ ('<' ~ w ~ '>').center(7) }}", v) == "  <«x»>  ");
  CHECK(marked_snippet("{{ ('a' ~ w ~ 'b').partition('x')[1] }}", v) == "«x»");
}

TEST_CASE("JSON of the caller's data is the caller's, with its punctuation") {
  const char* v = R"({"d": {"k": ["v\n", 1, null]}, "s": "a\"b"})";
  CHECK(marked_snippet("<{{ d | tojson }}>", v) == "<«{\"k\": [\"v\\n\", 1, null]}»>");
  CHECK(marked_snippet("{{ d | tojson(indent=1) }}", v) ==
        "«{\n \"k\": [\n  \"v\\n\",\n  1,\n  null\n ]\n}»");
  CHECK(marked_snippet("{{ {'own': s} | tojson }}", v) == "{\"own\": «\"a\\\"b\"»}");
}

TEST_CASE("the usual role names are structure, other roles are content") {
  const ChatTemplate t = ChatTemplate::parse(
      "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}", "t");
  const Rendered r = render_chat(t, R"({"messages": [{"role": "user", "content": "hi"},
      {"role": "<eos>", "content": "x"}]})",
                                 "", "");
  CHECK(marked(r) == "<|user|>«hi»<|«<eos>»|>«x»");
}

TEST_CASE("in every published template what the caller wrote is marked") {
  const std::filesystem::path dir =
      std::filesystem::path(OTTOBIT_SHARED_FIXTURES) / "chat_templates";
  if (!std::filesystem::exists(dir / "goldens.json")) {
    MESSAGE("skipped: " << (dir / "goldens.json").string() << " absent");
    return;
  }
  const nlohmann::ordered_json goldens =
      nlohmann::ordered_json::parse(read_text_file(dir / "goldens.json"));
  std::size_t rendered = 0;
  std::size_t seen = 0;
  for (const nlohmann::ordered_json& golden : goldens) {
    const std::string name = golden["template"];
    CAPTURE(name);
    CAPTURE(golden["case"].get<std::string>());
    if (!golden.contains("text")) {
      continue;
    }
    const ChatTemplate t = ChatTemplate::parse(read_text_file(dir / name), name);
    nlohmann::ordered_json input = golden["input"];
    for (const char* part : {"messages", "tools"}) {
      if (input.contains(part)) {
        inject(input[part], part);
      }
    }
    Rendered r;
    try {
      r = render_chat(t, input.dump(), golden["bos_token"], golden["eos_token"]);
    } catch (const Error&) {
      continue;  // some templates insist on particular values
    }
    ++rendered;
    CHECK(well_formed(r));
    CHECK(all_marked(r, kProbe));
    CHECK(all_marked(r, "PROBE"));
    seen += contains(r.text, "PROBE") ? 1 : 0;
    CHECK_FALSE((r.content.size() == 1 && r.content[0].begin == 0));
  }
  CHECK(rendered > 390);
  CHECK(seen > 380);
}

TEST_CASE("typed control words are marked whole in every published template") {
  const std::filesystem::path dir =
      std::filesystem::path(OTTOBIT_SHARED_FIXTURES) / "chat_templates";
  if (!std::filesystem::exists(dir)) {
    MESSAGE("skipped: " << dir.string() << " absent");
    return;
  }
  const std::string word = "<seed:eos><|im_start|>x";
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir)) {
    if (entry.path().extension() != ".jinja") {
      continue;
    }
    CAPTURE(entry.path().string());
    const ChatTemplate t = ChatTemplate::parse(read_text_file(entry.path()), "t");
    const Rendered r = render_chat(
        t, R"({"messages": [{"role": "user", "content": ")" + word + R"("}], "tools": []})", "<s>",
        "</s>");
    CHECK(contains(r.text, word));
    CHECK(all_marked(r, word));
    CHECK(well_formed(r));
    ++count;
  }
  CHECK(count == 19);
}
