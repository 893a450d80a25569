// SPDX-License-Identifier: Apache-2.0
#include "sim_watcher.h"

#include <utility>

namespace sterna::simulation {
namespace {

class SimWatch : public io::Watch {
 public:
  SimWatch(SimWatcher& owner, test::MemoryFileSystem& machine,
           std::shared_ptr<SimWatcher::Pending> pending)
      : owner_(owner), machine_(machine), pending_(std::move(pending)) {}

  Status add(const std::string& path, io::WatchTag tag) override {
    STERNA_TRY(const auto directory, machine_.open_root(path, false));
    STERNA_TRY(const io::FileStat stat, directory->stat());
    const bool is_known = pending_->tags.contains(stat.ino);
    if (!is_known && size() >= owner_.watches_max)
      return fail(ErrorCode::unsupported, "no more watches");
    remove(tag);
    pending_->tags[stat.ino] = tag;
    return {};
  }
  void remove(io::WatchTag tag) override {
    std::erase_if(pending_->tags, [tag](const auto& one) { return one.second == tag; });
    pending_->report.changed.erase(tag);
    pending_->report.written.erase(tag);
    pending_->report.names.erase(tag);
    pending_->report.gone.erase(tag);
  }
  std::size_t size() const override { return pending_->tags.size(); }
  coro::Task<Result<io::WatchReport>> next() override {
    while (pending_->report.empty()) {
      pending_->told.reset();
      STERNA_CO_CHECK(co_await pending_->told.wait());
    }
    co_return std::exchange(pending_->report, {});
  }

 private:
  SimWatcher& owner_;
  test::MemoryFileSystem& machine_;
  std::shared_ptr<SimWatcher::Pending> pending_;
};

}  // namespace

SimWatcher::SimWatcher(test::VirtualClock& clock, SeededRandom& random,
                       test::MemoryFileSystem& machine)
    : clock_(clock), random_(random), machine_(machine) {
  machine_.disk().changed = [this](std::uint64_t directory, std::string_view name, bool written) {
    tell(directory, {std::string(name), written});
  };
  machine_.disk().gone = [this](std::uint64_t directory) { tell(directory, {}); };
}

SimWatcher::~SimWatcher() {
  machine_.disk().changed = nullptr;
  machine_.disk().gone = nullptr;
}

Result<std::unique_ptr<io::Watch>> SimWatcher::open() {
  auto pending = std::make_shared<Pending>();
  watches_.push_back(pending);
  return std::make_unique<SimWatch>(*this, machine_, std::move(pending));
}

void SimWatcher::add(io::WatchReport& report, io::WatchTag tag, const Event& event) {
  if (event.name.empty()) {
    report.changed.erase(tag);
    report.gone.insert(tag);
    return;
  }
  report.changed.insert(tag);
  if (event.written) report.written.insert(tag);
  std::set<std::string>& names = report.names[tag];
  if (names.size() < io::kWatchNamesMax) names.insert(event.name);
}

void SimWatcher::tell(std::uint64_t directory, const Event& event) {
  for (const std::weak_ptr<Pending>& weak : watches_) {
    const std::shared_ptr<Pending> watch = weak.lock();
    if (!watch) continue;
    const auto found = watch->tags.find(directory);
    if (found == watch->tags.end()) continue;
    const io::WatchTag tag = found->second;
    if (event.name.empty()) watch->tags.erase(found);
    const auto report = [weak, tag, event, overflow = overflows_] {
      const std::shared_ptr<Pending> open = weak.lock();
      if (!open) return;
      if (overflow) {
        open->report.overflow = true;
      } else {
        add(open->report, tag, event);
      }
      open->told.set();
    };
    const std::uint64_t times = random_.below(4) == 0 ? 2 : 1;
    for (std::uint64_t i = 0; i < times; ++i) {
      clock_.schedule(std::chrono::milliseconds(random_.below(60)), report);
    }
  }
}

}  // namespace sterna::simulation
