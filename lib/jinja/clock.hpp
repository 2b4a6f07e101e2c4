// SPDX-License-Identifier: Apache-2.0
// The date templates print: a local time read from text or from the clock, written by strftime's
// rules with English names whatever the process locale is.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ottobit::jinja {

/// A local time. Weekday (0 = Sunday) and day of the year (0 = first of January) follow from the
/// date.
struct LocalTime {
  int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0, microsecond = 0;
  /// Offset from UTC in seconds where the text gives one.
  std::optional<int> utc_offset;

  [[nodiscard]] int weekday() const noexcept;
  [[nodiscard]] int day_of_year() const noexcept;
};

/// Reads "2026-01-15", "2026-01-15T12:00", "...:30", "...:30.25", each with an optional "Z" or
/// "+01:00"; nullopt for anything else or for a date that does not exist.
std::optional<LocalTime> parse_iso_time(std::string_view text) noexcept;

/// The clock, in the process's time zone. Safe from any thread.
LocalTime local_time_now();

/// Python's datetime.strftime in the C locale. Raises RenderError on an unknown directive.
std::string format_time(const LocalTime& time, std::string_view format);

}  // namespace ottobit::jinja
