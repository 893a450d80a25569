// SPDX-License-Identifier: Apache-2.0
#include "progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
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

// From the longest on. The rate gives way first, the estimate last: it is what people look for.
std::vector<std::string> forms(const ProgressView& view, const std::string& barred,
                               const std::string& plain) {
  const std::string size = sizes(view, "/");
  std::string rate;
  if (view.octets_per_second)
    rate = human_bytes(static_cast<std::uint64_t>(*view.octets_per_second)) + "/s";
  const auto seconds = seconds_left(view);
  const std::string left = seconds ? duration_text(*seconds) + " left" : std::string();
  std::vector<std::string> texts;
  const auto add = [&texts](std::string text, std::initializer_list<std::string_view> parts) {
    for (const std::string_view part : parts) join(text, std::string(part));
    texts.push_back(std::move(text));
  };
  add(barred, {size, rate, left});
  add(barred, {size, left});
  if (seconds) {
    add(barred, {left});
    add(plain, {size, left});
    add(plain, {left});
    add(barred, {size});
  }
  add(barred, {});
  add(plain, {size});
  add(plain, {});
  return texts;
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
  const std::string plain = fmt::format("{} {}", line, counted);
  const std::string barred =
      view.expected.messages > 0 ? fmt::format("{} {} {}", line, bar(view), counted) : plain;
  for (const std::string& longer : forms(view, barred, plain)) {
    if (display_width(longer) <= columns) return longer;
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
