// SPDX-License-Identifier: Apache-2.0
#include "told_wait.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>

#include "local_minute.h"
#include "state_file.h"
#include "sterna/base/bytes.h"
#include "sterna/imap/told_to_wait.h"

namespace sterna::account {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kName = "wait";
constexpr std::size_t kTextMax = 1024;
constexpr std::size_t kSaidMax = 300;
// A quarter more than a server may ask for: a clock may be put right meanwhile.
constexpr milliseconds kAheadMax = milliseconds(imap::kToldWaitMax) * 5 / 4;

}  // namespace

bool ToldWait::stands(std::int64_t now_ms) const {
  return until_ms > now_ms && until_ms - now_ms <= kAheadMax.count();
}

Result<std::optional<ToldWait>> read_told_wait(const Settings& settings) {
  STERNA_TRY(const auto text, read_state_file(settings, kName, kTextMax));
  if (!text) return std::optional<ToldWait>();
  const std::string_view first = std::string_view(*text).substr(0, text->find('\n'));
  const auto until = parse_number(trim(first), INT64_MAX);
  if (!until) {
    return fail(ErrorCode::corrupt,
                fmt::format("{} holds no time", state_file_path(settings, kName)));
  }
  const std::string_view second = trim(std::string_view(*text).substr(first.size()));
  return std::optional(ToldWait{static_cast<std::int64_t>(*until),
                                printable(second.substr(0, second.find('\n')), kSaidMax)});
}

Result<std::optional<ToldWait>> read_standing_wait(const Settings& settings, std::int64_t now_ms) {
  STERNA_TRY(auto wait, read_told_wait(settings));
  if (wait && !wait->stands(now_ms)) wait.reset();
  return wait;
}

Status write_told_wait(const Settings& settings, const ToldWait& wait) {
  const std::string text = fmt::format("{}\n{}\n", wait.until_ms, printable(wait.said, kSaidMax));
  return replace_state_file(settings, kName, text);
}

Status end_told_wait(const Settings& settings) {
  return remove_state_file(settings, kName);
}

Status leave_word(const Settings& settings, const Error& error, std::int64_t now_ms) {
  const auto told = imap::told_to_wait(error);
  if (!told) return {};
  return write_told_wait(settings, {now_ms + told->count(), error.message()});
}

Error error_of(const ToldWait& wait, const Settings& settings, std::int64_t now_ms) {
  const milliseconds left(std::max<std::int64_t>(wait.until_ms - now_ms, 1));
  // The words stay out of the message: a time that they name is not what is left.
  const std::string said = wait.said.empty() ? "" : fmt::format("it said \"{}\"; ", wait.said);
  return Error(ErrorCode::server_no,
               fmt::format("the server asked for time; try again in {} seconds, at {}",
                           std::chrono::ceil<seconds>(left).count(), local_minute(wait.until_ms)))
      .with_scope(ErrorScope::account)
      .with_disposition(Disposition::retry)
      .with_hint(fmt::format("{}to try now: sterna resume {}", said, settings.name));
}

}  // namespace sterna::account
