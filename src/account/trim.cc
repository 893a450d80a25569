// SPDX-License-Identifier: Apache-2.0
#include "trim.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "sterna/base/bytes.h"
#include "sterna/base/step.h"
#include "time_units.h"

namespace sterna::account {
namespace {

using std::chrono::days;
using std::chrono::milliseconds;

constexpr std::int64_t kHistoryMs = milliseconds(days(90)).count();
// With `undo = "0"` damaged files and messages without a Trash are kept all the same.
constexpr std::int64_t kUndoMs = milliseconds(days(14)).count();
// So that a sync never becomes a clean-up: some ten milliseconds of it.
constexpr std::size_t kRowsMax = 5000;
constexpr std::size_t kFilesMax = 500;
constexpr const char* kTrimmedKey = "trimmed_lived_ms";

Result<std::int64_t> get_time(Engine& engine, std::string_view key) {
  STERNA_TRY(const std::optional<std::string> text, engine.store->get(key));
  return text ? static_cast<std::int64_t>(parse_number(*text, INT64_MAX).value_or(0)) : 0;
}

// Files are named by 32 hexadecimal digits; while one is fetched, ".part" follows them.
bool is_of_ours(std::string_view name) {
  return name.size() == 32 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}
bool is_half_fetched(std::string_view name) {
  return name.ends_with(".part") && is_of_ours(name.substr(0, name.size() - 5));
}

struct FoundFile {
  std::string name;
  std::uint64_t size = 0;
};

// What lies in the undo area and has no entry.
struct Strays {
  std::vector<FoundFile> files;
  std::vector<std::string> worthless;
  bool more = false;
};

Result<Strays> find_strays(io::Directory& undo, const std::unordered_set<std::string>& entered) {
  Strays strays;
  STERNA_TRY(const io::DirectoryListing entries, undo.list());
  for (const io::DirectoryEntry entry : entries) {
    if (is_half_fetched(entry.name)) strays.worthless.emplace_back(entry.name);
    std::string name(entry.name);
    if (!is_of_ours(name) || entered.contains(name)) continue;
    strays.more = strays.files.size() == kFilesMax;
    if (strays.more) break;
    const Result<io::FileStat> stat = undo.stat_at(entry.name);
    if (stat && stat->type == io::FileType::file) {
      strays.files.push_back({std::move(name), stat->size});
    }
  }
  return strays;
}

// Gone already is as good. One that stays is found again, without an entry.
Status remove_files(io::Directory& undo, const std::vector<std::string>& names) {
  Status failure;
  for (const std::string& name : names) {
    Status removed = undo.unlink_at(name);
    const bool failed = !removed && !removed.error().is(ErrorCode::not_found);
    if (failed && failure) failure = std::move(removed);
  }
  return failure;
}

std::int64_t longest_window_ms(const Engine& engine) {
  std::int64_t longest = 0;
  for (const auto& work : engine.mailboxes) {
    longest = std::max(longest, milliseconds(work->policy.brake_within).count());
  }
  return longest;
}

class Trimming {
 public:
  explicit Trimming(Engine& engine) : engine_(engine), store_(*engine.store) {}

  coro::Task<Status> run() {
    STERNA_CO_CHECK(co_await look());
    STERNA_CO_CHECK(record());
    at_step("trim.recorded");
    if (leaving_.empty()) co_return Status{};
    auto job = [this] { return remove_files(*undo_, leaving_); };
    co_return co_await on_worker(engine_.services, job);
  }

 private:
  coro::Task<Status> look() {
    const std::string path = engine_.settings.state_dir + "/undo";
    Result<std::unique_ptr<io::Directory>> opened = engine_.services.files.open_root(path, false);
    if (!opened && opened.error().is(ErrorCode::not_found)) co_return Status{};
    if (!opened) co_return fail(std::move(opened).error());
    undo_ = std::move(*opened);
    std::unordered_set<std::string> entered;
    STERNA_CO_TRY(std::vector<store::UndoEntry> entries, store_.undo_entries());
    for (store::UndoEntry& entry : entries) entered.insert(std::move(entry.file));
    auto job = [this, &entered] { return find_strays(*undo_, entered); };
    STERNA_CO_TRY(strays_, co_await on_worker(engine_.services, job));
    leaving_ = strays_.worthless;
    co_return Status{};
  }

  Status record() {
    STERNA_TRY(auto transaction, store_.begin(store::Durability::full));
    STERNA_CHECK(trim_rows());
    if (undo_) STERNA_CHECK(trim_undo());
    if (!more_) STERNA_CHECK(store_.set(kTrimmedKey, fmt::format("{}", store_.lived_ms())));
    return transaction.commit();
  }

  Status trim_rows() {
    const std::int64_t undo = undo_kept_ms();
    const std::int64_t window = longest_window_ms(engine_);
    STERNA_TRY(const std::size_t history, store_.trim_history(before(kHistoryMs), kRowsMax));
    STERNA_TRY(const std::size_t tombstones,
               store_.trim_tombstones(before(std::max(kHistoryMs, undo)), kRowsMax));
    STERNA_TRY(const std::size_t removals,
               store_.trim_removals(before(std::max(kHistoryMs, window)), kRowsMax));
    more_ = std::max({history, tombstones, removals}) == kRowsMax;
    return {};
  }

  // A crash after this leaves files without an entry, and none of an entry without a file.
  Status trim_undo() {
    STERNA_TRY(const std::vector<std::string> files,
               store_.take_undo(before(undo_kept_ms()), kFilesMax));
    leaving_.insert(leaving_.end(), files.begin(), files.end());
    for (const FoundFile& file : strays_.files) {
      store::UndoEntry entry;
      entry.file = file.name;
      entry.size = file.size;
      entry.at_ms = engine_.now_ms();
      entry.reason = "found in the undo area; a sync died before it wrote down what it is";
      STERNA_TRY(const std::int64_t id, store_.add_undo(entry));
      static_cast<void>(id);
    }
    more_ = more_ || strays_.more || files.size() == kFilesMax;
    return {};
  }

  std::int64_t undo_kept_ms() const {
    const std::int64_t kept = milliseconds(engine_.settings.undo).count();
    return kept == 0 ? kUndoMs : kept;
  }
  std::int64_t before(std::int64_t kept_ms) const { return store_.lived_ms() - kept_ms; }

  Engine& engine_;
  store::Store& store_;
  std::unique_ptr<io::Directory> undo_;  // none: nothing was ever kept
  Strays strays_;
  std::vector<std::string> leaving_;
  bool more_ = false;
};

}  // namespace

coro::Task<Status> trim_aged(Engine& engine) {
  STERNA_CO_TRY(const std::int64_t trimmed_ms, get_time(engine, kTrimmedKey));
  if (engine.dry_run() || engine.store->lived_ms() - trimmed_ms < kDayMs) co_return Status{};
  Trimming trimming(engine);
  co_return co_await trimming.run();
}

}  // namespace sterna::account
