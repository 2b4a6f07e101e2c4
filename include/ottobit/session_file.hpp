// SPDX-License-Identifier: Apache-2.0
// Sessions in files. Restored, a session goes on with the same bits as one that never stopped.
#pragma once

#include <filesystem>

#include "ottobit/session.hpp"
#include "ottobit/watch.hpp"

namespace ottobit {

/// Writes the session's state to `path`. A file that is there is replaced at the end, by the whole
/// new one: a failure or a crash leaves it as it was. Error{io}, Error{cancelled}.
void save_session(Session& session, const std::filesystem::path& path,
                  const Progress& progress = {});

/// The session becomes what was saved. Error{io}: no such file; Error{state}: not of this model,
/// longer than this session's context, damaged, ...; Error{cancelled}: the session is empty, unless
/// it failed before: then it is what it was.
void restore_session(Session& session, const std::filesystem::path& path,
                     const Progress& progress = {});

}  // namespace ottobit
