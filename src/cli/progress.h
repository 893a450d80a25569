// SPDX-License-Identifier: Apache-2.0
// Progress as figures and as one line of text. Pure: no terminal, no clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace sterna::cli {

struct Figures {
  std::uint64_t messages = 0;
  std::uint64_t octets = 0;
  Figures& operator+=(const Figures& other) {
    messages += other.messages;
    octets += other.octets;
    return *this;
  }
};

// How fast a growing figure grew of late.
class RateMeter {
 public:
  // `total` never shrinks, `now` neither.
  void add(std::chrono::nanoseconds now, std::uint64_t total);
  // A second; nullopt while too little was seen to say.
  std::optional<double> rate() const;

 private:
  struct Sample {
    std::chrono::nanoseconds at;
    std::uint64_t total;
  };
  std::deque<Sample> samples_;  // of the last seconds, oldest first
};

struct ProgressView {
  std::string label;  // "work: INBOX", "2/3 home: INBOX"; safe to print
  Figures done;
  Figures expected;  // 0: not known
  std::optional<double> messages_per_second;
  std::optional<double> octets_per_second;
};

// By octets where sizes are known, else by messages; nullopt where neither tells.
std::optional<double> seconds_left(const ProgressView& view);

// One line of at most `columns` columns:
//   work: INBOX [######--------------] 1234/5000 messages, 12.3 MB/80.0 MB, 3.1 MB/s, 22 s left
// Where that does not fit, the bar goes before the figures do, and of them the octets go first,
// then the rate. Octets are without a total where the plan does not tell sizes.
std::string progress_line(const ProgressView& view, std::size_t columns);

// The same without a bar, for a log: "work: INBOX: 1234 of 5000 messages, 12.3 MB of 80.0 MB".
std::string progress_words(const ProgressView& view);

}  // namespace sterna::cli
