// SPDX-License-Identifier: Apache-2.0
#include "progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "sterna/base/bytes.h"
#include "times.h"
#include "width.h"

namespace sterna::cli {
namespace {

constexpr std::chrono::seconds kRateWindow{8};
constexpr std::chrono::milliseconds kSampleEvery{100};
constexpr std::chrono::milliseconds kRateFrom{500};
constexpr std::size_t kBarColumns = 20;
// The label gives way to the figures, down to this.
constexpr std::size_t kLabelColumnsMax = 40;

double share_done(const ProgressView& view) {
  // Sizes say more than counts; expectations may come late, so a share never exceeds the whole.
  const bool by_octets = view.expected.octets > 0;
  const auto done = static_cast<double>(by_octets ? view.done.octets : view.done.messages);
  const auto whole = static_cast<double>(by_octets ? view.expected.octets : view.expected.messages);
  return whole <= 0 ? 0 : std::min(1.0, done / whole);
}

std::string bar(const ProgressView& view) {
  const auto filled = static_cast<std::size_t>(share_done(view) * static_cast<double>(kBarColumns));
  return "[" + std::string(filled, '#') + std::string(kBarColumns - filled, '-') + "]";
}

std::string figures(const ProgressView& view, std::string_view of) {
  std::string text;
  if (view.expected.messages > 0) {
    text = fmt::format("{}{}{} messages", view.done.messages, of,
                       std::max(view.expected.messages, view.done.messages));
  } else if (view.done.messages > 0) {
    text = fmt::format("{} messages", view.done.messages);
  }
  return text;
}

std::string sizes(const ProgressView& view, std::string_view of) {
  if (view.expected.octets == 0)
    return view.done.octets > 0 ? human_bytes(view.done.octets) : std::string();
  return fmt::format("{}{}{}", human_bytes(view.done.octets), of,
                     human_bytes(std::max(view.expected.octets, view.done.octets)));
}

void join(std::string& line, const std::string& part) {
  if (!part.empty()) line += ", " + part;
}

}  // namespace

void RateMeter::add(std::chrono::nanoseconds now, std::uint64_t total) {
  if (!samples_.empty() && now - samples_.back().at < kSampleEvery) return;
  samples_.push_back({now, total});
  while (now - samples_.front().at > kRateWindow) samples_.pop_front();
}

std::optional<double> RateMeter::rate() const {
  if (samples_.empty()) return std::nullopt;
  const std::chrono::nanoseconds span = samples_.back().at - samples_.front().at;
  if (span < kRateFrom) return std::nullopt;
  const auto grown = static_cast<double>(samples_.back().total - samples_.front().total);
  return grown / std::chrono::duration<double>(span).count();
}

std::optional<double> seconds_left(const ProgressView& view) {
  const bool by_octets = view.expected.octets > 0;
  const std::uint64_t whole = by_octets ? view.expected.octets : view.expected.messages;
  const std::uint64_t done = by_octets ? view.done.octets : view.done.messages;
  const std::optional<double> rate = by_octets ? view.octets_per_second : view.messages_per_second;
  if (whole <= done || !rate || *rate <= 0) return std::nullopt;
  return static_cast<double>(whole - done) / *rate;
}

std::string progress_line(const ProgressView& view, std::size_t columns) {
  std::string line = fit(view.label, std::min(columns, kLabelColumnsMax));
  const std::string counted = figures(view, "/");
  if (counted.empty()) return line;
  const bool has_bar = view.expected.messages > 0;
  const std::string with_bar = has_bar ? fmt::format("{} {} {}", line, bar(view), counted) : "";
  const std::string without_bar = fmt::format("{} {}", line, counted);
  if (has_bar && display_width(with_bar) <= columns) {
    line = with_bar;
  } else if (display_width(without_bar) <= columns) {
    line = without_bar;
  } else {
    return line;
  }
  std::vector<std::string> rest = {sizes(view, "/")};
  if (view.octets_per_second)
    rest.push_back(human_bytes(static_cast<std::uint64_t>(*view.octets_per_second)) + "/s");
  if (const auto left = seconds_left(view)) rest.push_back(duration_text(*left) + " left");
  for (const std::string& part : rest) {
    std::string longer = line;
    join(longer, part);
    if (display_width(longer) > columns) break;
    line = std::move(longer);
  }
  return line;
}

std::string progress_words(const ProgressView& view) {
  std::string line = view.label;
  const std::string counted = figures(view, " of ");
  if (counted.empty()) return line;
  line += ": " + counted;
  join(line, sizes(view, " of "));
  return line;
}

}  // namespace sterna::cli
