// SPDX-License-Identifier: Apache-2.0
// io::Watcher over inotify(7): one instance a loop, however many owners there are, because users
// may have few of them.
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <unordered_map>
#include <vector>

#include "core.h"
#include "sterna/base/assert.h"
#include "sterna/base/unique_fd.h"
#include "sterna/coro/sync.h"

namespace sterna::net {
namespace {

// Files that are still being written count when they are closed; a file that a program has unlinked
// and goes on writing to does not.
constexpr std::uint32_t kEvents = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                  IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR |
                                  IN_EXCL_UNLINK;
constexpr std::uint32_t kGone = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;
// Read in one call; the loop calls again while there is more.
constexpr std::size_t kReportOctets = 64 * 1024;

Error no_instance(int problem) {
  Error error = Error::from_errno(problem, "inotify_init1");
  if (problem != EMFILE) return error;
  return Error(ErrorCode::unsupported, "the limit of inotify instances is reached")
      .with_hint("raise it: sysctl fs.inotify.max_user_instances=1024");
}

Error no_watch(int problem, const std::string& path) {
  if (problem != ENOSPC) return Error::from_errno(problem, "watch " + path);
  return Error(ErrorCode::unsupported,
               "the limit of inotify watches is reached: " + path + " is not watched")
      .with_hint("raise it: sysctl fs.inotify.max_user_watches=524288");
}

class InotifyWatch;

// The instance, open as long as anybody watches.
class Inotify {
 public:
  explicit Inotify(Loop::Core& core) : core_(core) {}
  Inotify(const Inotify&) = delete;
  Inotify& operator=(const Inotify&) = delete;
  ~Inotify() { STERNA_ASSERT(watches_.empty()); }

  Status enter(InotifyWatch& watch);
  void leave(InotifyWatch& watch);
  Result<int> add(InotifyWatch& watch, const std::string& path, io::WatchTag tag);
  void remove(const InotifyWatch& watch, int descriptor, io::WatchTag tag);

 private:
  struct Interest {
    InotifyWatch* watch;
    io::WatchTag tag;
  };

  void read();
  void take(const inotify_event& event, std::string_view name);

  Loop::Core& core_;
  UniqueFd fd_;
  uv_poll_t* poll_ = nullptr;  // freed by its close callback
  std::vector<InotifyWatch*> watches_;
  // A directory has one descriptor, though two owners may lead to it.
  std::unordered_map<int, std::vector<Interest>> interests_;
};

class InotifyWatch : public io::Watch {
 public:
  explicit InotifyWatch(Inotify& inotify) : inotify_(inotify) {}
  ~InotifyWatch() override {
    while (!descriptors_.empty()) remove(descriptors_.begin()->first);
    inotify_.leave(*this);
  }

  Status add(const std::string& path, io::WatchTag tag) override {
    STERNA_TRY(const int descriptor, inotify_.add(*this, path, tag));
    const auto before = descriptors_.find(tag);
    if (before == descriptors_.end()) {
      descriptors_.emplace(tag, descriptor);
    } else if (before->second != descriptor) {
      inotify_.remove(*this, std::exchange(before->second, descriptor), tag);
    }
    return {};
  }

  void remove(io::WatchTag tag) override {
    const auto it = descriptors_.find(tag);
    if (it == descriptors_.end()) return;
    inotify_.remove(*this, it->second, tag);
    descriptors_.erase(it);
    report_.changed.erase(tag);
    report_.written.erase(tag);
    report_.names.erase(tag);
    report_.gone.erase(tag);
  }

  std::size_t size() const override { return descriptors_.size(); }

  coro::Task<Result<io::WatchReport>> next() override {
    while (report_.empty()) {
      news_.reset();
      STERNA_CO_CHECK(co_await news_.wait());
    }
    co_return std::exchange(report_, {});
  }

  void tell_changed(io::WatchTag tag, bool written, std::string_view name) {
    report_.changed.insert(tag);
    if (std::set<std::string>& names = report_.names[tag]; names.size() < io::kWatchNamesMax)
      names.emplace(name);
    if (written) report_.written.insert(tag);
    news_.set();
  }
  void tell_gone(io::WatchTag tag) {
    descriptors_.erase(tag);
    report_.changed.erase(tag);
    report_.written.erase(tag);
    report_.names.erase(tag);
    report_.gone.insert(tag);
    news_.set();
  }
  void tell_overflow() {
    report_.overflow = true;
    news_.set();
  }

 private:
  Inotify& inotify_;
  std::map<io::WatchTag, int> descriptors_;
  io::WatchReport report_;
  coro::Event news_;
};

Status Inotify::enter(InotifyWatch& watch) {
  if (!poll_) {
    fd_ = UniqueFd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (fd_.get() < 0) return fail(no_instance(errno));
    poll_ = new uv_poll_t;
    poll_->data = this;
    STERNA_ASSERT(uv_poll_init(core_.uv(), poll_, fd_.get()) == 0);
    const auto readable = [](uv_poll_t* poll, int, int) {
      static_cast<Inotify*>(poll->data)->read();
    };
    STERNA_ASSERT(uv_poll_start(poll_, UV_READABLE, readable) == 0);
  }
  watches_.push_back(&watch);
  return {};
}

void Inotify::leave(InotifyWatch& watch) {
  std::erase(watches_, &watch);
  if (!watches_.empty() || !poll_) return;
  uv_poll_stop(poll_);
  uv_close(reinterpret_cast<uv_handle_t*>(std::exchange(poll_, nullptr)),
           [](uv_handle_t* handle) { delete reinterpret_cast<uv_poll_t*>(handle); });
  fd_.reset();
  interests_.clear();
}

Result<int> Inotify::add(InotifyWatch& watch, const std::string& path, io::WatchTag tag) {
  const int descriptor = ::inotify_add_watch(fd_.get(), path.c_str(), kEvents);
  if (descriptor < 0) return fail(no_watch(errno, path));
  std::vector<Interest>& interested = interests_[descriptor];
  const auto is_it = [&](const Interest& one) { return one.watch == &watch && one.tag == tag; };
  if (std::ranges::none_of(interested, is_it)) interested.push_back({&watch, tag});
  return descriptor;
}

void Inotify::remove(const InotifyWatch& watch, int descriptor, io::WatchTag tag) {
  const auto it = interests_.find(descriptor);
  if (it == interests_.end()) return;
  std::erase_if(it->second,
                [&](const Interest& one) { return one.watch == &watch && one.tag == tag; });
  if (!it->second.empty()) return;
  interests_.erase(it);
  // What it said before is still to be read, and is nobody's.
  ::inotify_rm_watch(fd_.get(), descriptor);
}

void Inotify::read() {
  alignas(inotify_event) std::array<char, kReportOctets> buffer;
  const ssize_t count = ::read(fd_.get(), buffer.data(), buffer.size());
  if (count <= 0) return;  // EAGAIN, or EINTR: the loop asks again
  const std::size_t length = static_cast<std::size_t>(count);
  for (std::size_t at = 0; at + sizeof(inotify_event) <= length;) {
    inotify_event event{};
    std::memcpy(&event, buffer.data() + at, sizeof(event));
    // Padded with NULs, and without any where it is about the directory itself.
    const std::string_view padded(buffer.data() + at + sizeof(event), event.len);
    at += sizeof(event) + event.len;
    take(event, padded.substr(0, padded.find('\0')));
  }
}

void Inotify::take(const inotify_event& event, std::string_view name) {
  if ((event.mask & IN_Q_OVERFLOW) != 0) {
    for (InotifyWatch* watch : watches_) watch->tell_overflow();
    return;
  }
  const auto it = interests_.find(event.wd);
  if (it == interests_.end()) return;
  if ((event.mask & kGone) == 0) {
    const bool written = (event.mask & IN_CLOSE_WRITE) != 0;
    for (const Interest& one : it->second) one.watch->tell_changed(one.tag, written, name);
    return;
  }
  for (const Interest& one : it->second) one.watch->tell_gone(one.tag);
  interests_.erase(it);
  // One that was renamed is still watched by the kernel, under a path that nobody knows.
  if ((event.mask & IN_IGNORED) == 0) ::inotify_rm_watch(fd_.get(), event.wd);
}

class InotifyWatcher : public io::Watcher {
 public:
  explicit InotifyWatcher(Loop::Core& core) : inotify_(core) {}

  Result<std::unique_ptr<io::Watch>> open() override {
    auto watch = std::make_unique<InotifyWatch>(inotify_);
    STERNA_CHECK(inotify_.enter(*watch));
    return watch;
  }

 private:
  Inotify inotify_;
};

}  // namespace

std::unique_ptr<io::Watcher> make_watcher(Loop::Core& core) {
  return std::make_unique<InotifyWatcher>(core);
}

}  // namespace sterna::net
