// SPDX-License-Identifier: Apache-2.0
// Umbrella for applications written in C++: open a model, make a session, sample, turn tokens into
// text. Kernel code includes the headers it needs instead, and other languages use ottobit.h.
#pragma once

#include "ottobit/batch.hpp"
#include "ottobit/chat_parser.hpp"
#include "ottobit/error.hpp"
#include "ottobit/generate.hpp"
#include "ottobit/grammar.hpp"
#include "ottobit/model.hpp"
#include "ottobit/sampler.hpp"
#include "ottobit/session.hpp"
#include "ottobit/tokenizer.hpp"
#include "ottobit/version.hpp"
