// SPDX-License-Identifier: Apache-2.0
#include "execute_mailboxes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <span>

#include "attempts.h"
#include "decisions.h"
#include "failures.h"
#include "list_remote.h"
#include "mailbox_rows.h"
#include "observe.h"
#include "rename_mailboxes.h"
#include "sterna/base/step.h"
#include "sterna/imap/outcome.h"
#include "sterna/maildir/layout.h"
#include "tree.h"

namespace sterna::account {
namespace {

template <class... Kinds>
struct Overloaded : Kinds... {
  using Kinds::operator()...;
};

template <class... Kinds>
bool is_one_of(const sync::MailboxAction& action) {
  return (std::holds_alternative<Kinds>(action.what) || ...);
}

bool renames(const sync::MailboxAction& action) {
  return is_one_of<sync::StepAside, sync::RenameLocal, sync::RenameRemote, sync::RenameRow>(action);
}

// What a refusal of the server is counted under; nullopt for what is done here, which costs nothing
// to try again, and may be mended at any moment.
std::optional<std::string> parked_as(const sync::MailboxAction& action) {
  if (is_one_of<sync::CreateRemote>(action)) return "create_mailbox";
  if (is_one_of<sync::RemoveRemote>(action)) return "remove_mailbox";
  if (is_one_of<sync::StepAside, sync::RenameRemote>(action)) return "rename_mailbox";
  return std::nullopt;
}

std::string creating(const std::string& name) {
  return fmt::format("mailbox {}: create it on the server", name);
}

class MailboxExecution {
 public:
  MailboxExecution(Engine& engine, Connection& connection, const sync::MailboxesInput& input)
      : engine_(engine), connection_(connection), input_(input), renames_(engine, connection) {
    for (const sync::KnownMailbox& one : input.base) known_.emplace(one.row.id, &one);
  }

  coro::Task<Result<MailboxesOutcome>> run(const std::vector<sync::MailboxAction>& actions) {
    STERNA_CO_TRY(held_before_, engine_.store->held());
    STERNA_CO_TRY(MailboxAttempts attempts, MailboxAttempts::load(engine_));
    for (std::size_t at = 0; at < actions.size(); ++at) {
      const sync::MailboxAction& action = actions[at];
      action_of_[id_of(action)] = &action;
      if (engine_.dry_run()) {
        plan_line(action);
        continue;
      }
      STERNA_CO_CHECK(co_await give_way());
      STERNA_CO_CHECK(find_places(std::span(actions).subspan(at)));
      if (!renames(action) && !is_one_of<sync::AdoptBoth>(action)) STERNA_CO_CHECK(settle());
      STERNA_CO_CHECK(co_await attempt(action, attempts));
    }
    if (engine_.dry_run()) co_return std::move(outcome_);
    STERNA_CO_CHECK(settle());
    STERNA_CO_CHECK(keep_parked(engine_, failures_, unsaid_));
    STERNA_CO_CHECK(attempts.save(unsaid_));
    STERNA_CO_CHECK(dissolve_answers());
    STERNA_CO_CHECK(close_intents());
    co_return std::move(outcome_);
  }

 private:
  // --- what is about to happen, and to whom

  void plan_line(const sync::MailboxAction& action) {
    const std::string_view rest =
        renames(action) ? "; what is new or moved in it is planned after that" : "";
    engine_.report.plan.push_back({name_of(action), std::string(sync::kind_of(action)), 1,
                                   fmt::format("{}{}", action.reason, rest)});
    plan_messages(action);
    // Its rows speak of what it is like now, not of what the plan would make of it.
    if (!is_one_of<sync::AdoptBoth>(action)) freeze(action);
    if (const auto* what = std::get_if<sync::HoldMailbox>(&action.what)) hold(*what, action.reason);
  }

  // A mailbox that would be made is filled by the pass after this one, which a dry run has not.
  void plan_messages(const sync::MailboxAction& action) {
    const auto* here = std::get_if<sync::CreateLocal>(&action.what);
    const auto* there = std::get_if<sync::CreateRemote>(&action.what);
    const std::string perhaps = known_.empty() ? "" : ", or moved there";
    if (here && here->remote.policy.direction != sync::Direction::push) {
      plan_count(action, "download", here->remote.messages.value_or(0),
                 "new on the server" + perhaps);
    } else if (there && there->local.policy.direction != sync::Direction::pull) {
      plan_count(action, "upload", there->local.messages.value_or(0), "new here" + perhaps);
    }
  }

  void plan_count(const sync::MailboxAction& action, std::string kind, std::uint64_t messages,
                  std::string reason) {
    if (messages == 0) return;
    engine_.report.plan.push_back({name_of(action), std::move(kind), messages, std::move(reason)});
  }

  void freeze(const sync::MailboxAction& action) { outcome_.frozen.insert(id_of(action)); }

  const sync::KnownMailbox* known(MailboxId id) const {
    const auto found = known_.find(id);
    return found == known_.end() ? nullptr : found->second;
  }

  // The row's name, where there is one; else the name that it would get.
  std::string name_of(const sync::MailboxAction& action) const {
    if (const sync::KnownMailbox* row = known(id_of(action))) return row->row.name.text();
    return std::visit(
        Overloaded{[](const sync::AdoptBoth& what) { return what.remote.name.text(); },
                   [](const sync::CreateLocal& what) { return what.remote.name.text(); },
                   [](const sync::CreateRemote& what) { return what.local.name.text(); },
                   [](const sync::WaitMailbox& what) { return what.name.text(); },
                   [](const auto&) { return std::string(); }},
        action.what);
  }

  // A rename whose target was to be left by one that failed would fail for that alone.
  bool is_blocked(const sync::MailboxAction& action) const {
    if (!renames(action)) return false;
    const auto target =
        std::visit(Overloaded{[](const sync::RenameLocal& what) { return what.to.name; },
                              [](const sync::RenameRemote& what) { return what.to.name; },
                              [](const auto&) { return MailboxName(); }},
                   action.what);
    return outcome_.frozen.contains(id_of(action)) || still_taken_.contains(target);
  }

  coro::Task<Status> attempt(const sync::MailboxAction& action, MailboxAttempts& attempts) {
    MailboxFailure failure{id_of(action), name_of(action), parked_as(action).value_or("")};
    const bool counts = !failure.action.empty();
    if (counts) {
      STERNA_CO_CHECK(attempts.plan(failure));
    } else if (is_one_of<sync::WaitMailbox, sync::Freeze>(action)) {
      unsaid_.insert(failure.name);
    }
    if (is_blocked(action) || (!failure.action.empty() && is_parked(engine_, failure))) {
      give_up(action);
      if (!failure.action.empty()) failures_.insert(std::move(failure));
      co_return Status{};
    }
    tell(action, failure.name);
    reason_ = action.reason;
    Status done = co_await carry_out(action);
    if (done && counts) attempts.count(failure);
    if (done) co_return done;
    if (ends_pass(connection_, done.error())) co_return done;
    give_up(action);
    if (failure.action.empty() || done.error().is(ErrorCode::changed)) {
      engine_.again = engine_.again || done.error().is(ErrorCode::changed);
      engine_.note(std::move(done).error());
      co_return Status{};
    }
    park(engine_, failure, std::move(done).error());
    failures_.insert(std::move(failure));
    co_return Status{};
  }

  void tell(const sync::MailboxAction& action, const std::string& name) {
    const auto* wait = std::get_if<sync::WaitMailbox>(&action.what);
    if (wait && wait->for_user) {
      engine_.log.warn("mailbox {}: {}; make cur, new and tmp in it, or move it out of the Maildir",
                       name, action.reason);
    } else {
      engine_.log.info("mailbox {}: {}: {}", name, sync::kind_of(action), action.reason);
    }
  }

  void give_up(const sync::MailboxAction& action) {
    freeze(action);
    if (!renames(action)) return;
    if (const sync::KnownMailbox* row = known(id_of(action))) still_taken_.insert(row->row.name);
  }

  // A backup of before lacks what is made now (rule 14): there it must not look removed.
  coro::Task<Status> announce_change() {
    if (engine_.has_announced()) co_return Status{};
    static_cast<void>(co_await prepare_epoch(engine_, true));
    co_return engine_.write([&] { return engine_.announce_change(); });
  }

  coro::Task<Status> carry_out(const sync::MailboxAction& action) {
    if (renames(action) ||
        is_one_of<sync::CreateLocal, sync::CreateRemote, sync::AdoptBoth>(action))
      STERNA_CO_CHECK(co_await announce_change());
    if (renames(action)) co_return co_await rename(action);
    if (const auto* what = std::get_if<sync::CreateLocal>(&action.what)) {
      co_return co_await create_local(*what);
    }
    if (const auto* what = std::get_if<sync::CreateRemote>(&action.what)) {
      co_return co_await create_remote(*what);
    }
    if (const auto* what = std::get_if<sync::AdoptBoth>(&action.what)) co_return adopt(*what);
    if (const auto* what = std::get_if<sync::RemoveLocal>(&action.what)) {
      co_return remove_local(*what);
    }
    if (const auto* what = std::get_if<sync::RemoveRemote>(&action.what)) {
      co_return co_await remove_remote(*what);
    }
    if (const auto* what = std::get_if<sync::ForgetMailbox>(&action.what)) {
      STERNA_CO_TRY(const MailboxRow row, mailbox_row(engine_, what->id));
      co_return forget_mailbox(engine_, row, {});
    }
    co_return leave_alone(action);
  }

  Status leave_alone(const sync::MailboxAction& action) {
    freeze(action);
    if (const auto* what = std::get_if<sync::EmptyLocal>(&action.what)) {
      engine_.emptied_here.push_back(what->id);
    } else if (const auto* there = std::get_if<sync::EmptyRemote>(&action.what)) {
      engine_.emptied_there.push_back(there->id);
    } else if (const auto* held = std::get_if<sync::HoldMailbox>(&action.what)) {
      engine_.log.warn("mailbox {} is held: {}", held->name.text(), action.reason);
      hold(*held, action.reason);
    } else if (std::holds_alternative<sync::Freeze>(action.what)) {
      return fail(Error(ErrorCode::marker, action.reason)
                      .with_scope(ErrorScope::mailbox)
                      .with_context(fmt::format("mailbox {}", name_of(action)))
                      .with_hint(fmt::format("nothing of it is touched until its directory is "
                                             "back; to take another one for it: sterna adopt {}",
                                             engine_.settings.name)));
    }
    return {};
  }

  // --- renames

  coro::Task<Status> rename(const sync::MailboxAction& action) {
    outcome_.changed.insert(id_of(action));
    if (const auto* what = std::get_if<sync::StepAside>(&action.what)) {
      co_return co_await renames_.step_aside(*what);
    }
    if (const auto* what = std::get_if<sync::RenameRemote>(&action.what)) {
      co_return co_await renames_.rename_remote(*what, reason_);
    }
    if (const auto* what = std::get_if<sync::RenameLocal>(&action.what)) {
      co_return renames_.rename_local(*what, reason_);
    }
    co_return renames_.rename_row(std::get<sync::RenameRow>(action.what), reason_);
  }

  Status settle() {
    STERNA_TRY(const std::set<MailboxId> stuck, renames_.settle());
    outcome_.frozen.insert(stuck.begin(), stuck.end());
    return {};
  }

  // Intents that are still open speak of what did not happen, or was seen to be in its place.
  Status close_intents() {
    STERNA_TRY(const std::vector<Intent> intents, engine_.store->intents());
    for (const Intent& intent : intents) {
      const bool of_mailbox = intent.kind == IntentKind::mailbox_create ||
                              intent.kind == IntentKind::mailbox_rename ||
                              intent.kind == IntentKind::mailbox_delete;
      if (!of_mailbox || outcome_.frozen.contains(intent.mailbox)) continue;
      STERNA_CHECK(engine_.write([&] { return engine_.store->close_intent(intent.id); }));
    }
    return {};
  }

  // --- what one side lacks

  // There may be thousands of them: other accounts go on, and the user may end it.
  static coro::Task<Status> give_way() {
    co_await coro::yield();
    const bool stop = co_await coro::cancelled();
    if (stop) co_return fail(Error::cancelled());
    co_return Status{};
  }

  // Of the mailboxes that are made here in a row.
  Status find_places(std::span<const sync::MailboxAction> actions) {
    if (!is_one_of<sync::CreateLocal>(actions.front())) {
      places_.clear();
    } else if (places_.empty()) {
      std::vector<MailboxName> names;
      for (const sync::MailboxAction& action : actions) {
        const auto* what = std::get_if<sync::CreateLocal>(&action.what);
        if (!what) break;
        names.push_back(what->remote.name);
      }
      STERNA_TRY(places_, places_for(engine_, names));
    }
    return {};
  }

  Result<maildir::MailboxPath> place_of(const MailboxName& remote) const {
    const auto found = places_.find(remote);
    return found == places_.end() ? place_for(engine_, remote) : found->second;
  }

  // A directory of that name may be the one of another mailbox, which was renamed here.
  Status check_place(const maildir::MailboxPath& path, const MailboxRow& row) {
    const auto dirs = maildir::open_mailbox(*engine_.root, path);
    if (!dirs) return {};
    STERNA_TRY(const io::FileStat cur, dirs->cur->stat());
    STERNA_TRY(const std::vector<MailboxRow> rows, engine_.store->mailboxes());
    const bool of_another = std::ranges::any_of(rows, [&](const MailboxRow& other) {
      return other.id != row.id && other.has_local && is_cur_of(other, cur);
    });
    if (!of_another) return {};
    return fail(Error(ErrorCode::exists, "its place here is taken by another mailbox")
                    .with_scope(ErrorScope::mailbox)
                    .with_context(fmt::format("mailbox {}", row.name.text()))
                    .with_hint("rename the folder that has its name now"));
  }

  coro::Task<Status> create_local(const sync::CreateLocal& what) {
    STERNA_CO_TRY(MailboxRow row, mailbox_row(engine_, what.id));
    STERNA_CO_TRY(const maildir::MailboxPath path, place_of(what.remote.name));
    STERNA_CO_CHECK(check_place(path, row));
    // First what tells of its files: a crash leaves a row that lacks its directory.
    if (row.has_local) STERNA_CO_CHECK(want_messages_again(engine_, row));
    auto job = [&] {
      return maildir::create_mailbox(*engine_.root, engine_.settings.layout, path);
    };
    auto dirs = co_await on_worker(engine_.services, std::move(job));
    if (!dirs) {
      co_return fail(std::move(dirs).error().with_context(
          fmt::format("mailbox {}: its folder here", what.remote.name.text())));
    }
    at_step("mailbox.made_here");
    STERNA_CO_TRY(const io::FileStat cur, dirs->cur->stat());
    take(row, what.remote);
    row.path = maildir::to_string(path);
    row.cur_dev = cur.dev;
    row.cur_ino = cur.ino;
    row.cur_btime_ns = cur.btime_ns;
    row.has_local = true;
    row.stamp.clear();
    ++engine_.report.counts.mailboxes_in;
    co_return save_mailbox(engine_, row, {"mailbox created", "local", {}, reason_});
  }

  coro::Task<Status> create_remote(const sync::CreateRemote& what) {
    const std::string& name = what.local.name.text();
    Result<WireName> encoded = wire_of_new(connection_, what.local.name);
    if (!encoded) co_return fail_in(std::move(encoded), creating(name));
    const WireName wire = *std::move(encoded);
    STERNA_CO_TRY(MailboxRow row, mailbox_row(engine_, what.id));
    // What is made on the server gets a row, whatever becomes of the folder from now on.
    STERNA_CO_CHECK(flush_local(engine_, what.local));
    if (row.has_remote) STERNA_CO_CHECK(release_files(engine_, row));
    STERNA_CO_TRY(imap::Done done, co_await connection_.run(imap::create(wire)));
    if (!done.ok()) STERNA_CO_CHECK(co_await accept_refusal(done, wire, name));
    at_step("mailbox.made_there");
    // What subscribers see: a mailbox that was made here is wanted everywhere.
    STERNA_CO_TRY(imap::Done subscribed, co_await connection_.run(imap::subscribe(wire)));
    if (!subscribed.ok() && engine_.settings.subscribed_only) {
      engine_.note(imap::error_from(subscribed)
                       .with_scope(ErrorScope::mailbox)
                       .with_context(fmt::format("mailbox {}: subscribe to it", name))
                       .with_hint("with `subscribed_only` its mail stays here until it is "
                                  "subscribed"));
    }
    row.name = what.local.name;
    row.wire = wire;
    row.delimiter = connection_.names.delimiter;
    row.has_remote = true;
    row.remote_absences = 0;
    take(row, what.local);
    outcome_.changed.insert(row.id);
    ++engine_.report.counts.mailboxes_out;
    co_return save_mailbox(engine_, row, {"mailbox created", "remote", {}, reason_});
  }

  // Made by another since our LIST, it is there now. What exists and is not listed, as a name that
  // differs by case alone, would be taken for gone from then on.
  coro::Task<Status> accept_refusal(const imap::Done& done, const WireName& wire,
                                    const std::string& name) {
    ListSink sink;
    if (done.code.is(imap::Code::already_exists)) {
      imap::ListOptions options;
      options.patterns = {wire.octets};
      STERNA_CO_CHECK(co_await connection_.run_ok(imap::list(options), &sink));
    }
    const bool listed = std::ranges::any_of(sink.lists, [&](const imap::List& one) {
      return one.name == wire && !one.attributes.no_select && !one.attributes.non_existent;
    });
    if (listed) co_return Status{};
    co_return fail(imap::error_from(done)
                       .with_context(creating(name))
                       .with_hint("its mail stays here and is not sent; give the folder a name "
                                  "that the server takes, or exclude it with `mailboxes`"));
  }

  Status adopt(const sync::AdoptBoth& what) {
    STERNA_TRY(MailboxRow row, mailbox_row(engine_, what.id));
    take(row, what.remote);
    STERNA_CHECK(flush_local(engine_, what.local));
    take(row, what.local);
    return save_mailbox(engine_, row, {});
  }

  // --- what goes

  Status remove_local(const sync::RemoveLocal& what) {
    STERNA_TRY(const MailboxRow row, mailbox_row(engine_, what.id));
    STERNA_CHECK(engine_.begin_destruction(
        [&] { return engine_.store->set(removing_key(row.id), kDecided); }));
    Status removed =
        maildir::remove_empty_mailbox(*engine_.root, maildir::parse_mailbox_path(what.path));
    if (!removed) {
      return fail(std::move(removed).error().with_context(
          fmt::format("mailbox {}: its folder here", row.name.text())));
    }
    at_step("unmailbox.gone_here");
    ++engine_.report.counts.mailboxes_in;
    return forget_mailbox(engine_, row, {"mailbox removed", "local", what.proof, reason_});
  }

  coro::Task<Status> remove_remote(const sync::RemoveRemote& what) {
    STERNA_CO_TRY(const MailboxRow row, mailbox_row(engine_, what.id));
    // Before it is asked: what comes between the answer and DELETE goes with it, and servers may
    // tell of a selected mailbox what they told last.
    STERNA_CO_CHECK(engine_.bump_epoch());
    STERNA_CO_CHECK(co_await leave_mailbox(connection_));
    ListSink sink;
    STERNA_CO_CHECK(
        co_await connection_.run_ok(imap::status(what.wire, {imap::StatusItem::messages}), &sink));
    const auto it = sink.statuses.find(what.wire.octets);
    if (it == sink.statuses.end() || !it->second.messages || *it->second.messages != 0) {
      // Mail came since LIST: the next pass sees it.
      outcome_.frozen.insert(what.id);
      engine_.again = true;
      co_return Status{};
    }
    STERNA_CO_TRY(imap::Done done, co_await connection_.run(imap::delete_mailbox(what.wire)));
    const bool gone = done.ok() || done.code.is(imap::Code::non_existent);
    if (!gone) {
      co_return fail(
          imap::error_from(done)
              .with_context(fmt::format("mailbox {}: delete it on the server", row.name.text()))
              .with_hint("it is empty there and gone here; delete it, and what is below it, with "
                         "another program, or make its folder here again"));
    }
    at_step("unmailbox.gone_there");
    ++engine_.report.counts.mailboxes_out;
    co_return forget_mailbox(engine_, row, {"mailbox removed", "remote", what.proof, reason_});
  }

  // --- what is held

  void hold(const sync::HoldMailbox& what, const std::string& reason) {
    store::HeldEntry entry;
    entry.kind = std::string(sync::to_string(what.kind));
    entry.mailbox = what.id;
    entry.reason = reason;
    entry.since_ms = engine_.now_ms();
    engine_.held_mailboxes.push_back(std::move(entry));
    if (is_absent_here(what)) outcome_.absent_here.insert(what.id);
  }

  bool is_absent_here(const sync::HoldMailbox& what) const {
    if (what.kind == sync::MailboxHeld::remote) return true;
    const sync::KnownMailbox* row = known(what.id);
    const bool kept = what.kind == sync::MailboxHeld::kept && !what.name.is_inbox();
    if (!kept || !row || !input_.local_complete) return false;
    return std::ranges::none_of(input_.local, [&](const sync::LocalMailbox& one) {
      return one.path == row->row.path || (one.cur_ino == row->row.cur_ino &&
                                           one.cur_dev == row->row.cur_dev && !one.inode_reused);
    });
  }

  // What was held and is not now: undecided still where this pass could not tell, or not finish.
  // Else the answer has done its work, or the mailbox is back, and means nothing for the next time.
  Status dissolve_answers() {
    for (const store::HeldEntry& entry : held_before_) {
      if (!is_held_mailbox(entry)) continue;
      const auto planned = action_of_.find(entry.mailbox);
      const sync::MailboxAction* action = planned == action_of_.end() ? nullptr : planned->second;
      if (action && is_open(*action)) {
        engine_.held_mailboxes.push_back(entry);
        continue;
      }
      const bool held_again = action && std::holds_alternative<sync::HoldMailbox>(action->what);
      const sync::KnownMailbox* row = known(entry.mailbox);
      if (held_again && (!row || row->answer == sync::HeldAnswer::none)) continue;
      STERNA_CHECK(engine_.write([&] { return unset_answers(engine_, entry.mailbox); }));
    }
    return {};
  }

  bool is_open(const sync::MailboxAction& action) const {
    if (is_one_of<sync::WaitMailbox, sync::Freeze, sync::EmptyLocal, sync::EmptyRemote>(action)) {
      return true;
    }
    return outcome_.frozen.contains(id_of(action)) &&
           !std::holds_alternative<sync::HoldMailbox>(action.what);
  }

  Engine& engine_;
  Connection& connection_;
  const sync::MailboxesInput& input_;
  MailboxRenames renames_;
  std::map<MailboxId, const sync::KnownMailbox*> known_;
  Places places_;
  std::vector<store::HeldEntry> held_before_;
  std::map<MailboxId, const sync::MailboxAction*> action_of_;
  std::set<MailboxName> still_taken_;
  std::set<MailboxFailure> failures_;
  std::set<std::string> unsaid_;  // of these mailboxes the plan does not say what is to be done
  MailboxesOutcome outcome_;
  std::string reason_;
};

}  // namespace

coro::Task<Result<MailboxesOutcome>> execute_mailboxes(
    Engine& engine, Connection& connection, const sync::MailboxesInput& input,
    const std::vector<sync::MailboxAction>& actions) {
  MailboxExecution execution(engine, connection, input);
  co_return co_await execution.run(actions);
}

}  // namespace sterna::account
