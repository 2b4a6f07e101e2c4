# SPDX-License-Identifier: Apache-2.0
"""The `ottobit` command as a person or a script meets it: output, exit codes, pipes, Ctrl-C.

OTTOBIT_COMMAND (or OTTOBIT_CLI) is the program, OTTOBIT_EXAMPLES_DIR the folder with
models/otto-mini. Nothing here depends on how fast the machine is.
"""

import json
import math
import os
import pathlib
import pty
import select
import signal
import subprocess
import tempfile
import time
import unittest

COMMAND = os.environ.get("OTTOBIT_COMMAND") or os.environ.get("OTTOBIT_CLI", "ottobit")
MODEL = str(pathlib.Path(os.environ.get("OTTOBIT_EXAMPLES_DIR", "examples")) / "models/otto-mini")
QUESTION = "How many r's are in strawberry?"
ANSWER = "There are 3 r's in strawberry."
THINKING = "strawberry: s t r=1 a w b e r=2 r=3 y. 3"
LONG = ["--temperature", "0", "--max-tokens", "-1", "--stop", "no such text"]
TIMEOUT = 120


def environment(**changes):
    values = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "OTTOBIT_ISA")}
    values["TERM"] = "xterm"
    values.update(changes)
    return values


def ottobit(*arguments, stdin="", env=None):
    return subprocess.run([COMMAND, *arguments], input=stdin.encode(), capture_output=True,
                          timeout=TIMEOUT, env=env or environment(), check=False)


def on_terminal(*arguments, keys=b"", env=None, stdout_only=False):
    """Runs the command with a terminal as its three streams; returns (exit code, what it showed).

    `keys` is typed once the command shows its prompt or, without one, at once.
    """
    master, slave = pty.openpty()
    process = subprocess.Popen([COMMAND, *arguments], stdin=slave, stdout=slave,
                               stderr=subprocess.DEVNULL if stdout_only else slave,
                               env=env or environment(), start_new_session=True)
    os.close(slave)
    shown = b""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        ready, _, _ = select.select([master], [], [], 0.1)
        if ready:
            try:
                piece = os.read(master, 65536)
            except OSError:
                break
            if not piece:
                break
            shown += piece
        if keys and b">>> " in shown:
            os.write(master, keys)
            keys = b""
    os.close(master)
    return process.wait(timeout=TIMEOUT), shown.decode().replace("\r\n", "\n")


class Run(unittest.TestCase):
    def test_the_answer_is_all_of_standard_output(self):
        result = ottobit("run", MODEL, "-p", QUESTION)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout.decode(), ANSWER + "\n")

    def test_thinking_and_rates_are_on_standard_error(self):
        lines = ottobit("run", MODEL, "-p", QUESTION).stderr.decode().splitlines()
        self.assertEqual(len(lines), 2, lines)
        self.assertEqual(lines[0], "thinking: " + THINKING)
        self.assertRegex(lines[1], r"^otto-mini · seed_oss · FP8 E4M3.* · 2\.2 MB · \w+ · \d+ thread")
        self.assertRegex(lines[1], r" · prompt 22 tokens at [\d.]+ tok/s · answer 4\d tokens at ")

    def test_no_colours_and_no_bar_outside_a_terminal(self):
        result = ottobit("run", MODEL, "-p", QUESTION)
        self.assertNotIn(b"\x1b", result.stdout + result.stderr)
        self.assertNotIn(b"\r", result.stdout + result.stderr)

    def test_quiet_leaves_the_answer_alone(self):
        result = ottobit("run", MODEL, "-q", "-p", QUESTION)
        self.assertEqual((result.stdout.decode(), result.stderr), (ANSWER + "\n", b""))

    def test_show_thinking_labels_both_on_standard_output(self):
        result = ottobit("run", MODEL, "--show-thinking", "-p", QUESTION)
        self.assertEqual(result.stdout.decode(), f"thinking: {THINKING}\nanswer: {ANSWER}\n")

    def test_a_terminal_shows_the_thinking_dim(self):
        code, shown = on_terminal("run", MODEL, "-p", QUESTION)
        self.assertEqual(code, 0, shown)
        self.assertIn("\x1b[2mthinking: \x1b[0m", shown)
        self.assertIn("\x1b[1manswer: \x1b[0mThere", shown)

    def test_no_color_is_obeyed(self):
        _, shown = on_terminal("run", MODEL, "-p", QUESTION, env=environment(NO_COLOR="1"))
        self.assertIn("thinking: strawberry", shown)
        self.assertNotIn("\x1b[", shown)

    def test_the_prompt_may_stand_behind_the_folder(self):
        self.assertEqual(ottobit("run", MODEL, QUESTION).stdout, ottobit("run", MODEL, "-p", QUESTION).stdout)
        self.assertNotEqual(ottobit("run", MODEL, QUESTION, "-p", QUESTION).returncode, 0)
        self.assertNotEqual(ottobit("run", MODEL, "").returncode, 0)

    def test_a_piped_prompt_is_read(self):
        result = ottobit("run", MODEL, "-q", stdin=QUESTION + "\n")
        self.assertEqual(result.stdout.decode(), ANSWER + "\n")

    def test_no_thinking_on_request(self):
        for option in (["--no-thinking"], ["--think", "0"], ["--thinking-budget", "0"],
                       ["--set", "thinking_budget=0"]):
            result = ottobit("run", MODEL, "--json", "-p", "Who are you?", *option)
            answer = json.loads(result.stdout)
            self.assertEqual(answer.get("thinking", ""), "", option)
            self.assertTrue(answer["text"].startswith("I am otto-mini"), answer)

    def test_json_is_one_object_with_counts_and_rates(self):
        result = ottobit("run", MODEL, "--json", "-p", QUESTION)
        answer = json.loads(result.stdout)
        self.assertEqual(answer["text"], ANSWER)
        self.assertEqual(answer["thinking"], THINKING)
        self.assertEqual(answer["finish"], "end")
        self.assertEqual(answer["prompt_tokens"], 22)
        self.assertIn(answer["generated_tokens"], (46, 47))
        self.assertGreater(answer["prompt_tokens_per_second"], 0)
        self.assertGreater(answer["decode_tokens_per_second"], 0)
        self.assertEqual((answer["model"], answer["family"]), ("otto-mini", "seed_oss"))

    def test_max_tokens_and_stop_end_the_answer(self):
        short = json.loads(ottobit("run", MODEL, "--json", "-p", QUESTION, "--max-tokens", "5").stdout)
        self.assertEqual((short["finish"], short["generated_tokens"]), ("length", 5))
        stopped = json.loads(ottobit("run", MODEL, "--json", "-p", QUESTION, "--stop", "zzz",
                                     "--stop", "There are").stdout)
        self.assertEqual((stopped["finish"], stopped["text"]), ("stop", ""))

    def test_a_seed_repeats_a_sampled_answer(self):
        options = ["run", MODEL, "--json", "-p", "Why is the sky blue?", "--temperature", "2",
                   "--top-k", "0", "--max-tokens", "40"]
        texts = [json.loads(ottobit(*options, "--seed", str(seed)).stdout) for seed in (1, 1, 2)]
        keys = [(t["text"], t.get("thinking")) for t in texts]
        self.assertEqual(keys[0], keys[1])
        self.assertNotEqual(keys[0], keys[2])

    def test_an_answer_is_what_it_must_be(self):
        schema = '{"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}'
        answer = ottobit("run", MODEL, "-q", "--no-thinking", "-p", QUESTION, "--json-schema", schema)
        self.assertIsInstance(json.loads(answer.stdout)["n"], int)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "g.gbnf")
            path.write_text('root ::= "yes" | "no"', encoding="utf-8")
            answer = ottobit("run", MODEL, "-q", "-p", QUESTION, "--grammar", str(path))
            self.assertIn(answer.stdout, (b"yes\n", b"no\n"))
            path.write_text(schema, encoding="utf-8")
            answer = ottobit("run", MODEL, "-q", "-p", QUESTION, "--json-schema", str(path))
            self.assertIsInstance(json.loads(answer.stdout)["n"], int)
        answer = ottobit("run", MODEL, "-q", "-p", QUESTION, "--regex", "[0-9]{3}")
        self.assertRegex(answer.stdout.decode(), r"^\d{3}\n$")

    def test_tools_may_be_called_only_as_they_are_declared(self):
        tools = json.dumps([{"name": name, "parameters": None} for name in ("now", "then")])
        free = ottobit("run", MODEL, "-q", "-p", QUESTION)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "tools.json")
            path.write_text(tools, encoding="utf-8")
            for given in (tools, str(path)):
                self.assertEqual(ottobit("run", MODEL, "-q", "-p", QUESTION, "--tools", given).stdout, free.stdout)
        for choice, said in (("later", b"there is no tool later"), ("", b"#/tool_choice: expected a name")):
            result = ottobit("run", MODEL, "-p", QUESTION, "--tools", tools, "--tool-choice", choice)
            self.assertEqual((result.returncode, result.stdout), (1, b""), result)
            self.assertIn(said, result.stderr)
        self.assertEqual(ottobit("run", MODEL, "-p", QUESTION, "--tools", "{}").returncode, 2)

    def test_a_grammar_that_is_wrong_is_an_error(self):
        for option, text, said in (("--regex", "(", b"column 2"), ("--json-schema", '{"not": {}}', b'"not"'),
                                   ("--grammar", "no/such", b"no/such")):
            result = ottobit("run", MODEL, "-p", QUESTION, option, text)
            self.assertEqual((result.returncode, result.stdout), (1, b""), result)
            self.assertIn(said, result.stderr)

    def test_a_stop_text_cuts_the_answer_not_the_thinking(self):
        stopped = json.loads(ottobit("run", MODEL, "--json", "-p", QUESTION, "--stop", " r's").stdout)
        self.assertEqual((stopped["text"], stopped["thinking"], stopped["finish"]),
                         ("There are 3", THINKING, "stop"))

    def test_raw_continues_the_text_as_it_is(self):
        prompt = f"<seed:bos>user\n{QUESTION}<seed:eos><seed:bos>assistant\n"
        raw = json.loads(ottobit("run", MODEL, "--raw", "--json", "-p", prompt).stdout)
        self.assertEqual((raw["text"], raw["prompt_tokens"]), (ANSWER, 22))

    def test_the_level_can_be_lowered(self):
        by_option = json.loads(ottobit("run", MODEL, "--json", "-p", QUESTION, "--isa", "baseline").stdout)
        by_environment = json.loads(ottobit("run", MODEL, "--json", "-p", QUESTION,
                                            env=environment(OTTOBIT_ISA="baseline")).stdout)
        self.assertEqual((by_option["isa"], by_option["text"]), ("baseline", ANSWER))
        self.assertEqual(by_environment["isa"], "baseline")

    def test_utf8_goes_through(self):
        result = ottobit("run", MODEL, "-q", "-p", "Perché è così? 🌍", "--max-tokens", "60")
        self.assertEqual(result.returncode, 0, result.stderr)
        result.stdout.decode()


class Chat(unittest.TestCase):
    def test_lines_from_a_pipe_are_turns(self):
        result = ottobit("chat", MODEL, stdin=f"{QUESTION}\n\nWhat is 47 + 85?\n")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout.decode(), ANSWER + "\n47 + 85 = 132.\n")

    def test_a_second_turn_computes_only_what_is_new(self):
        result = ottobit("chat", MODEL, stdin=f"{QUESTION}\nWhat is 47 + 85?\n")
        rates = [line for line in result.stderr.decode().splitlines() if "tok/s" in line]
        self.assertNotIn("kept", rates[0])
        self.assertRegex(rates[1], r"\(\+ [2-9]\d kept\)")

    def test_slash_commands(self):
        result = ottobit("chat", MODEL, stdin=f"/help\n/system\n/system Be brief.\n/system\n{QUESTION}\n"
                         f"/stats\n/clear\n/nonsense\n/exit\n{QUESTION}\n")
        self.assertEqual(result.returncode, 0)
        shown = result.stderr.decode()
        for expected in ("/clear ", "none\n", "Be brief.\n", "KV cache", "last answer: prompt",
                         "/nonsense is not a command"):
            self.assertIn(expected, shown)
        self.assertEqual(result.stdout.count(b"\n"), 1, "nothing is answered after /exit")

    def test_a_turn_that_does_not_fit_fails_and_is_forgotten(self):
        result = ottobit("chat", MODEL, "--context", "100", stdin=f"{'a b ' * 200}\n{QUESTION}\n")
        self.assertEqual(result.returncode, 1)
        self.assertIn("/clear begins anew", result.stderr.decode())
        self.assertEqual(result.stdout.decode(), ANSWER + "\n")

    def test_a_terminal_gets_a_prompt_and_exit_ends(self):
        code, shown = on_terminal("chat", MODEL, keys=b"/exit\n")
        self.assertEqual(code, 0, shown)
        self.assertIn("otto-mini · seed_oss", shown)

    def test_ctrl_d_ends(self):
        code, _ = on_terminal("chat", MODEL, keys=b"\x04")
        self.assertEqual(code, 0)

    def test_ctrl_c_twice_at_the_prompt_ends_with_130(self):
        process = subprocess.Popen([COMMAND, "chat", MODEL], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
        process.stdin.write(QUESTION.encode() + b"\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline().decode(), ANSWER + "\n")
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.stderr.readline()[:9], b"thinking:")
        process.stderr.readline()
        self.assertEqual(process.stderr.readline(), b"\n")
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=TIMEOUT)
        self.assertEqual(process.returncode, 130)


class SaveAndLoad(unittest.TestCase):
    def chat(self, *lines):
        return ottobit("chat", MODEL, "--temperature", "0", stdin="\n".join(lines) + "\n")

    def test_a_conversation_goes_on_as_it_would_have(self):
        with tempfile.TemporaryDirectory() as folder:
            name = str(pathlib.Path(folder, "talk"))
            first, second = "Spell bitten backwards.", "How many r's are in strawberry?"
            whole = self.chat(first, second)
            self.assertEqual(whole.returncode, 0, whole.stderr)
            begun = self.chat(first, "/save " + name)
            self.assertEqual(begun.returncode, 0, begun.stderr)
            self.assertEqual(json.loads(pathlib.Path(name + ".json").read_text())["messages"][0],
                             {"role": "user", "content": first})
            ended = self.chat("/load " + name, second)
            self.assertEqual(ended.returncode, 0, ended.stderr)
            self.assertEqual(begun.stdout + ended.stdout, whole.stdout)
            self.assertIn(b"kept", ended.stderr)  # what was saved was not computed again
            pathlib.Path(name + ".state").write_bytes(b"something else")
            again = self.chat("/load " + name, second)
            self.assertIn(b"will be read again", again.stderr)
            self.assertEqual(again.stdout, ended.stdout)

    def test_what_is_not_there(self):
        result = self.chat("/load /nowhere/talk", "/save", "/save /nowhere/talk")
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"/nowhere/talk.json", result.stderr)
        self.assertIn(b"/save wants a name", result.stderr)


class Inspect(unittest.TestCase):
    def test_a_sound_folder(self):
        result = ottobit("inspect", MODEL)
        self.assertEqual(result.returncode, 0, result.stderr)
        text = result.stdout.decode()
        for expected in ("seed_oss", "FP8 E4M3", "2.2 MB", "UE8M0"):
            self.assertIn(expected, text)
        self.assertRegex(text, r"(?m)^problems +none$")

    def test_json(self):
        report = json.loads(ottobit("inspect", MODEL, "--json").stdout)
        self.assertEqual((report["name"], report["family"]), ("otto-mini", "seed_oss"))
        self.assertEqual(report["problems"], [])

    def test_every_problem_and_exit_code_1(self):
        with tempfile.TemporaryDirectory() as folder:
            for file in pathlib.Path(MODEL).iterdir():
                if file.name not in ("tokenizer.json", "model.safetensors"):
                    pathlib.Path(folder, file.name).write_bytes(file.read_bytes())
            pathlib.Path(folder, "model.safetensors").write_bytes(
                b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 2179072\n")
            result = ottobit("inspect", folder)
            self.assertEqual(result.returncode, 1)
            text = result.stdout.decode()
            self.assertIn("git-lfs pointer", text)
            self.assertIn("tokenizer", text)
            self.assertIn("2 problems", text)
            report = ottobit("inspect", folder, "--json")
            self.assertEqual(report.returncode, 1)
            self.assertEqual(len(json.loads(report.stdout)["problems"]), 2)


class Estimate(unittest.TestCase):
    def test_what_fits(self):
        result = ottobit("estimate", MODEL, "--context", "1024")
        self.assertEqual(result.returncode, 0, result.stderr)
        text = result.stdout.decode()
        self.assertRegex(text, r"(?m)^weights, mapped +2\.2 MB$")
        self.assertRegex(text, r"(?m)^KV cache +[0-9.]+ MB +for 1,024 tokens$")
        self.assertRegex(text, r"(?m)^fits$")

    def test_json(self):
        report = json.loads(ottobit("estimate", MODEL, "--json").stdout)
        self.assertEqual(report["needed"], report["mapped"] + report["resident"] +
                         report["kv_cache"] + report["workspace"])
        self.assertTrue(report["fits"])
        half = json.loads(ottobit("estimate", MODEL, "--json", "--context",
                                  str(report["context"] // 2)).stdout)
        self.assertEqual(half["kv_cache"], report["kv_cache"] // 2)
        self.assertEqual(half["mapped"], report["mapped"])

    def test_what_is_no_model(self):
        result = ottobit("estimate", "/nowhere")
        self.assertEqual(result.returncode, 1)
        self.assertIn("/nowhere", result.stderr.decode())


class Tokenize(unittest.TestCase):
    def ids(self, *arguments, stdin=""):
        result = ottobit("tokenize", MODEL, *arguments, stdin=stdin)
        self.assertEqual(result.returncode, 0, result.stderr)
        return [int(word) for word in result.stdout.split()]

    def test_names_of_control_tokens_are_text_unless_asked_for(self):
        self.assertEqual(self.ids("--special", "<seed:bos>user\n"), [0, 289, 207])
        self.assertGreater(len(self.ids("<seed:bos>user\n")), 3)

    def test_text_from_a_pipe_is_taken_as_it_is(self):
        self.assertEqual(self.ids(stdin=QUESTION + "\n"), self.ids(QUESTION + "\n"))

    def test_an_empty_text_has_no_tokens(self):
        self.assertEqual(self.ids(""), [])


class Perplexity(unittest.TestCase):
    TEXT = " ".join(["There are 3 r's in strawberry."] * 30)

    def measure(self, *arguments):
        result = ottobit("perplexity", MODEL, "--json", "--compute", "f32", *arguments, stdin=self.TEXT)
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def test_every_token_but_the_first_is_counted_once(self):
        whole = self.measure()
        self.assertEqual(whole["counted"], whole["tokens"] - 1)
        self.assertAlmostEqual(math.log(whole["perplexity"]), -whole["mean_log_probability"])
        for window, stride in ((50, 50), (64, 16), (7, 3), (2, 1)):
            part = self.measure("--window", str(window), "--stride", str(stride))
            self.assertEqual(part["counted"], whole["counted"], (window, stride))

    def test_a_window_as_large_as_the_text_changes_nothing(self):
        whole = self.measure()
        tokens = str(whole["tokens"])
        same = self.measure("--window", tokens, "--stride", "5")
        self.assertAlmostEqual(same["perplexity"] / whole["perplexity"], 1, 4)

    def test_the_number_is_all_of_standard_output(self):
        result = ottobit("perplexity", MODEL, stdin=self.TEXT)
        self.assertRegex(result.stdout.decode(), r"^perplexity \d+\.\d{4}\n$")

    def test_what_cannot_be_measured_is_an_error(self):
        self.assertIn(b"2 or more", ottobit("perplexity", MODEL, stdin="a").stderr)
        self.assertIn(b"--window", ottobit("perplexity", MODEL, "--window", "1", stdin="abc").stderr)
        self.assertIn(b"no/such", ottobit("perplexity", MODEL, "no/such").stderr)


class Bench(unittest.TestCase):
    def check(self, report):
        self.assertEqual(set(report), {
            "model", "shape", "layers", "format", "isa", "threads", "compute", "parameters",
            "weight_bytes_per_token", "prompt", "decode", "batches", "ceilings", "peak_private_bytes",
            "kv_bytes"})
        for row in report["batches"]:
            self.assertEqual(set(row), {"sessions", "tokens_per_second", "cost"})
            self.assertGreater(row["tokens_per_second"], 0)
            self.assertGreater(row["cost"], 0)
        for row in report["prompt"]:
            self.assertEqual(set(row), {"tokens", "tokens_per_second", "gflops", "roof"})
            self.assertGreater(row["tokens_per_second"], 0)
            self.assertAlmostEqual(row["roof"], row["gflops"] / report["ceilings"]["dp_gflops"])
        decode = report["decode"]
        self.assertEqual(set(decode), {"context", "tokens_per_second", "gb_per_second", "roof"})
        self.assertAlmostEqual(
            decode["gb_per_second"],
            decode["tokens_per_second"] * report["weight_bytes_per_token"] / 1e9)
        self.assertEqual(set(report["ceilings"]), {"read_gb_per_second", "dp_gflops", "int8_gops"})
        self.assertGreater(report["kv_bytes"], 0)

    def test_json_of_a_folder(self):
        result = ottobit("bench", MODEL, "--json", "--prompt", "8,32", "--context", "16",
                         "--repeat", "1", "--threads", "1", "--sessions", "2,9")
        self.assertEqual(result.returncode, 0, result.stderr)
        report = json.loads(result.stdout)
        self.check(report)
        self.assertEqual((report["model"], report["shape"]), ("otto-mini", None))
        self.assertEqual([row["tokens"] for row in report["prompt"]], [8, 32])
        self.assertEqual((report["decode"]["context"], report["threads"]), (16, 1))
        self.assertEqual([row["sessions"] for row in report["batches"]], [2, 9])
        self.assertEqual((report["parameters"], report["layers"]), (1969856, 4)
                         if report["parameters"] == 1969856 else (report["parameters"], 4))

    def test_a_table_for_people(self):
        result = ottobit("bench", MODEL, "--prompt", "8", "--context", "16", "--repeat", "1",
                         "--compute", "f32")
        text = result.stdout.decode()
        self.assertEqual(result.returncode, 0, result.stderr)
        for expected in ("prompt 8", "decode at 16", "GFLOP/s", "GB/s", "KV cache", " · f32"):
            self.assertIn(expected, text)

    def test_what_does_not_fit_together_is_refused(self):
        for arguments in (["bench"], ["bench", MODEL, "--shape", "x"], ["bench", MODEL, "--layers", "2"],
                          ["bench", MODEL, "--sessions", "0"],
                          ["bench", MODEL, "--prompt", "5000"], ["bench", MODEL, "--prompt", "0"]):
            self.assertEqual(ottobit(*arguments).returncode, 2, arguments)

    def test_an_unknown_shape_names_the_known_ones(self):
        result = ottobit("bench", "--shape", "seed-oss-37b")
        self.assertEqual(result.returncode, 1)
        self.assertIn("seed-oss-36b", result.stderr.decode())


class Manners(unittest.TestCase):
    def test_errors_say_what_and_what_next(self):
        result = ottobit("run", "/no/such/folder", "-p", "x")
        self.assertEqual((result.returncode, result.stdout), (1, b""))
        self.assertTrue(result.stderr.startswith(b"ottobit: /no/such/folder"), result.stderr)

    def test_wrong_use_is_exit_code_2(self):
        for arguments in ([], ["run"], ["run", MODEL, "-p", ""], ["run", MODEL, "-p", "x", "--nonsense"],
                          ["run", MODEL, "-p", "x", "--set", "a"], ["run", MODEL, "-p", "x", "--set", "a=b"],
                          ["run", MODEL, "-p", "x", "--compute", "f64"], ["nonsense"]):
            result = ottobit(*arguments)
            self.assertEqual(result.returncode, 2, (arguments, result.stderr))
            self.assertTrue(result.stderr.startswith(b"ottobit: "), result.stderr)
            self.assertEqual(result.stdout, b"")

    def test_an_unknown_level_is_an_error(self):
        result = ottobit("run", MODEL, "-p", "x", "--isa", "quantum")
        self.assertEqual(result.returncode, 1)
        self.assertIn("quantum", result.stderr.decode())

    def test_text_that_is_not_utf8_is_an_error(self):
        result = subprocess.run([COMMAND, "run", MODEL, "-p", b"\xff\xfe"], capture_output=True,
                                timeout=TIMEOUT, check=False, stdin=subprocess.DEVNULL)
        self.assertEqual(result.returncode, 1)
        self.assertIn("UTF-8", result.stderr.decode())

    def test_help_has_examples_everywhere(self):
        for command in ("run", "chat", "inspect", "estimate", "tokenize", "bench"):
            result = ottobit(command, "--help")
            self.assertEqual(result.returncode, 0)
            self.assertIn(f"ottobit {command} MODEL", result.stdout.decode())
        self.assertIn("Examples:", ottobit("--help").stdout.decode())

    def test_version_names_the_levels(self):
        result = ottobit("--version")
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stdout.decode(), r"^ottobit \d+\.\d+")
        self.assertIn("baseline", result.stdout.decode())

    def test_a_closed_pipe_ends_the_command_quietly(self):
        process = subprocess.Popen([COMMAND, "run", MODEL, "-q", "-p", QUESTION], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
        process.stdout.close()
        process.stdout = None
        _, errors = process.communicate(timeout=TIMEOUT)
        self.assertNotEqual(process.returncode, 0)
        self.assertEqual(errors, b"")

    def test_a_full_disk_is_reported(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        with open("/dev/full", "wb") as full:
            result = subprocess.run([COMMAND, "run", MODEL, "-q", "-p", QUESTION], stdout=full,
                                    stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=TIMEOUT,
                                    check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"ottobit: standard output", result.stderr)


if __name__ == "__main__":
    unittest.main()
