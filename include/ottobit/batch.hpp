// SPDX-License-Identifier: Apache-2.0
// Batch: generations of several sessions of one model that go on side by side. One pass over the
// weights serves them all, and each gets the same tokens, to the last bit, that it would get alone.
// Belongs to one thread together with them; they must outlive their stay.
#pragma once

#include <exception>
#include <memory>
#include <span>

#include "ottobit/generate.hpp"
#include "ottobit/model.hpp"

namespace ottobit {

/// What a step brought for one generation.
struct BatchEvent {
  Generation* generation = nullptr;
  GenerationEvent event;     ///< its next event
  std::exception_ptr error;  ///< or why there is none
};

class Batch {
 public:
  explicit Batch(std::shared_ptr<const Model> model);
  ~Batch();
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  /// Error{argument} for a generation of another model, or for a session that is here already.
  void add(Generation& generation);
  /// Without effect on one that is not here.
  void remove(const Generation& generation) noexcept;
  [[nodiscard]] std::size_t size() const noexcept;

  /// Computes a token of each session, and a micro batch of the first that still has a prompt to
  /// read (Session::push). Gives an event of each but those whose prompts are not read yet; views
  /// live until the next call. A generation leaves after its last event, or its error; a step that
  /// throws changed nothing.
  ///
  /// A generation's own `cancelled` is asked before the step, and during it where no other
  /// generation shares the computation.
  [[nodiscard]] std::span<const BatchEvent> step();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ottobit
