#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares token ids with those of the makers' library (pip install tokenizers) on random texts:
letters of every script and of the newest Unicode, spaces of every kind, numbers, signs, marks,
contractions, emoji, controls. A command of its own, for it needs that library:

  python3 tests/tokenizer_fuzz.py FOLDER_WITH_TOKENIZER_JSON ... [--texts 20000] [--seed 1]
"""
import argparse
import ctypes as C
import json
import os
import random
import shutil
import struct
import sys
import tempfile

import tokenizers

from library import NUL, PTR, call

HIDDEN, INNER = 16, 32
CONFIG = {"architectures": ["SeedOssForCausalLM"], "model_type": "seed_oss", "hidden_size": HIDDEN,
          "intermediate_size": INNER, "num_hidden_layers": 1, "num_attention_heads": 2,
          "num_key_value_heads": 1, "head_dim": 8, "max_position_embeddings": 64,
          "attention_out_bias": False, "attention_bias": False, "tie_word_embeddings": True}


def carrier(folder, vocab):
    """A model of zeros around a tokenizer: the C interface gives tokenizers with their models."""
    shapes = {"embed_tokens": [vocab, HIDDEN], "norm": [HIDDEN]}
    shapes.update({f"layers.0.{n}_layernorm": [HIDDEN] for n in ("input", "post_attention")})
    shapes.update({f"layers.0.self_attn.{n}_proj": s for n, s in (
        ("q", [16, HIDDEN]), ("k", [8, HIDDEN]), ("v", [8, HIDDEN]), ("o", [HIDDEN, 16]))})
    shapes.update({f"layers.0.mlp.{n}_proj": s for n, s in (
        ("gate", [INNER, HIDDEN]), ("up", [INNER, HIDDEN]), ("down", [HIDDEN, INNER]))})
    header, at = {}, 0
    for name, shape in shapes.items():
        size = 2 * shape[0] * (shape[1] if len(shape) > 1 else 1)
        header[f"model.{name}.weight"] = {"dtype": "BF16", "shape": shape,
                                          "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    with open(os.path.join(folder, "model.safetensors"), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + bytes(at))
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
        json.dump({**CONFIG, "vocab_size": vocab}, file)


# Code points from which a piece of a text is drawn.
RANGES = [(32, 126), (32, 126), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x52F), (0x590, 0x6FF),
          (0x900, 0xDFF), (0xE00, 0xFFF), (0x1100, 0x11FF), (0x1680, 0x1CFF), (0x1E00, 0x20CF),
          (0x2100, 0x2BFF), (0x3000, 0x30FF), (0x4E00, 0x9FFF), (0xA490, 0xABFF), (0xAC00, 0xD7A3),
          (0xF900, 0xFFFD), (0x10000, 0x12FFF), (0x13000, 0x14700), (0x16000, 0x18DFF),
          (0x1B000, 0x1BCAF), (0x1CC00, 0x1E7FF), (0x1E800, 0x1FBFF), (0x20000, 0x323AF),
          (0xE0001, 0xE01EF), (0xF0000, 0x10FFFF)]
PIECES = [" ", "  ", "   ", "\n", "\r\n", "\n\n ", "\t", "\u00a0", "\u180e", "\u3000", "\u2028",
          "\u0085", "\u200b", "\ufeff", "'s", "'T", "'re", "'VE", "\u2019ll", "'\u017f", "'d", "'lL",
          "_", "__", "/", "\\", "...", "!?", "```", "1", "12", "1234567890", "\u00b2", "\u2167",
          "a\u0301", "e\u0323\u0307", "\u1100\u1161\u11a8", "\u0338", "\ufb01", "hello", "World", "THE",
          "caf\u00e9", "na\u00efve", "\u0130", "\u00df", "\u4f60\u597d", "\u3053\u3093", "\U0001f600",
          "\U0001f469\u200d\U0001f4bb", "\U0001f1e9\U0001f1ea", "\x00", "\x1f", "\x7f"]


def text_of(rng):
    parts = []
    for _ in range(rng.randint(1, 12)):
        if rng.random() < 0.5:
            parts.append(rng.choice(PIECES))
        else:
            low, high = rng.choice(RANGES)
            codes = [rng.randint(low, high) for _ in range(rng.randint(1, 5))]
            parts.append("".join(chr(c) for c in codes if not 0xD800 <= c < 0xE000))
    return "".join(parts)


def compare(source, texts, seed):
    """How many of the texts differ; the first few are printed."""
    theirs = tokenizers.Tokenizer.from_file(os.path.join(source, "tokenizer.json"))
    folder = tempfile.mkdtemp()
    runtime, model = PTR(), PTR()
    try:
        for name in ("tokenizer.json", "tokenizer_config.json"):
            if os.path.exists(os.path.join(source, name)):
                shutil.copy(os.path.join(source, name), folder)
        carrier(folder, 1 + max(theirs.get_vocab(True).values()))
        call("runtime_create", None, C.byref(runtime))
        call("model_open", runtime, folder.encode(), NUL, None, C.byref(model))
        rng, ids, n, bad = random.Random(seed), (C.c_int32 * 4096)(), C.c_size_t(), 0
        for _ in range(texts):
            text = text_of(rng)
            data = text.encode()
            call("tokenize", model, data, C.c_size_t(len(data)), C.c_uint32(0), ids,
                 C.c_size_t(4096), C.byref(n))
            expected = theirs.encode(text, add_special_tokens=False).ids
            if ids[:n.value] != expected:
                bad += 1
                if bad <= 5:
                    print(f"  {text!r}: {ids[:n.value]} for {expected}")
        return bad
    finally:
        shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--texts", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    failed = False
    for folder in options.folders:
        bad = compare(folder, options.texts, options.seed)
        failed = failed or bad > 0
        print(f"{folder}: {bad} of {options.texts} texts differ", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
