// SPDX-License-Identifier: Apache-2.0
// Sessions that live on: copied, saved, restored.
#include <span>

#include "ottobit/session_file.hpp"

#include "options.hpp"

using namespace ottobit::capi;  // NOLINT(google-build-using-namespace): the functions are global

namespace {

/// The body of the four functions: work(session, progress).
template <class Work>
ottobit_status with_session(ottobit_session* s, const ProgressReport& report, ottobit_error** err,
                            const Work& work) {
  return guard(err, [&] {
    ottobit_session& session = required(s, "session");
    const SessionUse use(session);
    report.check_start();
    work(session.session, report.progress());
    return OTTOBIT_OK;
  });
}

std::filesystem::path file_in(const char* path, std::size_t length) {
  std::filesystem::path file = path_in(path, length);
  OTTOBIT_CHECK(!file.empty(), ottobit::ErrorCode::argument, "path", "is empty");
  return file;
}

void check_answer(std::int32_t answer, const char* what) {
  OTTOBIT_CHECK(answer == 0, ottobit::ErrorCode::callback, what,
                "the host's function returned " + std::to_string(answer));
}

}  // namespace

ottobit_status ottobit_session_fork(ottobit_session* s, ottobit_session** out,
                                    ottobit_error** err) {
  return guard(err, [&] {
    ottobit_session*& result = required_out(out);
    ottobit_session& session = required(s, "session");
    const SessionUse use(session);
    result = std::make_unique<ottobit_session>(session, ottobit::ForkOf{session.session}).release();
    return OTTOBIT_OK;
  });
}

ottobit_status ottobit_session_save(ottobit_session* s, const char* path, size_t path_len,
                                    ottobit_cancel* c, ottobit_progress_fn progress, void* user,
                                    ottobit_error** err) {
  return with_session(s, {OTTOBIT_PHASE_SAVE, c, progress, user}, err,
                      [&](ottobit::Session& session, const ottobit::Progress& watch) {
                        ottobit::save_session(session, file_in(path, path_len), watch);
                      });
}

ottobit_status ottobit_session_restore(ottobit_session* s, const char* path, size_t path_len,
                                       ottobit_cancel* c, ottobit_progress_fn progress, void* user,
                                       ottobit_error** err) {
  return with_session(s, {OTTOBIT_PHASE_RESTORE, c, progress, user}, err,
                      [&](ottobit::Session& session, const ottobit::Progress& watch) {
                        ottobit::restore_session(session, file_in(path, path_len), watch);
                      });
}

ottobit_status ottobit_session_save_to(ottobit_session* s, ottobit_write_fn write, void* write_user,
                                       ottobit_cancel* c, ottobit_progress_fn progress, void* user,
                                       ottobit_error** err) {
  return with_session(s, {OTTOBIT_PHASE_SAVE, c, progress, user}, err,
                      [&](ottobit::Session& session, const ottobit::Progress& watch) {
                        OTTOBIT_CHECK(write != nullptr, ottobit::ErrorCode::argument, "write",
                                      "is NULL");
                        session.save(
                            [&](std::span<const std::byte> bytes) {
                              check_answer(write(bytes.data(), bytes.size(), write_user), "write");
                            },
                            watch);
                      });
}

ottobit_status ottobit_session_restore_from(ottobit_session* s, ottobit_read_fn read,
                                            void* read_user, ottobit_cancel* c,
                                            ottobit_progress_fn progress, void* user,
                                            ottobit_error** err) {
  return with_session(s, {OTTOBIT_PHASE_RESTORE, c, progress, user}, err,
                      [&](ottobit::Session& session, const ottobit::Progress& watch) {
                        OTTOBIT_CHECK(read != nullptr, ottobit::ErrorCode::argument, "read",
                                      "is NULL");
                        session.restore(
                            [&](std::span<std::byte> bytes) {
                              check_answer(read(bytes.data(), bytes.size(), read_user), "read");
                            },
                            "saved session", watch);
                      });
}

ottobit_status ottobit_session_state_size(ottobit_session* s, uint64_t* bytes,
                                          ottobit_error** err) {
  return guard(err, [&] {
    ottobit_session& session = required(s, "session");
    OTTOBIT_CHECK(bytes != nullptr, ottobit::ErrorCode::argument, "bytes", "is NULL");
    const SessionUse use(session);
    *bytes = session.session.saved_bytes();
    return OTTOBIT_OK;
  });
}
