// SPDX-License-Identifier: Apache-2.0
// Reading ISO 8601 and writing strftime formats without the C library's locale.
#include "jinja/clock.hpp"

#include <array>
#include <cstdint>
#include <ctime>

#include "jinja/text.hpp"

namespace ottobit::jinja {

namespace {

constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<int, 12> kDaysBefore = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
constexpr std::array<int, 12> kDaysIn = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

bool is_leap(int year) noexcept {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

// Reads exactly `digits` digits.
bool take_number(std::string_view& text, std::size_t digits, int& out) noexcept {
  if (text.size() < digits) {
    return false;
  }
  out = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (!is_digit(text[i])) {
      return false;
    }
    out = out * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, char c) noexcept {
  if (text.empty() || text.front() != c) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

bool take_fraction(std::string_view& text, int& microsecond) noexcept {
  if (text.empty() || !is_digit(text.front())) {
    return false;
  }
  int scale = 100000;
  while (!text.empty() && is_digit(text.front())) {
    microsecond += scale * (text.front() - '0');
    scale /= 10;
    text.remove_prefix(1);
  }
  return true;
}

bool take_clock(std::string_view& text, LocalTime& t) noexcept {
  if (!take_number(text, 2, t.hour) || !take(text, ':') || !take_number(text, 2, t.minute)) {
    return false;
  }
  if (take(text, ':')) {
    if (!take_number(text, 2, t.second)) {
      return false;
    }
    if (take(text, '.') && !take_fraction(text, t.microsecond)) {
      return false;
    }
  }
  return t.hour < 24 && t.minute < 60 && t.second < 60;
}

bool take_zone(std::string_view& text, LocalTime& t) noexcept {
  if (text.empty()) {
    return true;
  }
  if (take(text, 'Z')) {
    t.utc_offset = 0;
    return true;
  }
  const int sign = text.front() == '-' ? -1 : 1;
  if (!take(text, '+') && !take(text, '-')) {
    return false;
  }
  int hours = 0;
  int minutes = 0;
  if (!take_number(text, 2, hours)) {
    return false;
  }
  take(text, ':');
  if (!text.empty() && !take_number(text, 2, minutes)) {
    return false;
  }
  t.utc_offset = sign * (hours * 3600 + minutes * 60);
  return hours < 24 && minutes < 60;
}

std::string padded(int value, std::size_t width, char fill = '0') {
  std::string digits = std::to_string(value);
  return digits.size() < width ? std::string(width - digits.size(), fill) + digits : digits;
}

// ISO 8601 week and the year it belongs to.
struct IsoWeek {
  int year;
  int week;
};

int weeks_in(int year) noexcept {
  const LocalTime last{.year = year, .month = 12, .day = 31};
  const LocalTime first{.year = year};
  return last.weekday() == 4 || first.weekday() == 4 ? 53 : 52;
}

IsoWeek iso_week(const LocalTime& t) noexcept {
  const int weekday = t.weekday() == 0 ? 7 : t.weekday();
  const int week = (t.day_of_year() + 1 - weekday + 10) / 7;
  if (week < 1) {
    return {t.year - 1, weeks_in(t.year - 1)};
  }
  if (week > weeks_in(t.year)) {
    return {t.year + 1, 1};
  }
  return {t.year, week};
}

std::string zone_offset(const LocalTime& t) {
  if (!t.utc_offset.has_value()) {
    return "";
  }
  const int minutes = (*t.utc_offset < 0 ? -*t.utc_offset : *t.utc_offset) / 60;
  return (*t.utc_offset < 0 ? "-" : "+") + padded(minutes / 60, 2) + padded(minutes % 60, 2);
}

std::string number(int value, std::size_t width, char natural, bool plain) {
  return plain ? std::to_string(value) : padded(value, width, natural);
}

std::string date_part(const LocalTime& t, char directive, bool plain) {
  switch (directive) {
    case 'Y':
      return number(t.year, 4, '0', plain);
    case 'y':
      return number(t.year % 100, 2, '0', plain);
    case 'C':
      return number(t.year / 100, 2, '0', plain);
    case 'm':
      return number(t.month, 2, '0', plain);
    case 'd':
      return number(t.day, 2, '0', plain);
    case 'e':
      return number(t.day, 2, ' ', plain);
    case 'j':
      return number(t.day_of_year() + 1, 3, '0', plain);
    case 'w':
      return std::to_string(t.weekday());
    case 'u':
      return std::to_string(t.weekday() == 0 ? 7 : t.weekday());
    case 'U':
      return number((t.day_of_year() + 7 - t.weekday()) / 7, 2, '0', plain);
    case 'W':
      return number((t.day_of_year() + 7 - (t.weekday() + 6) % 7) / 7, 2, '0', plain);
    case 'G':
      return number(iso_week(t).year, 4, '0', plain);
    case 'V':
      return number(iso_week(t).week, 2, '0', plain);
    case 'B':
      return std::string(kMonths[static_cast<std::size_t>(t.month - 1)]);
    case 'b':
    case 'h':
      return std::string(kMonths[static_cast<std::size_t>(t.month - 1)].substr(0, 3));
    case 'A':
      return std::string(kDays[static_cast<std::size_t>(t.weekday())]);
    case 'a':
      return std::string(kDays[static_cast<std::size_t>(t.weekday())].substr(0, 3));
    default:
      break;
  }
  raise(std::string("strftime_now: unknown directive '%") + directive + "'");
}

std::string time_part(const LocalTime& t, char directive, bool plain) {
  const int hour12 = t.hour % 12 == 0 ? 12 : t.hour % 12;
  switch (directive) {
    case 'H':
      return number(t.hour, 2, '0', plain);
    case 'k':
      return number(t.hour, 2, ' ', plain);
    case 'I':
      return number(hour12, 2, '0', plain);
    case 'l':
      return number(hour12, 2, ' ', plain);
    case 'M':
      return number(t.minute, 2, '0', plain);
    case 'S':
      return number(t.second, 2, '0', plain);
    case 'f':
      return padded(t.microsecond, 6);
    case 'p':
      return t.hour < 12 ? "AM" : "PM";
    case 'P':
      return t.hour < 12 ? "am" : "pm";
    case 'z':
      return zone_offset(t);
    case 'Z':
      return "";
    case 'n':
      return "\n";
    case 't':
      return "\t";
    case '%':
      return "%";
    default:
      return date_part(t, directive, plain);
  }
}

// Directives that stand for a format.
std::string_view composite(char directive) noexcept {
  switch (directive) {
    case 'c':
      return "%a %b %e %H:%M:%S %Y";
    case 'x':
    case 'D':
      return "%m/%d/%y";
    case 'X':
    case 'T':
      return "%H:%M:%S";
    case 'F':
      return "%Y-%m-%d";
    case 'R':
      return "%H:%M";
    case 'r':
      return "%I:%M:%S %p";
    default:
      return {};
  }
}

}  // namespace

int LocalTime::day_of_year() const noexcept {
  return kDaysBefore[static_cast<std::size_t>(month - 1)] + day - 1 +
         (month > 2 && is_leap(year) ? 1 : 0);
}

int LocalTime::weekday() const noexcept {
  const int years = year - 1;
  return (years * 365 + years / 4 - years / 100 + years / 400 + day_of_year() + 1) % 7;
}

std::optional<LocalTime> parse_iso_time(std::string_view text) noexcept {
  LocalTime t;
  if (!take_number(text, 4, t.year) || !take(text, '-') || !take_number(text, 2, t.month) ||
      !take(text, '-') || !take_number(text, 2, t.day)) {
    return std::nullopt;
  }
  if (t.year < 1 || t.month < 1 || t.month > 12) {
    return std::nullopt;
  }
  const int days =
      kDaysIn[static_cast<std::size_t>(t.month - 1)] + (t.month == 2 && is_leap(t.year) ? 1 : 0);
  if (t.day < 1 || t.day > days) {
    return std::nullopt;
  }
  if (!text.empty()) {
    if (!take(text, 'T') && !take(text, ' ')) {
      return std::nullopt;
    }
    if (!take_clock(text, t) || !take_zone(text, t) || !text.empty()) {
      return std::nullopt;
    }
  }
  return t;
}

LocalTime local_time_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
#if defined(_WIN32)
  if (localtime_s(&parts, &now) != 0) {
    raise("strftime_now: the clock gives no local time");
  }
#else
  if (localtime_r(&now, &parts) == nullptr) {
    raise("strftime_now: the clock gives no local time");
  }
#endif
  LocalTime t;
  t.year = parts.tm_year + 1900;
  t.month = parts.tm_mon + 1;
  t.day = parts.tm_mday;
  t.hour = parts.tm_hour;
  t.minute = parts.tm_min;
  t.second = parts.tm_sec;
  return t;
}

std::string format_time(const LocalTime& time, std::string_view format) {
  std::string out;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      out.push_back(format[i]);
      continue;
    }
    ++i;
    const bool plain = (format[i] == '-' || format[i] == '#') && i + 1 < format.size();
    i += plain ? 1 : 0;
    const std::string_view parts = composite(format[i]);
    out += parts.empty() ? time_part(time, format[i], plain) : format_time(time, parts);
    if (out.size() > kMaxTextBytes) {
      raise("a text is longer than 64 MiB");
    }
  }
  return out;
}

}  // namespace ottobit::jinja
