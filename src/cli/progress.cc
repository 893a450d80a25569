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

// What gives way to the figures, from the widest on: the bar, then the label.
struct Shape {
  std::size_t label_columns;
  std::size_t bar_columns;  // 0: none
};
constexpr Shape kShapes[] = {{40, 20}, {40, 8}, {40, 0}, {24, 8}, {24, 0}};

double share_done(const ProgressView& view) {
  // Sizes say more than counts; expectations may come late, so a share never exceeds the whole.
  const bool by_octets = view.expected.octets > 0;
  const auto done = static_cast<double>(by_octets ? view.done.octets : view.done.messages);
  const auto whole = static_cast<double>(by_octets ? view.expected.octets : view.expected.messages);
  return whole <= 0 ? 0 : std::min(1.0, done / whole);
}

std::string bar(const ProgressView& view, std::size_t columns) {
  const auto filled = static_cast<std::size_t>(share_done(view) * static_cast<double>(columns));
  return "[" + std::string(filled, '#') + std::string(columns - filled, '-') + "]";
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

// What is said behind the messages, from all of it on. The octets give way first, the estimate
// last: it is what people look for.
std::vector<std::string> endings(const ProgressView& view) {
  std::string rate;
  if (view.octets_per_second)
    rate = human_bytes(static_cast<std::uint64_t>(*view.octets_per_second)) + "/s";
  const auto seconds = seconds_left(view);
  const std::string left = seconds ? duration_text(*seconds) + " left" : std::string();
  std::vector<std::string> texts;
  const auto add = [&texts](std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const std::string_view part : parts) join(text, std::string(part));
    texts.push_back(std::move(text));
  };
  add({sizes(view, "/"), rate, left});
  add({rate, left});
  add({left});
  add({});
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
  const std::string counted = figures(view, "/");
  const std::size_t label_max = std::min(columns, kShapes[0].label_columns);
  if (counted.empty()) return fit(view.label, label_max);
  const bool has_bar = view.expected.messages > 0;
  for (const std::string& ending : endings(view)) {
    for (const Shape& shape : kShapes) {
      std::string line = fit(view.label, shape.label_columns) + " ";
      if (has_bar && shape.bar_columns > 0) line += bar(view, shape.bar_columns) + " ";
      line += counted + ending;
      if (display_width(line) <= columns) return line;
    }
  }
  return fit(view.label, label_max);
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
