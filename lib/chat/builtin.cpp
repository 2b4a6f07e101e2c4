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

/// The text around the tools' schemas, as Python's str.format reads it. Empty where the folder has
/// no such program.
Json declaration(const fs::path& dir) {
  const fs::path path = dir / "encoding" / "encoding_dsv32.py";
  if (!is_there(path)) {
    return Json::array();
  }
  constexpr std::string_view kBegin = "\nTOOLS_SYSTEM_TEMPLATE = \"\"\"";
  constexpr std::string_view kSchemas = "{tool_schemas}";
  constexpr std::size_t kMaxBytes = std::size_t{1} << 20U;
  const std::string program = read_text_file(path, kMaxBytes);
  const std::size_t begin = program.find(kBegin);
  const std::size_t end =
      begin == std::string::npos ? begin : program.find("\"\"\"", begin + kBegin.size());
  OTTOBIT_CHECK(end != std::string::npos, ErrorCode::format, file_name_text(path),
                "no TOOLS_SYSTEM_TEMPLATE = \"\"\"...\"\"\"");
  std::string text = program.substr(begin + kBegin.size(), end - begin - kBegin.size());
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kNames = {
      {{"{dsml_token}", "｜DSML｜"},
       {"{thinking_start_token}", "<think>"},
       {"{thinking_end_token}", "</think>"}}};
  for (const auto& [name, value] : kNames) {
    text = replace_all(text, name, value);
  }
  const std::size_t schemas = text.find(kSchemas);
  OTTOBIT_CHECK(schemas != std::string::npos && text.find('\\') == std::string::npos,
                ErrorCode::format, file_name_text(path),
                "TOOLS_SYSTEM_TEMPLATE is not a text around {tool_schemas} without escapes");
  std::string before = text.substr(0, schemas);
  std::string after = text.substr(schemas + kSchemas.size());
  for (std::string* part : {&before, &after}) {
    *part = replace_all(replace_all(*part, "{{", "{"), "}}", "}");
  }
  return Json::array({before, after});
}

}  // namespace

std::optional<std::string> builtin_chat_template(std::string_view family, const fs::path& dir) {
  if (family != "deepseek_v32") {
    return std::nullopt;
  }
  return "{%- set declaration = " + declaration(dir).dump() + " -%}" + kDeepSeekV32;
}

}  // namespace ottobit
