// SPDX-License-Identifier: Apache-2.0
// A generation of a session and what its last event points to: of a stream, or of a batch.
#pragma once

#include <vector>

#include "ottobit/generate.hpp"

#include "handles.hpp"

struct ottobit_stream {
  /// Reads the options as ottobit_stream_start has them.
  ottobit_stream(ottobit_session& owner, const ottobit_generate_options* o);

  /// The next event into `event`, all but its struct_size; false if there is none.
  [[nodiscard]] bool next(ottobit_event& event);
  /// An event of the generation likewise.
  void write(const ottobit::GenerationEvent& step, ottobit_event& event);

  ottobit::capi::Ref<ottobit_session> session;
  ottobit::capi::Ref<ottobit_cancel> cancel;
  ottobit::Generation generation;
  std::vector<std::int32_t> top_ids;
  std::vector<float> top_logprobs;
  bool ended = false;  // by a failure

 private:
  ottobit_stream(ottobit_session& owner, const ottobit_generate_options& o);
};
