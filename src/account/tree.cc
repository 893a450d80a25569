// SPDX-License-Identifier: Apache-2.0
#include "tree.h"

#include <fmt/format.h>

#include "decisions.h"
#include "half_looks.h"
#include "inspect_parts.h"
#include "kept.h"
#include "restart.h"
#include "sterna/base/bytes.h"
#include "sterna/base/step.h"
#include "sterna/maildir/marker.h"
#include "unflushed.h"

namespace sterna::account {
namespace {

std::uint64_t random_id(Engine& engine) {
  std::uint64_t id = 0;
  while (id == 0) id = engine.services.random.next();
  return id;
}

Result<std::optional<std::uint64_t>> get_hex(store::Store& store, std::string_view key) {
  STERNA_TRY(const std::optional<std::string> text, store.get(key));
  if (!text) return std::optional<std::uint64_t>();
  std::uint64_t value = 0;
  for (const char c : *text) {
    const auto digit = std::string_view("0123456789abcdef").find(c);
    if (digit == std::string_view::npos)
      return fail(ErrorCode::corrupt, "the state has no sound ids");
    value = value << 4 | digit;
  }
  return std::optional<std::uint64_t>(value);
}

Error stopped(const Engine& engine, std::string message) {
  return Error(ErrorCode::marker, std::move(message))
      .with_hint(fmt::format("if {} is the right Maildir, run: sterna adopt {}",
                             engine.settings.maildir, engine.settings.name));
}

// Set while the ids of a state stand in no marker yet: it knows nothing then that could be lost, so
// that a beginning which was cut is begun again.
constexpr std::string_view kMarkerPendingKey = "marker_pending";

// Whoever died there may have made the Maildir, and named the marker, and flushed neither name.
Status end_beginning(Engine& engine) {
  if (engine.dry_run()) return {};
  STERNA_CHECK(engine.root->sync_file_system());
  return engine.write([&] { return engine.store->unset(kMarkerPendingKey); });
}

// What a first run, or one whose state was lost, makes: state first, then marker.
Status make_marker(Engine& engine, TreeId tree, std::uint64_t epoch) {
  const StateId state{random_id(engine)};
  engine.tree = tree;
  if (engine.dry_run()) return {};
  {
    STERNA_TRY(auto transaction, engine.store->begin(store::Durability::full));
    STERNA_CHECK(engine.store->set("tree", fmt::format("{:016x}", tree.value)));
    STERNA_CHECK(engine.store->set("state", fmt::format("{:016x}", state.value)));
    STERNA_CHECK(engine.store->set("epoch", fmt::format("{}", epoch)));
    STERNA_CHECK(engine.store->set(kMarkerPendingKey, kDecided));
    STERNA_CHECK(transaction.commit());
  }
  at_step("tree.recorded");
  engine.marker_here = {tree, state, engine.machine_id, epoch};
  STERNA_CHECK(maildir::write_marker(*engine.root, *engine.marker_here));
  at_step("tree.marked");
  return end_beginning(engine);
}

// No state yet, or one that has no marker yet.
Status begin_tree(Engine& engine, const std::optional<maildir::Marker>& marker) {
  if (!marker) return make_marker(engine, TreeId{random_id(engine)}, 1);
  if (marker->machine != engine.machine_id) {
    return fail(stopped(engine, "the Maildir carries the marker of another machine"));
  }
  engine.log.warn("the state was lost: both sides are paired, and nothing is deleted");
  return make_marker(engine, marker->tree, marker->epoch + 1);
}

// What the disk says of a Maildir, and of the machine.
struct Tree {
  std::unique_ptr<io::Directory> root;  // none: not there, and not to be made
  std::optional<maildir::Marker> marker;
  std::string machine_id;
  std::string boot_id;
};

Result<std::optional<maildir::Marker>> find_marker(const Engine& engine, io::Directory& root) {
  Result<maildir::Marker> marker = maildir::read_marker(root);
  if (marker) return std::optional(std::move(*marker));
  if (marker.error().is(ErrorCode::not_found)) return std::optional<maildir::Marker>();
  if (marker.error().is(ErrorCode::marker)) return fail(stopped(engine, marker.error().message()));
  return fail(std::move(marker).error());
}

// On the worker: the first digest of a process, that of the machine's id, takes OpenSSL a while.
Result<Tree> find_tree(const Engine& engine, bool begins) {
  io::FileSystem& files = engine.services.files;
  Tree tree;
  tree.machine_id = files.machine_id();
  tree.boot_id = files.boot_id();
  Result<std::unique_ptr<io::Directory>> root =
      files.open_root(engine.settings.maildir, begins && !engine.dry_run());
  if (root) {
    tree.root = std::move(*root);
    // Before the marker is read, which is what two that begin would both miss.
    if (!engine.dry_run()) STERNA_CHECK(lock_maildir(*tree.root, engine.settings.maildir));
    STERNA_TRY(tree.marker, find_marker(engine, *tree.root));
    return tree;
  }
  if (root.error().is(ErrorCode::not_found)) {
    if (!begins) return fail(maildir_gone(engine.settings));
    if (engine.dry_run()) return tree;
  }
  return fail_in(std::move(root), "the Maildir");
}

Status set_surely(Engine& engine, std::string_view key, std::uint64_t number) {
  return engine.write([&] { return engine.store->set(key, fmt::format("{}", number)); });
}

// The marker says the epoch that is pending, surely, and the base follows.
Status take_epoch(Engine& engine, std::uint64_t epoch) {
  STERNA_CHECK(engine.root->sync());
  return engine.write([&]() -> Status {
    STERNA_CHECK(engine.store->set("epoch", fmt::format("{}", epoch)));
    return engine.store->unset("epoch_pending");
  });
}

// Rows were recorded, and the sync died before it told the marker. A backup from before it lacks
// what that sync had prepared, unless it could not. False: such a backup.
Result<bool> finish_epoch(Engine& engine, const maildir::Marker& marker, std::uint64_t pending) {
  const Result<maildir::Marker> prepared = maildir::read_prepared_marker(*engine.root);
  const bool is_its = prepared && prepared->tree == marker.tree &&
                      prepared->state == marker.state && prepared->epoch >= pending;
  STERNA_TRY(const std::uint64_t unprepared, get_number(*engine.store, kEpochUnpreparedKey));
  if (!is_its && unprepared != pending) return false;
  if (engine.dry_run()) return true;
  if (is_its) {
    // Now, before another sync prepares its own in that place, which the power may fail in. The
    // base says it first, surely: the process that announced it may not have flushed it, and what
    // was prepared after it had announced nothing yet.
    STERNA_CHECK(set_surely(engine, "epoch_pending", prepared->epoch));
    if (maildir::put_prepared_marker(*engine.root)) {
      engine.marker_here = *prepared;
      STERNA_CHECK(take_epoch(engine, prepared->epoch));
      return true;
    }
    pending = prepared->epoch;
    STERNA_CHECK(set_surely(engine, kEpochUnpreparedKey, pending));
  }
  engine.epoch_left = pending;
  engine.epoch_announced = marker;
  engine.epoch_announced->epoch = pending;
  return true;
}

Status compare_marker(Engine& engine, const maildir::Marker& marker, TreeId tree, StateId state) {
  if (marker.tree != tree || marker.state != state) {
    return fail(stopped(engine, "the Maildir carries the marker of another state of Sterna"));
  }
  if (marker.machine != engine.machine_id) {
    return fail(stopped(engine, "the Maildir carries the marker of another machine"));
  }
  STERNA_TRY(const std::uint64_t epoch, get_number(*engine.store, "epoch"));
  STERNA_TRY(const std::uint64_t pending, get_number(*engine.store, "epoch_pending"));
  if (marker.epoch == epoch) {
    if (pending <= epoch) {
      // What a sync prepared that died before it announced anything would vouch for a backup.
      const bool drops = !engine.dry_run();
      if (drops) static_cast<void>(maildir::drop_prepared_marker(*engine.root));
      return {};
    }
    STERNA_TRY(const bool finished, finish_epoch(engine, marker, pending));
    if (finished) return {};
  }
  if (pending != 0 && marker.epoch == pending) {
    if (engine.dry_run()) return {};
    return take_epoch(engine, pending);
  }
  engine.log.warn(
      "the Maildir or the state is older than the other: a restored backup; both sides "
      "are paired, and nothing is deleted");
  engine.union_mode = true;
  if (engine.dry_run()) return {};
  maildir::Marker mended = marker;
  mended.epoch = std::max({marker.epoch, epoch, pending}) + 1;
  {
    STERNA_TRY(auto transaction, engine.store->begin(store::Durability::full));
    STERNA_CHECK(engine.store->set(kAdoptingKey, kDecided));
    STERNA_CHECK(engine.store->set("epoch", fmt::format("{}", mended.epoch)));
    STERNA_CHECK(transaction.commit());
  }
  engine.marker_here = mended;
  return maildir::write_marker(*engine.root, mended);
}

std::string scratch_directory(Engine& engine) {
  return fmt::format("/tmp/sterna-dry-run-{}", engine.services.random.hex(8));
}

// The empty tree that a first sync would begin with, elsewhere: where it will be, nothing is made.
Result<std::unique_ptr<io::Directory>> open_scratch_maildir(Engine& engine) {
  engine.scratch_maildir = scratch_directory(engine);
  return engine.services.files.open_root(engine.scratch_maildir, true);
}

}  // namespace

Result<std::uint64_t> get_number(store::Store& store, std::string_view key) {
  STERNA_TRY(const std::optional<std::string> text, store.get(key));
  return text ? parse_number(*text).value_or(0) : 0;
}

Status lock_maildir(io::Directory& root, const std::string& maildir) {
  STERNA_TRY(const bool locked, root.lock());
  if (locked) return {};
  return fail(Error(ErrorCode::locked,
                    fmt::format("another sterna is at work in the Maildir {}", printable(maildir)))
                  .with_scope(ErrorScope::account)
                  .with_hint("it has a state of its own: one Maildir belongs to one account, of "
                             "one configuration"));
}

coro::Task<Status> open_state(Engine& engine) {
  using Opened = Result<std::unique_ptr<store::Store>>;
  auto early = engine.kept ? std::move(engine.kept->state) : nullptr;
  if (early && !engine.dry_run()) {
    engine.store = std::move(early);
    co_return Status{};
  }
  early.reset();
  const std::string& directory = engine.settings.state_dir;
  const bool read_only = engine.dry_run();
  auto open = [&directory, read_only] { return store::Store::open(directory, read_only); };
  Opened opened = co_await on_worker(engine.services, open);
  if (!opened && engine.dry_run() && opened.error().is(ErrorCode::not_found)) {
    // A plan for a first sync needs an empty base, which must leave no trace where the state will
    // be.
    engine.scratch_state = scratch_directory(engine);
    opened = store::Store::open(engine.scratch_state, false);
  }
  if (!opened) co_return fail(std::move(opened).error());
  engine.store = std::move(*opened);
  co_return Status{};
}

coro::Task<Status> open_tree(Engine& engine) {
  STERNA_CO_TRY(const auto tree, get_hex(*engine.store, "tree"));
  STERNA_CO_TRY(const auto state, get_hex(*engine.store, "state"));
  STERNA_CO_TRY(const auto pending, engine.store->get(kMarkerPendingKey));
  const bool begins = !tree || !state || pending;
  auto look = [&] { return find_tree(engine, begins); };
  STERNA_CO_TRY(Tree found, co_await on_worker(engine.services, look));
  if (!found.root) {
    // A dry run of a first sync: an empty tree elsewhere.
    STERNA_CO_TRY(found.root, open_scratch_maildir(engine));
  }
  engine.root = std::move(found.root);
  engine.machine_id = std::move(found.machine_id);
  engine.boot_id = std::move(found.boot_id);

  const std::optional<maildir::Marker>& marker = found.marker;
  const bool carries_ours = marker && state && marker->state == StateId{*state};
  if (begins && !carries_ours) {
    STERNA_CO_CHECK(begin_tree(engine, marker));
  } else if (!marker) {
    co_return fail(stopped(engine, "the Maildir has lost its marker; is its disk mounted?"));
  } else {
    engine.tree = TreeId{*tree};
    engine.marker_here = marker;
    STERNA_CO_CHECK(compare_marker(engine, *marker, TreeId{*tree}, StateId{*state}));
    if (pending) STERNA_CO_CHECK(end_beginning(engine));
  }
  STERNA_CO_TRY(const auto adopting, engine.store->get(kAdoptingKey));
  if (adopting) engine.union_mode = true;

  STERNA_CO_CHECK(read_restart(engine, begins));
  STERNA_CO_TRY(const std::uint64_t generation, get_number(*engine.store, "generation"));
  engine.generation = Generation{static_cast<std::int64_t>(generation) + 1};
  STERNA_CO_CHECK(read_half_looks(engine));
  co_return read_unflushed(engine);
}

Status check_marker(const Engine& engine, io::Directory& root) {
  STERNA_TRY(const maildir::Marker marker, maildir::read_marker(root));
  if (marker == engine.marker_here) return {};
  return fail(Error(ErrorCode::changed,
                    "another marker took the place of the Maildir's own amid a sync: a backup was "
                    "brought back")
                  .with_scope(ErrorScope::account)
                  .with_hint("the next sync pairs both sides, and deletes nothing"));
}

Result<maildir::Marker> next_marker(const Engine& engine, io::Directory& root) {
  STERNA_CHECK(check_marker(engine, root));
  maildir::Marker next = *engine.marker_here;
  next.epoch = std::max(next.epoch, engine.epoch_left) + 1;
  return next;
}

coro::Task<Status> prepare_epoch(Engine& engine, bool wanted) {
  const bool done = engine.has_announced() || engine.marker_prepared;
  if (!wanted || done || engine.dry_run()) co_return Status{};
  auto job = [&engine]() -> Result<maildir::Marker> {
    // A handle of its own: the other one is in use.
    STERNA_TRY(const auto root, engine.services.files.open_root(engine.settings.maildir, false));
    STERNA_TRY(const maildir::Marker marker, next_marker(engine, *root));
    STERNA_CHECK(maildir::prepare_marker(*root, marker));
    return marker;
  };
  // What it cannot do is told where it must be done.
  if (auto marker = co_await on_worker(engine.services, job)) engine.marker_prepared = *marker;
  co_return Status{};
}

coro::Task<Status> settle_epoch(Engine& engine) {
  if (!engine.epoch_announced || engine.epoch_bumped || engine.dry_run()) {
    if (!std::exchange(engine.marker_prepared, std::nullopt)) co_return Status{};
    const std::string name = io::name_beside(maildir::kMarkerName);
    engine.leave_own(absolute_path(engine.settings, name), std::nullopt);
    auto drop = [&engine] { return maildir::drop_prepared_marker(*engine.root); };
    Status dropped = co_await on_worker(engine.services, drop);
    // Somebody tidied up.
    if (!dropped && dropped.error().is(ErrorCode::not_found)) co_return Status{};
    co_return dropped;
  }
  const maildir::Marker marker = *engine.epoch_announced;
  // The base says it first, surely: else the marker would be that of a newer state.
  if (engine.store->flushes() == engine.flushes_before_announcement) {
    STERNA_CO_CHECK(set_surely(engine, "epoch_pending", marker.epoch));
  }
  at_step("epoch.announced");
  auto job = [&engine, &marker] { return engine.put_marker(marker); };
  STERNA_CO_CHECK(co_await on_worker(engine.services, job));
  at_step("epoch.marked");
  co_return engine.record_epoch(marker);
}

}  // namespace sterna::account
