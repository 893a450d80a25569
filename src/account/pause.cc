// SPDX-License-Identifier: Apache-2.0
// A file of its own, not a row of the base: it is read and written while somebody else has the
// state.
#include "sterna/account/pause.h"

#include <fmt/format.h>

#include <string_view>

#include "state_file.h"
#include "sterna/base/bytes.h"
#include "told_wait.h"

namespace sterna::account {
namespace {

constexpr std::string_view kName = "pause";
constexpr std::size_t kTextMax = 64;

}  // namespace

Result<std::optional<Pause>> read_pause(const Settings& settings, std::int64_t now_ms) {
  STERNA_TRY(const auto text, read_state_file(settings, kName, kTextMax));
  if (!text) return std::optional<Pause>();
  const auto until = parse_number(trim(*text), INT64_MAX);
  if (!until) {
    return fail(
        Error(ErrorCode::corrupt, fmt::format("{} holds no time", state_file_path(settings, kName)))
            .with_hint(fmt::format("sterna resume {}", settings.name))
            .with_context("account " + settings.name));
  }
  const Pause pause{static_cast<std::int64_t>(*until)};
  if (pause.until_ms != 0 && pause.until_ms <= now_ms) return std::optional<Pause>();
  return std::optional(pause);
}

Status write_pause(const Settings& settings, const std::optional<Pause>& pause) {
  if (!pause) return remove_state_file(settings, kName);
  return replace_state_file(settings, kName, fmt::format("{}\n", pause->until_ms));
}

Status end_pause_and_wait(const Settings& settings) {
  STERNA_CHECK(write_pause(settings, std::nullopt));
  return end_told_wait(settings);
}

}  // namespace sterna::account
