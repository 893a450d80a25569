// SPDX-License-Identifier: Apache-2.0
// Watcher and Watch: directories that tell when something in them may have changed.
//
// A report nominates and proves nothing: whoever gets one looks. So a directory is watched first
// and listed then, and what is reported late, twice or about one's own writes costs a look and no
// more. What a watch cannot see at all (other machines on a network file system) is not reported.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "sterna/base/result.h"
#include "sterna/coro/task.h"

namespace sterna::io {

inline constexpr std::size_t kWatchNamesMax = 10'000;

// What its owner calls a watched directory.
using WatchTag = std::uint64_t;

struct WatchReport {
  // Entries came, went, were renamed or closed after writing.
  std::set<WatchTag> changed;
  // Of them: a file was closed that had been open for writing, perhaps under the name it has.
  std::set<WatchTag> written;
  // Names of such entries, kWatchNamesMax of a directory at most; a watch need not tell them.
  std::map<WatchTag, std::set<std::string>> names;
  // Removed, renamed or unmounted: no longer what its path leads to, and not watched any more.
  std::set<WatchTag> gone;
  // The kernel had more to say than it could keep: anything may have changed anywhere.
  bool overflow = false;

  bool empty() const { return changed.empty() && gone.empty() && !overflow; }
};

// The directories of one owner, say of one account. Used from the loop's thread.
class Watch {
 public:
  virtual ~Watch() = default;
  // The directory at this absolute path, itself and not what is below it. A tag that is in use
  // means this directory from now on. ErrorCode::not_found where there is no directory;
  // ErrorCode::unsupported where the kernel watches no more, with the limit to be raised as a hint.
  virtual Status add(const std::string& path, WatchTag tag) = 0;
  // Nothing is reported of it any more. Unknown tags are none.
  virtual void remove(WatchTag tag) = 0;
  virtual std::size_t size() const = 0;
  // What was reported since the last call: at once if there is something, else when there is. Ends
  // early with ErrorCode::cancelled. One coroutine waits at a time.
  virtual coro::Task<Result<WatchReport>> next() = 0;
};

class Watcher {
 public:
  virtual ~Watcher() = default;
  // ErrorCode::unsupported where the system gives no more instances.
  virtual Result<std::unique_ptr<Watch>> open() = 0;
};

}  // namespace sterna::io
