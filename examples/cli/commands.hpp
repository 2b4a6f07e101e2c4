// SPDX-License-Identifier: Apache-2.0
// The commands. Each adds itself to the program with its options and examples; what it does runs as
// the callback of its subcommand and leaves the exit code in `exit_code`.
#pragma once

#include <CLI/CLI.hpp>

namespace ottobit::cli {

inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;

void add_run_command(CLI::App& program, int& exit_code);
void add_chat_command(CLI::App& program, int& exit_code);
void add_inspect_command(CLI::App& program, int& exit_code);
void add_estimate_command(CLI::App& program, int& exit_code);
void add_tokenize_command(CLI::App& program, int& exit_code);
void add_perplexity_command(CLI::App& program, int& exit_code);
void add_bench_command(CLI::App& program, int& exit_code);

}  // namespace ottobit::cli
