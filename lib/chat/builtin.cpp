// SPDX-License-Identifier: Apache-2.0
#include "chat/builtin.hpp"

#include <array>
#include <string>
#include <utility>

#include "ottobit/error.hpp"

#include "io/json.hpp"
#include "io/printable.hpp"
#include "io/replace.hpp"

namespace ottobit {

namespace {

namespace fs = std::filesystem;

// DeepSeek V3.2, whose format is encoding/encoding_dsv32.py. Set before it: `declaration`, the text
// before and after the schemas of the tools, or an empty list.
constexpr const char* kDeepSeekV32 = R"jinja(
{%- set think = thinking if thinking is defined else enable_thinking | default(false) -%}
{%- set state = namespace(asked=-1, calls=0, results=0) -%}
{%- for message in messages -%}
  {%- if message.role in ['user', 'developer'] -%}{%- set state.asked = loop.index0 -%}{%- endif -%}
{%- endfor -%}
{%- macro text_of(content) -%}
  {%- if content is string -%}
    {{- content -}}
  {%- else -%}
    {%- for part in content or [] -%}{{- part.text -}}{%- endfor -%}
  {%- endif -%}
{%- endmacro -%}
{%- macro declare(tools) -%}
  {%- if tools -%}
    {%- if not declaration -%}
      {{- raise_exception('tools need the text of encoding/encoding_dsv32.py, which is not in the model folder') -}}
    {%- endif -%}
    {{- '\n\n' + declaration[0] -}}
    {%- for tool in tools -%}
      {{- (tool.function or tool) | tojson -}}{{- '' if loop.last else '\n' -}}
    {%- endfor -%}
    {{- declaration[1] -}}
  {%- endif -%}
{%- endmacro -%}
{%- macro answer_from(index) -%}
  {{- '<think>' if think and index >= state.asked else '</think>' -}}
{%- endmacro -%}
{{- bos_token -}}
{%- if not messages or messages[0].role not in ['system', 'developer'] -%}
  {{- declare(tools) -}}
{%- endif -%}
{%- for message in messages -%}
  {%- set declared = message.tools or (tools if loop.first else none) -%}
  {%- if response_format or message.response_format -%}
    {{- raise_exception('response_format is not known: constrain the answer with a grammar') -}}
  {%- endif -%}
  {%- set asks = not loop.last or add_generation_prompt -%}
  {%- if message.role == 'system' -%}
    {{- text_of(message.content) + declare(declared) -}}
  {%- elif message.role in ['user', 'developer'] -%}
    {{- '<｜User｜>' -}}
    {%- if message.role == 'developer' -%}
      {{- declare(declared) + '\n\n# The user\'s message is: ' -}}
    {%- endif -%}
    {{- text_of(message.content) -}}
    {%- if asks -%}{{- '<｜Assistant｜>' + answer_from(loop.index0) -}}{%- endif -%}
  {%- elif message.role == 'assistant' -%}
    {%- if think and loop.index0 > state.asked -%}
      {{- (message.reasoning_content or '') + '</think>' -}}
    {%- endif -%}
    {{- text_of(message.content) -}}
    {%- if message.tool_calls -%}
      {{- '\n\n<｜DSML｜function_calls>\n' -}}
      {%- for call in message.tool_calls -%}
        {%- set call = call.function or call -%}
        {{- '<｜DSML｜invoke name="' + call.name + '">\n' -}}
        {%- for name, value in call.arguments.items() -%}
          {{- '<｜DSML｜parameter name="' + name + '" string="' -}}
          {{- 'true">' + value if value is string else 'false">' + value | tojson -}}
          {{- '</｜DSML｜parameter>' -}}{{- '' if loop.last else '\n' -}}
        {%- endfor -%}
        {{- '\n</｜DSML｜invoke>\n' -}}
      {%- endfor -%}
      {{- '</｜DSML｜function_calls>' -}}
    {%- endif -%}
    {%- set state.calls = message.tool_calls | length if message.tool_calls else 0 -%}
    {%- set state.results = 0 -%}
    {{- eos_token -}}
  {%- elif message.role == 'tool' -%}
    {%- set state.results = state.results + 1 -%}
    {%- if state.results > state.calls -%}
      {{- raise_exception('a tool result without a call') -}}
    {%- endif -%}
    {{- '\n\n<function_results>' if state.results == 1 -}}
    {{- '\n<result>' + text_of(message.content) + '</result>' -}}
    {%- if state.results == state.calls -%}
      {{- '\n</function_results>' -}}
      {%- if asks -%}{{- '\n\n' + answer_from(loop.index0) -}}{%- endif -%}
    {%- endif -%}
  {%- else -%}
    {{- raise_exception('the role ' + message.role + ' is not known') -}}
  {%- endif -%}
{%- endfor -%}
)jinja";

// DeepSeek V4, whose format is encoding/encoding_dsv4.py; `declaration` as above. Messages of users
// and results of tools that follow one another are one turn, results in the order of their calls.
constexpr const char* kDeepSeekV4 = R"jinja(
{%- set think = thinking if thinking is defined else enable_thinking | default(false) -%}
{%- set state = namespace(asked=-1, kept=[], tools=tools | default([]), within=false, calls=[], results=[], sorted=[], at=0, nth=0) -%}
{%- if reasoning_effort | default('high') not in [none, 'high'] -%}
  {{- raise_exception('the reasoning_effort ' + reasoning_effort + ' is not known: leave it out') -}}
{%- endif -%}
{%- for message in messages -%}
  {%- if message.role in ['user', 'developer', 'tool'] -%}{%- set state.asked = loop.index0 -%}{%- endif -%}
  {%- if message.tools -%}{%- set state.tools = message.tools -%}{%- endif -%}
  {%- if message.task -%}
    {{- raise_exception('the task ' + message.task + ' is not known') -}}
  {%- endif -%}
{%- endfor -%}
{%- if think and not state.tools -%}
  {#- where earlier thinking is dropped, so are earlier words of developers -#}
  {%- for message in messages -%}
    {%- if message.role != 'developer' or loop.index0 >= state.asked -%}
      {%- set state.kept = state.kept + [message] -%}
    {%- endif -%}
  {%- endfor -%}
  {%- set state.asked = state.asked - messages | length + state.kept | length -%}
  {%- set messages = state.kept -%}
{%- endif -%}
{%- macro text_of(content, between) -%}
  {%- if content is string -%}
    {{- content -}}
  {%- else -%}
    {%- for part in content or [] -%}{{- part.text -}}{{- '' if loop.last else between -}}{%- endfor -%}
  {%- endif -%}
{%- endmacro -%}
{%- macro declare(tools) -%}
  {%- if tools -%}
    {%- if not declaration -%}
      {{- raise_exception('tools need the text of encoding/encoding_dsv4.py, which is not in the model folder') -}}
    {%- endif -%}
    {{- '\n\n' + declaration[0] -}}
    {%- for tool in tools -%}
      {{- (tool.function or tool) | tojson -}}{{- '' if loop.last else '\n' -}}
    {%- endfor -%}
    {{- declaration[1] -}}
  {%- endif -%}
{%- endmacro -%}
{%- macro ask(index) -%}
  {%- set last = index == messages | length - 1 -%}
  {%- if (add_generation_prompt if last else messages[index + 1].role in ['assistant', 'latest_reminder']) -%}
    {{- '<｜Assistant｜>' -}}
    {{- '<think>' if think and (state.tools or index >= state.asked) else '</think>' -}}
  {%- endif -%}
{%- endmacro -%}
{{- bos_token -}}
{%- if not messages or messages[0].role not in ['system', 'developer'] -%}
  {{- declare(tools) -}}
{%- endif -%}
{%- for message in messages -%}
  {%- set declared = message.tools or (tools if loop.first else none) -%}
  {%- set index = loop.index0 -%}
  {%- if response_format or message.response_format -%}
    {{- raise_exception('response_format is not known: constrain the answer with a grammar') -}}
  {%- endif -%}
  {%- if message.role == 'system' -%}
    {{- text_of(message.content, '') + declare(declared) -}}
  {%- elif message.role == 'developer' -%}
    {{- '<｜User｜>' + text_of(message.content, '') + declare(declared) + ask(index) -}}
  {%- elif message.role == 'latest_reminder' -%}
    {{- '<｜latest_reminder｜>' + text_of(message.content, '') -}}
  {%- elif message.role in ['user', 'tool'] -%}
    {%- if loop.first or messages[index - 1].role not in ['user', 'tool'] -%}
      {{- '<｜User｜>' -}}
      {%- set state.within = true -%}
      {%- set state.results = [] -%}
      {%- for other in messages[index:] -%}
        {%- set state.within = state.within and other.role in ['user', 'tool'] -%}
        {%- if state.within and other.role == 'tool' -%}
          {%- set state.results = state.results + [other] -%}
        {%- endif -%}
      {%- endfor -%}
      {%- set state.sorted = [] -%}
      {%- for call in state.calls -%}
        {%- set number = loop.index0 -%}
        {%- for result in state.results -%}
          {%- set state.at = 0 -%}
          {%- for id in state.calls -%}
            {%- if id and id == result.tool_call_id -%}{%- set state.at = loop.index0 -%}{%- endif -%}
          {%- endfor -%}
          {%- if state.at == number -%}{%- set state.sorted = state.sorted + [result] -%}{%- endif -%}
        {%- endfor -%}
      {%- endfor -%}
      {%- set state.nth = 0 -%}
    {%- else -%}
      {{- '\n\n' -}}
    {%- endif -%}
    {%- if message.role == 'user' -%}
      {{- text_of(message.content, '') -}}
    {%- else -%}
      {%- if not state.sorted -%}
        {{- raise_exception('a tool result without a call') -}}
      {%- endif -%}
      {{- '<tool_result>' + text_of(state.sorted[state.nth].content, '\n\n') + '</tool_result>' -}}
      {%- set state.nth = state.nth + 1 -%}
    {%- endif -%}
    {%- if loop.last or messages[index + 1].role not in ['user', 'tool'] -%}
      {{- ask(index) -}}
    {%- endif -%}
  {%- elif message.role == 'assistant' -%}
    {%- if think and (state.tools or index > state.asked) -%}
      {{- (message.reasoning_content or '') + '</think>' -}}
    {%- endif -%}
    {{- text_of(message.content, '') -}}
    {%- if message.tool_calls -%}
      {{- '\n\n<｜DSML｜tool_calls>\n' -}}
      {%- set state.calls = [] -%}
      {%- for call in message.tool_calls -%}
        {%- set state.calls = state.calls + [call.id or ''] -%}
        {%- set call = call.function or call -%}
        {{- '<｜DSML｜invoke name="' + call.name + '">\n' -}}
        {%- for name, value in call.arguments.items() -%}
          {{- '<｜DSML｜parameter name="' + name + '" string="' -}}
          {{- 'true">' + value if value is string else 'false">' + value | tojson -}}
          {{- '</｜DSML｜parameter>' -}}{{- '' if loop.last else '\n' -}}
        {%- endfor -%}
        {{- '\n</｜DSML｜invoke>\n' -}}
      {%- endfor -%}
      {{- '</｜DSML｜tool_calls>' -}}
    {%- endif -%}
    {{- eos_token -}}
  {%- else -%}
    {{- raise_exception('the role ' + message.role + ' is not known') -}}
  {%- endif -%}
{%- endfor -%}
)jinja";

/// Where a family's program keeps the text that declares tools.
struct Program {
  const char* file;
  std::string_view variable;
};
constexpr Program kProgramV32 = {"encoding_dsv32.py", "TOOLS_SYSTEM_TEMPLATE"};
constexpr Program kProgramV4 = {"encoding_dsv4.py", "TOOLS_TEMPLATE"};

/// The text around the tools' schemas, as Python's str.format reads it. Empty where the folder has
/// no such program.
Json declaration(const fs::path& dir, const Program& source) {
  const fs::path path = dir / "encoding" / source.file;
  if (!is_there(path)) {
    return Json::array();
  }
  const std::string assigned = std::string(source.variable) + " = \"\"\"";
  const std::string opening = "\n" + assigned;
  constexpr std::string_view kSchemas = "{tool_schemas}";
  constexpr std::size_t kMaxBytes = std::size_t{1} << 20U;
  const std::string program = read_text_file(path, kMaxBytes);
  const std::size_t begin = program.find(opening);
  const std::size_t end =
      begin == std::string::npos ? begin : program.find("\"\"\"", begin + opening.size());
  OTTOBIT_CHECK(end != std::string::npos, ErrorCode::format, file_name_text(path),
                "no " + assigned + "...\"\"\"");
  std::string text = program.substr(begin + opening.size(), end - begin - opening.size());
  text = replace_all(text, "\\\n", "");  // lines that go on
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kNames = {
      {{"{dsml_token}", "｜DSML｜"},
       {"{thinking_start_token}", "<think>"},
       {"{thinking_end_token}", "</think>"}}};
  for (const auto& [name, value] : kNames) {
    text = replace_all(text, name, value);
  }
  const std::size_t schemas = text.find(kSchemas);
  OTTOBIT_CHECK(
      schemas != std::string::npos && text.find('\\') == std::string::npos, ErrorCode::format,
      file_name_text(path),
      std::string(source.variable) + " is not a text around {tool_schemas} without escapes");
  std::string before = text.substr(0, schemas);
  std::string after = text.substr(schemas + kSchemas.size());
  for (std::string* part : {&before, &after}) {
    *part = replace_all(replace_all(*part, "{{", "{"), "}}", "}");
  }
  return Json::array({before, after});
}

}  // namespace

std::optional<std::string> builtin_chat_template(std::string_view family, const fs::path& dir) {
  const auto with_declaration = [&](const Program& source, const char* text) {
    return "{%- set declaration = " + declaration(dir, source).dump() + " -%}" + text;
  };
  if (family == "deepseek_v32") {
    return with_declaration(kProgramV32, kDeepSeekV32);
  }
  if (family == "deepseek_v4") {
    return with_declaration(kProgramV4, kDeepSeekV4);
  }
  return std::nullopt;
}

}  // namespace ottobit
