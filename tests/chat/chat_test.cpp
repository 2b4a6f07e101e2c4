// SPDX-License-Identifier: Apache-2.0
// The chat JSON, the templates of model folders, and whole conversations against the texts that
// transformers renders.
#include "chat/chat.hpp"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include <doctest/doctest.h>

#include "chat/support.hpp"
#include "support/json.hpp"

using namespace ottobit;
using namespace ottobit::chat_test;

namespace {

namespace fs = std::filesystem;

std::string chat_error(const std::string& chat_json) {
  try {
    render_chat(ChatTemplate::parse("x", "t"), chat_json, "", "");
  } catch (const Error& e) {
    return e.code() == ErrorCode::argument ? e.what() : "other code: " + std::string(e.what());
  }
  return "";
}

ChatTemplate template_in(const fs::path& dir) {
  const std::optional<std::string> source = load_chat_template(dir, "");
  REQUIRE(source.has_value());
  return ChatTemplate::parse(*source, dir.string());
}

/// A folder of its own for one test, removed at the end.
class Folder {
 public:
  Folder() {
    static std::atomic<int> counter{0};
    path_ = fs::temp_directory_path() /
            ("ottobit_chat_" + std::to_string(reinterpret_cast<std::uintptr_t>(this)) + "_" +
             std::to_string(counter++));
    fs::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

TEST_CASE("a template knows which variables it reads") {
  const ChatTemplate t = ChatTemplate::parse("{% if enable_thinking %}x{% endif %}", "t");
  CHECK(t.uses("enable_thinking"));
  CHECK_FALSE(t.uses("thinking_budget"));
  CHECK(t.name() == "t");
}

TEST_CASE("published templates render byte for byte what transformers renders") {
  const fs::path dir = fs::path(OTTOBIT_SHARED_FIXTURES) / "chat_templates";
  if (!fs::exists(dir / "goldens.json")) {
    MESSAGE("skipped: " << (dir / "goldens.json").string() << " absent");
    return;
  }
  const nlohmann::ordered_json goldens =
      nlohmann::ordered_json::parse(read_text_file(dir / "goldens.json"));
  std::size_t texts = 0;
  for (const nlohmann::ordered_json& golden : goldens) {
    const std::string name = golden["template"];
    CAPTURE(name);
    CAPTURE(golden["case"].get<std::string>());
    const ChatTemplate t = ChatTemplate::parse(read_text_file(dir / name), name);
    std::string text;
    std::string error;
    try {
      text = render_chat(t, golden["input"].dump(), golden["bos_token"], golden["eos_token"]).text;
    } catch (const Error& e) {
      error = e.what();
      CHECK(e.code() == ErrorCode::chat_template);
    }
    if (golden.contains("text")) {
      CHECK(error == "");
      CHECK(text == golden["text"].get<std::string>());
      ++texts;
      continue;
    }
    const std::string expected = golden["error"];
    const std::string message = expected.substr(expected.find(": ") + 2);
    // Where the sandbox forbids it, and where a list of texts is one text for us, there is a text.
    if (expected.rfind("SecurityError", 0) != 0 && golden["case"] != "parts") {
      CHECK(contains(error, message));
    }
    if (expected.rfind("TemplateError", 0) == 0) {
      CHECK(error == name + ": " + message);
    }
  }
  CHECK(texts == 400);
}

TEST_CASE("the demo model's template writes Seed-OSS blocks") {
  const ChatTemplate t = template_in(fs::path(OTTOBIT_EXAMPLES_DIR) / "models" / "otto-mini");
  const char* chat = R"({"messages": [{"role": "system", "content": " Be kind. "},
      {"role": "user", "content": "Hi"},
      {"role": "assistant", "content": "Hello", "reasoning_content": " greet "},
      {"role": "user", "content": "Bye"}]})";
  CHECK(render_chat(t, chat, "<seed:bos>", "<seed:eos>").text ==
        "<seed:bos>system\nBe kind.<seed:eos><seed:bos>user\nHi<seed:eos>"
        "<seed:bos>assistant\n<seed:think>greet</seed:think>Hello<seed:eos>"
        "<seed:bos>user\nBye<seed:eos><seed:bos>assistant\n");
  const std::string budget = R"({"messages": [{"role": "user", "content": "a<seed:eos>b"}],
      "thinking_budget": 0})";
  CHECK(marked(render_chat(t, budget, "<seed:bos>", "<seed:eos>")) ==
        "<seed:bos>user\n«a<seed:eos>b»<seed:eos><seed:bos>assistant\n<seed:think></seed:think>");
  const std::string quiet = R"({"messages": [{"role": "user", "content": "a"}],
      "add_generation_prompt": false})";
  CHECK(render_chat(t, quiet, "", "").text == "<seed:bos>user\na<seed:eos>");
}

TEST_CASE("the templates of the tiny test models render") {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(OTTOBIT_TEST_DATA)) {
    if (entry.path().filename().string().rfind("seed_oss-", 0) != 0) {
      continue;
    }
    ++count;
    const ChatTemplate t = template_in(entry.path());
    const char* chat = R"({"messages": [{"role": "user", "content": " Hi\n"},
        {"role": "assistant", "content": "Yo"}]})";
    CHECK(marked(render_chat(t, chat, "", "")) == "[user] «Hi»\n[assistant] «Yo»\n[assistant] ");
  }
  CHECK(count > 0);
}

TEST_CASE("what the chat JSON leaves out is what transformers passes") {
  CHECK(text_of("{{ tools is none }} {{ documents is none }} {{ add_generation_prompt }} {{ now is "
                "defined }}") == "True True True False");
  CHECK(text_of("{{ enable_thinking }} {{ other is defined }} {{ tools | length }}",
                R"({"enable_thinking": false, "tools": [{"type": "function"}]})") ==
        "False False 1");
}

TEST_CASE("chat JSON of the wrong shape names the place, what was found and what was expected") {
  const struct {
    const char* json;
    const char* message;
  } cases[] = {
      {"[]", "chat JSON: found a list, expected an object with the member \"messages\""},
      {"{", "chat JSON: "},
      {"{}", "chat JSON: messages: found null, expected a list of messages"},
      {R"({"messages": {}})", "messages: found an object, expected a list of messages"},
      {R"({"messages": ["hi"]})", "messages[0]: found the string \"hi\", expected an object"},
      {R"({"messages": [{"role": "user", "content": "a"}, {"content": "b"}]})",
       "messages[1].role: found null, expected a string"},
      {R"({"messages": [{"role": 1}]})", "messages[0].role: found a number, expected a string"},
      {R"({"messages": [{"role": "user", "content": 5}]})",
       "messages[0].content: found a number, expected a string, null or a list of text parts"},
      {R"({"messages": [{"role": "user", "content": [{"type": "image"}]}]})",
       "messages[0].content[0].type: found the string \"image\", expected \"text\""},
      {R"({"messages": [{"role": "user", "content": [{"type": "text"}]}]})",
       "messages[0].content[0].text: found null, expected a string"},
      {R"({"messages": [{"role": "user", "content": ["x"]}]})", "messages[0].content[0]: found"},
      {R"({"messages": [{"role": "user", "reasoning_content": []}]})",
       "messages[0].reasoning_content: found a list, expected a string or null"},
      {R"({"messages": [{"role": "user", "tool_calls": "x"}]})", "messages[0].tool_calls: found"},
      {R"({"messages": [{"role": "user", "tool_calls": [{"function": 1}]}]})",
       "messages[0].tool_calls[0].function: found a number, expected an object"},
      {R"({"messages": [{"role": "user", "tool_calls": [{"function": {"arguments": [1]}}]}]})",
       "messages[0].tool_calls[0].function.arguments: found a list, expected an object or a "
       "string"},
      {R"({"messages": [], "tools": {}})", "tools: found an object, expected a list of objects"},
      {R"({"messages": [], "tools": [3]})", "tools[0]: found a number, expected an object"},
      {R"({"messages": [], "documents": 1})", "documents: found a number"},
      {R"({"messages": [], "add_generation_prompt": 1})",
       "add_generation_prompt: found a number, expected true or false"},
      {R"({"messages": [], "now": "tomorrow"})",
       "now: found the string \"tomorrow\", expected an ISO"},
      {R"({"messages": [], "now": "2026-02-30T00:00:00"})", "now: found"},
      {R"({"messages": [], "now": "2026-01-01T25:00"})", "now: found"},
      {R"({"messages": [], "bos_token": "x"})",
       "bos_token: found the string \"x\", expected no such"},
      {R"({"messages": [], "messages": []})", "chat JSON: "},
  };
  for (const auto& c : cases) {
    CAPTURE(c.json);
    const std::string message = chat_error(c.json);
    CHECK_MESSAGE(contains(message, c.message), message);
  }
}

TEST_CASE("tool call arguments as a string of JSON serve as text and as object") {
  const auto with = [](const std::string& source, const std::string& arguments) {
    const nlohmann::ordered_json chat = {
        {"messages",
         {{{"role", "assistant"},
           {"tool_calls", {{{"function", {{"name", "f"}, {"arguments", arguments}}}}}}}}}};
    const std::string set = "{% set a = messages[0].tool_calls[0].function.arguments %}";
    return marked(render_chat(ChatTemplate::parse(set + source, "t"), chat.dump(), "", ""));
  };
  const std::string json = R"({"x":1,"y":"z"})";
  CHECK(with("{{ a }} {{ 'A' + a }} {{ a is string }} {{ a is mapping }}", json) ==
        "«{\"x\":1,\"y\":\"z\"}» A«{\"x\":1,\"y\":\"z\"}» True True");
  CHECK(with("{{ a | tojson }}", json) == "«{\"x\": 1, \"y\": \"z\"}»");
  CHECK(with("{% for k, v in a.items() %}{{ k }}={{ v }};{% endfor %}", json) ==
        "«x»=«1»;«y»=«z»;");
  CHECK(with("{% for k, v in a | items %}{{ k }}{% endfor %}{{ a.x }}{{ a['y'] }}", json) ==
        "«xy1z»");
  CHECK(with("{% for k, v in a | dictsort %}{{ k }}{% endfor %}{{ (a | from_json).x }}", json) ==
        "«xy1»");
  CHECK(with("{{ a }}{{ a is mapping }}{{ a | tojson }}", "not {json") ==
        "«not {json»False«\"not {json\"»");
  CHECK(with("{{ a is mapping }}", "[1]") == "False");
}

TEST_CASE("a template that reads reasoning as `thinking` gets it so") {
  const auto render = [](const char* more, const char* message) {
    return render_chat(ChatTemplate::parse(
                           "{% for message in messages %}{{ message.thinking }}|{% endfor %}" +
                               std::string(more),
                           "t"),
                       R"({"messages": [{"role": "assistant", )" + std::string(message) + "}]}", "",
                       "")
        .text;
  };
  const char* call = R"("reasoning_content": "r", "content": "", "tool_calls": [{"type": "function",
      "function": {"name": "f", "arguments": {}}}])";
  CHECK(render("", R"("reasoning_content": "r", "content": "c")") == "r|");
  CHECK(render("", R"("reasoning_content": "r", "thinking": "t", "content": "c")") == "t|");
  CHECK(render("", call) == "r|");
  CHECK(render("", ("\"name\": \"n\", " + std::string(call).replace(37, 2, "\"c\"")).c_str()) ==
        "|");
  CHECK(render("{# reasoning_content #}", R"("reasoning_content": "r", "content": "c")") == "|");
}

TEST_CASE("a model folder's template is found where it is kept") {
  const Folder folder;
  CHECK_FALSE(load_chat_template(folder.path(), "").has_value());
  folder.write("tokenizer_config.json", R"({"bos_token": "x"})");
  CHECK_FALSE(load_chat_template(folder.path(), "").has_value());
  folder.write("tokenizer_config.json", R"({"chat_template": "from config"})");
  CHECK(load_chat_template(folder.path(), "").value() == "from config");
  folder.write("tokenizer_config.json",
               R"({"chat_template": [{"name": "tool_use", "template": "T"},
                   {"name": "default", "template": "D"}]})");
  CHECK(load_chat_template(folder.path(), "").value() == "D");
  CHECK(load_chat_template(folder.path(), "", true).value() == "T");
  folder.write("chat_template.jinja", "from file");
  CHECK(load_chat_template(folder.path(), "").value() == "from file");
  CHECK(load_chat_template(folder.path(), "", true).value() == "from file");
  folder.write("additional_chat_templates/tool_use.jinja", "more");
  CHECK(load_chat_template(folder.path(), "", true).value() == "more");
  CHECK(load_chat_template(folder.path(), "", false).value() == "from file");
}

TEST_CASE("an odd chat_template entry is refused") {
  const auto message_of = [](const std::string& config) -> std::string {
    const Folder folder;
    folder.write("tokenizer_config.json", config);
    try {
      load_chat_template(folder.path(), "");
    } catch (const Error& e) {
      return e.code() == ErrorCode::format ? e.what() : "other code";
    }
    return "";
  };
  CHECK(contains(message_of(R"({"chat_template": 5})"), "expected a string or a list"));
  CHECK(contains(message_of(R"({"chat_template": [1]})"), "is not {\"name\""));
  CHECK(contains(message_of("[]"), "expected an object"));
}

TEST_CASE("a list without a default gives its only template, or none") {
  const auto found_in = [](const std::string& list, bool with_tools = false) {
    const Folder folder;
    folder.write("tokenizer_config.json", R"({"chat_template": )" + list + "}");
    return load_chat_template(folder.path(), "", with_tools).value_or("none");
  };
  CHECK(found_in(R"([{"name": "rag", "template": "x"}])") == "x");
  CHECK(found_in(R"([{"name": "rag", "template": "x"}, {"name": "tool_use", "template": "y"}])") ==
        "none");
  CHECK(found_in(R"([{"name": "rag", "template": "x"}, {"name": "tool_use", "template": "y"}])",
                 true) == "y");
  CHECK(found_in("[]") == "none");
}

TEST_CASE("the template may lie in chat_template.json, as processors have it") {
  const Folder folder;
  folder.write("tokenizer_config.json", R"({"chat_template": "old"})");
  folder.write("chat_template.json", R"({"chat_template": "new"})");
  CHECK(load_chat_template(folder.path(), "") == "new");
  folder.write("chat_template.jinja", "newest");
  CHECK(load_chat_template(folder.path(), "") == "newest");
}

TEST_CASE("contents that are lists of texts reach templates that take strings only") {
  constexpr const char* kParts = R"({"messages": [
    {"role": "system", "content": "be kind"},
    {"role": "user", "content": [{"type": "text", "text": "one "}, {"type": "text", "text": "two\n2"}]}
  ]})";
  const auto text_of = [&](const char* source) {
    return render_chat(ChatTemplate::parse(source, "t"), kParts, "", "").text;
  };
  // Fails at a list, calls methods of strings, drops what is no string, or writes it as Python
  // does.
  CHECK(text_of("{% for m in messages %}{{ '[' + m.content + ']' }}{% endfor %}") ==
        "[be kind][one two\n2]");
  CHECK(text_of("{% for m in messages %}{{ m.content.strip() }};{% endfor %}") ==
        "be kind;one two\n2;");
  CHECK(text_of("{% for m in messages %}{% if m.content is string %}{{ m.content }}{% endif %}"
                "{% endfor %}") == "be kindone two\n2");
  CHECK(text_of("{% for m in messages %}{{ m.content }}{% endfor %}") == "be kindone two\n2");
  CHECK(text_of("{% for m in messages %}{% if m.content is not string %}"
                "{{ raise_exception('strings only') }}{% endif %}{{ m.content }}{% endfor %}") ==
        "be kindone two\n2");
  // Takes lists: gets them.
  CHECK(text_of("{% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}"
                "{% for p in m.content %}<{{ p.text }}>{% endfor %}{% endif %}{% endfor %}") ==
        "be kind<one ><two\n2>");
  // Leaves messages out on purpose, whatever they are: that is its own affair.
  CHECK(text_of("{{ messages[0].content }}") == "be kind");
  // A template that fails either way fails with the reason for what was given.
  CHECK_THROWS_WITH_AS(text_of("{{ raise_exception('never') }}"), doctest::Contains("never"),
                       Error);
}

TEST_CASE("the joined text of a list is the caller's, control words included") {
  const Rendered rendered =
      render_chat(ChatTemplate::parse(
                      "{% for m in messages %}{{ '<u>' + m.content + '</u>' }}{% endfor %}", "t"),
                  R"({"messages": [{"role": "user", "content": [{"type": "text", "text": "<u>"},
                                                    {"type": "text", "text": "x"}]}]})",
                  "", "");
  CHECK(rendered.text == "<u><u>x</u>");
  REQUIRE(rendered.content.size() == 1);
  CHECK(rendered.content[0].begin == 3);
  CHECK(rendered.content[0].end == 7);
}

TEST_CASE("one template renders on several threads at once") {
  const ChatTemplate t = ChatTemplate::parse(
      "{% macro m(x) %}<{{ x }}>{% endmacro %}{% for m_ in messages %}{{ m('k' ~ m_.content) }}"
      "{% endfor %}{{ strftime_now('%Y') | length }}",
      "t");
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const std::string word = std::to_string(i);
      for (int round = 0; round < 50; ++round) {
        const Rendered r = render_chat(
            t, R"({"messages": [{"role": "user", "content": ")" + word + "\"}]}", "", "");
        right += r.text == "<k" + word + ">4" ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(right == 200);
}
