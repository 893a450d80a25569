// SPDX-License-Identifier: Apache-2.0
// The figures of accounts in the text format of Prometheus (docs/metrics.md), and the file that the
// textfile collector of its node exporter reads.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/account/account.h"
#include "sterna/account/inspect.h"
#include "sterna/base/log.h"
#include "sterna/base/result.h"
#include "sterna/coro/sync.h"
#include "sterna/coro/task.h"
#include "sterna/io/clock.h"
#include "sterna/io/worker.h"

namespace sterna::daemon {

// One account. What is not known is left out of the text.
struct AccountFigures {
  std::string account;
  const account::Life* life = nullptr;  // none: no daemon looks after it
  std::int64_t last_success_ms = 0;     // 0: never
  std::uint64_t pending = 0;
  std::uint64_t held = 0;
  std::uint64_t quarantined = 0;
  std::optional<std::uint64_t> database_octets = {};
  std::optional<std::int64_t> certificate_expires_ms = {};
  std::optional<std::int64_t> token_expires_ms = {};
};
// `life` outlives the result.
AccountFigures figures_of(std::string account, const account::Life& life);
// Without a daemon, as the last sync left it.
AccountFigures figures_of(const account::AccountState& state);

// Names of metrics and labels are an interface: add to them, never change them.
std::string metrics_text(const std::vector<AccountFigures>& accounts, std::string_view version);

// The whole of it or nothing, and readable by everybody; blocking.
Status write_metrics_file(const std::string& path, const std::string& text);
Status remove_metrics_file(const std::string& path);

inline constexpr std::chrono::seconds kMetricsEvery{15};
// Also where nothing changed: who reads the file sees by its time that we are alive.
inline constexpr std::chrono::minutes kMetricsAtLeastEvery{5};

// Keeps a file up to date. A failure is told once, and tried again.
class MetricsFile {
 public:
  // `text` gives the text of now. The services outlive this.
  MetricsFile(io::Clock& clock, io::Worker& worker, std::string path,
              std::function<std::string()> text, Log log);

  // Writes it at once, then kMetricsEvery after the last time if touched, until it is cancelled.
  // Once.
  coro::Task<void> run();
  // Some figure is another one.
  void touch() { touched_.set(); }

 private:
  coro::Task<void> write();

  io::Clock& clock_;
  io::Worker& worker_;
  std::string path_;
  std::function<std::string()> text_;
  Log log_;
  coro::Event touched_;
  bool failed_ = false;
};

}  // namespace sterna::daemon
