// SPDX-License-Identifier: Apache-2.0
// The formats of strings that JSON schemas name, as regular expressions. Each describes texts that
// every validator takes for the format, not all there are.
#pragma once

#include <string_view>

namespace ottobit::grammar {

/// Empty for a format that is not known.
[[nodiscard]] constexpr std::string_view format_pattern(std::string_view format) noexcept {
  // The 29th of February: years that 4 divides, of the full centuries those that 400 divides.
  constexpr std::string_view kDate =
      "[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|"
      "02-(0[1-9]|1[0-9]|2[0-8]))|"
      "([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29";
  constexpr std::string_view kTime =
      "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?"
      "(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])";
  constexpr std::string_view kDateTime =
      "([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|"
      "02-(0[1-9]|1[0-9]|2[0-8]))|"
      "([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29)T"
      "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?"
      "(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])";
  constexpr std::string_view kUuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
  constexpr std::string_view kIpv4 =
      "((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\\.){3}"
      "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
  constexpr std::string_view kEmail =
      "[A-Za-z0-9_+-]+(\\.[A-Za-z0-9_+-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+"
      "[A-Za-z]{2,24}";
  constexpr std::string_view kHostname =
      "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
      "(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?){0,3}";
  constexpr std::string_view kUri =
      "[a-z][a-z0-9+.-]{1,20}://[A-Za-z0-9._~-]+(:[0-9]{1,4})?"
      "(/([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-F]{2})*)*"
      "(\\?([A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-F]{2})*)?"
      "(#([A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-F]{2})*)?";
  return format == "date"        ? kDate
         : format == "time"      ? kTime
         : format == "date-time" ? kDateTime
         : format == "uuid"      ? kUuid
         : format == "ipv4"      ? kIpv4
         : format == "email"     ? kEmail
         : format == "hostname"  ? kHostname
         : format == "uri"       ? kUri
                                 : std::string_view();
}

}  // namespace ottobit::grammar
