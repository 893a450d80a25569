// SPDX-License-Identifier: Apache-2.0
#include "sterna/imap/told_to_wait.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "sterna/base/bytes.h"

namespace sterna::imap {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

struct Phrase {
  std::string_view words;  // lower case
  milliseconds usual;      // how long to wait where no time is named
};

// Gmail, Exchange, Yahoo and others (docs/imap.md).
constexpr std::array kLimits = {
    Phrase{"command or bandwidth limits", hours(1)},
    Phrase{"bandwidth limit", hours(1)},
    Phrase{"simultaneous connections", minutes(5)},
    Phrase{"maximum number of connections", minutes(5)},
    Phrase{"too many connections", minutes(5)},
    Phrase{"authenticated but not connected", seconds(30)},
    Phrase{"suggested backoff time", seconds(30)},
    Phrase{"request is throttled", minutes(1)},
    Phrase{" rate limit", minutes(1)},
    Phrase{"too many requests", minutes(1)},
};
// Exchange says the first of one message, too.
constexpr std::array kPassing = {
    Phrase{"server unavailable", seconds(30)}, Phrase{"again later", seconds(30)},
    Phrase{"again in ", seconds(30)},          Phrase{"try later", seconds(30)},
    Phrase{"temporar", seconds(30)},           Phrase{"maintenance", minutes(2)},
    Phrase{"too many login", minutes(5)},      Phrase{"too many failed", minutes(5)},
};
constexpr milliseconds kUsual = seconds(30);

struct Unit {
  std::string_view name;
  milliseconds length;
};
// The first that a word begins with.
constexpr std::array kUnits = {
    Unit{"milli", milliseconds(1)}, Unit{"ms", milliseconds(1)}, Unit{"sec", seconds(1)},
    Unit{"min", minutes(1)},        Unit{"hour", hours(1)},
};
// What stands before a time.
constexpr std::array<std::string_view, 6> kBeforeTime = {
    "backoff time:", "again in ", "again after ", "retry in ", "retry after ", "wait "};

const Phrase* find_in(std::span<const Phrase> phrases, std::string_view lower) {
  const auto found = std::ranges::find_if(phrases, [&](const Phrase& phrase) {
    return lower.find(phrase.words) != std::string_view::npos;
  });
  return found == phrases.end() ? nullptr : &*found;
}

const Phrase* find_any(std::string_view lower) {
  const Phrase* limit = find_in(kLimits, lower);
  return limit ? limit : find_in(kPassing, lower);
}

// "92415 milliseconds". A number without a unit that is known says nothing.
std::optional<milliseconds> parse_length(std::string_view text) {
  text = trim(text);
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits == 0) return std::nullopt;
  const std::string_view word = trim(text.substr(digits));
  const auto unit =
      std::ranges::find_if(kUnits, [&](const Unit& one) { return word.starts_with(one.name); });
  if (unit == kUnits.end()) return std::nullopt;
  const auto most = static_cast<std::uint64_t>(milliseconds(kToldWaitMax) / unit->length);
  const auto number = parse_number(text.substr(0, digits), most);
  return number ? unit->length * static_cast<std::int64_t>(*number) : milliseconds(kToldWaitMax);
}

}  // namespace

bool tells_of_limit(std::string_view text) {
  return find_in(kLimits, ascii_lower(text)) != nullptr;
}

bool says_later(std::string_view text) {
  return find_any(ascii_lower(text)) != nullptr;
}

std::optional<milliseconds> named_wait(std::string_view text) {
  const std::string lower = ascii_lower(text);
  for (const std::string_view before : kBeforeTime) {
    const std::size_t at = lower.find(before);
    if (at == std::string::npos) continue;
    if (const auto time = parse_length(std::string_view(lower).substr(at + before.size()))) {
      return time;
    }
  }
  return std::nullopt;
}

std::optional<milliseconds> told_to_wait(const Error& error) {
  const std::string lower = ascii_lower(error.message());
  const Phrase* phrase = find_any(lower);
  const bool refused = error.is(ErrorCode::server_no) || error.is(ErrorCode::server_bad);
  const bool of_account =
      error.scope() == ErrorScope::account && error.disposition() == Disposition::retry;
  // A line that was cut says nothing; a BYE may.
  const bool told = (refused && of_account) || (error.is(ErrorCode::disconnected) && phrase);
  if (!told) return std::nullopt;
  if (const auto named = named_wait(lower)) return std::max<milliseconds>(*named, seconds(1));
  return phrase ? phrase->usual : kUsual;
}

}  // namespace sterna::imap
