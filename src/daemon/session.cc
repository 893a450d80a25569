// SPDX-License-Identifier: Apache-2.0
#include "session.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "sterna/account/pause.h"
#include "sterna/base/bytes.h"
#include "sterna/io/deadline.h"
#include "wire.h"

namespace sterna::daemon {
namespace {

// Reading stops while so many requests of one connection are carried out.
constexpr std::size_t kRequestsMax = 256;
constexpr std::chrono::milliseconds kProgressEvery{150};
// Who works on a state for longer meets the daemon at its lock.
constexpr std::chrono::minutes kLoanMax{10};
// Changes of an account that follow one another are told once.
constexpr std::chrono::milliseconds kLivesEvery{100};

// What is known of a sync, to be told now and then.
class Notes : public account::Progress {
 public:
  explicit Notes(std::string account) { note_.account = std::move(account); }

  void expect(std::uint64_t messages, std::uint64_t octets) override {
    note_.expected_messages += messages;
    note_.expected_octets += octets;
  }
  void transferred(std::uint64_t messages, std::uint64_t octets) override {
    note_.done_messages += messages;
    note_.done_octets += octets;
  }
  void phase(std::string_view, std::string_view what) override { note_.phase = what; }

  // None if nothing is new since the last call.
  std::optional<ProgressNote> news() {
    if (note_ == told_) return std::nullopt;
    told_ = note_;
    return note_;
  }

 private:
  ProgressNote note_;
  ProgressNote told_;
};

coro::Task<void> tell_progress(io::Clock& clock, net::LocalConnection& connection, Notes& notes,
                               std::int64_t id) {
  for (;;) {
    const Status slept = co_await clock.sleep(kProgressEvery);
    if (!slept) co_return;
    const Status room = co_await connection.room();
    if (!room) co_return;
    if (const auto note = notes.news()) connection.post(progress_line(id, *note));
  }
}

// A loan or a sync ended with its account, and not with whoever asked.
Error taken_away(const std::string& account) {
  return Error(ErrorCode::changed, fmt::format("the daemon has ended account {}", account))
      .with_scope(ErrorScope::account)
      .with_hint("try again");
}

Error unknown(const std::string& account) {
  return Error(ErrorCode::not_found,
               fmt::format("the daemon has no account {}", printable(account, 80)))
      .with_hint("if it is new in the configuration: reload the daemon");
}

Error lies_elsewhere(const std::string& account, const std::string& state_dir) {
  return Error(ErrorCode::not_found, fmt::format("the daemon's account {} has no state in {}",
                                                 printable(account, 80), printable(state_dir)))
      .with_hint("it is of another configuration; if state_dir has changed: reload the daemon");
}

}  // namespace

Session::Session(Control& control, net::LocalConnection& connection, coro::Scope& scope)
    : control_(control), connection_(connection), scope_(scope), requests_(kRequestsMax) {}

coro::Task<void> Session::run() {
  for (;;) {
    const Status room = co_await connection_.room();
    if (!room) co_return;
    auto line = co_await connection_.read_line();
    if (line && *line) {
      co_await handle(std::move(**line));
      continue;
    }
    if (!line && line.error().is(ErrorCode::too_big)) {
      refuse(std::nullopt, Error(ErrorCode::usage, line.error().message()));
      co_await coro::yield();  // for the pump
    }
    co_return;
  }
}

void Session::refuse(std::optional<std::int64_t> id, const Error& error) {
  connection_.post(failed_line(id, error));
}

std::optional<std::vector<std::string>> Session::names_of(const Request& request) {
  std::vector<std::string> names = request.accounts;
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  for (const std::string& name : names) {
    const Member* member = control_.roster_.find(name);
    if (member && member->keeps_state_in(request.state_dir)) continue;
    refuse(request.id, member ? lies_elsewhere(name, request.state_dir) : unknown(name));
    return std::nullopt;
  }
  if (names.empty()) {
    for (const Member* member : control_.roster_.all()) {
      if (member->keeps_state_in(request.state_dir)) names.push_back(member->said().name);
    }
  }
  return names;
}

std::vector<AccountLife> Session::lives_of(const std::vector<std::string>& names) {
  std::vector<AccountLife> lives;
  for (const std::string& name : names) {
    if (Member* member = control_.roster_.find(name)) lives.push_back(member->life_and_settings());
  }
  return lives;
}

coro::Task<void> Session::handle(std::string line) {
  ReadRequest read = read_request(line);
  if (!read.request) {
    refuse(read.id, read.request.error());
    co_return;
  }
  Request request = std::move(*read.request);
  switch (request.op) {
    case Op::status:
      if (const auto names = names_of(request))
        connection_.post(lives_line(request.id, lives_of(*names)));
      co_return;
    case Op::pause:
    case Op::resume:
      pause(request);
      co_return;
    case Op::subscribe:
      subscribe(request);
      co_return;
    case Op::give_back:
      if (!lends_) {
        refuse(request.id, Error(ErrorCode::usage, "nothing is lent"));
        co_return;
      }
      return_id_ = request.id;  // answered when it has ended
      returned_.set();
      co_return;
    case Op::sync:
    case Op::lend:
    case Op::reload:
      break;
  }
  auto permit = co_await requests_.hold();
  if (permit) scope_.spawn(carry_out(std::move(request), std::move(*permit)));
}

coro::Task<void> Session::carry_out(Request request, coro::Semaphore::Permit permit) {
  if (request.op == Op::sync) {
    co_await sync(std::move(request));
  } else if (request.op == Op::lend) {
    co_await lend(std::move(request));
  } else {
    co_await reload(std::move(request));
  }
  permit.release();
}

coro::Task<void> Session::sync_one(std::string account, std::vector<MailboxName> mailboxes,
                                   std::int64_t id, Result<account::AccountReport>& report) {
  Member* member = control_.roster_.find(account);
  if (!member) co_return;
  const coro::Context context = co_await coro::current();
  coro::CancelState cancel(*context.cancel);
  Use use(*member, cancel);
  Notes notes(account);
  coro::Scope telling = co_await coro::make_scope();
  telling.spawn(tell_progress(control_.loop_.clock(), connection_, notes, id));
  auto done = co_await use.account().sync(std::move(mailboxes), notes).under(cancel);
  if (!cancel.requested()) report = std::move(done);
  co_await telling.close();
}

coro::Task<void> Session::sync(Request request) {
  const auto names = names_of(request);
  if (!names) co_return;
  std::vector<Result<account::AccountReport>> results;
  for (const std::string& name : *names) results.emplace_back(fail(taken_away(name)));
  coro::Scope all = co_await coro::make_scope();
  for (std::size_t i = 0; i < names->size(); ++i)
    all.spawn(sync_one((*names)[i], request.mailboxes, request.id, results[i]));
  co_await all.join();
  std::vector<account::AccountReport> reports;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i]) {
      reports.push_back(std::move(*results[i]));
      continue;
    }
    account::AccountReport& ended = reports.emplace_back();
    ended.account = (*names)[i];
    ended.errors.push_back(results[i].error());
  }
  connection_.post(reports_line(request.id, reports));
}

// In the order of the names, so that two who borrow several cannot wait for one another.
coro::Task<void> Session::lend(Request request) {
  const auto names = names_of(request);
  if (!names) co_return;
  if (std::exchange(lends_, true)) {
    refuse(request.id, Error(ErrorCode::usage, "something is lent already; return it first"));
    co_return;
  }
  returned_.reset();
  const coro::Context context = co_await coro::current();
  coro::CancelState cancel(*context.cancel);  // one account that a reload takes away ends it
  std::vector<std::unique_ptr<Use>> uses;
  std::vector<account::Account::Loan> loans;
  std::optional<Error> problem;
  for (const std::string& name : *names) {
    Member* member = control_.roster_.find(name);
    if (!member || !member->keeps_state_in(request.state_dir)) {
      problem = taken_away(name);
      break;
    }
    uses.push_back(std::make_unique<Use>(*member, cancel));
    auto loan = co_await uses.back()->account().lend().under(cancel);
    if (!loan) {
      problem = loan.error().is_cancelled() ? taken_away(name) : loan.error();
      break;
    }
    loans.push_back(std::move(*loan));
  }
  if (problem) {
    refuse(request.id, *problem);
  } else {
    connection_.post(done_line(request.id));
    const Status returned =
        co_await io::wait_for(control_.loop_.clock(), kLoanMax, returned_).under(cancel);
    if (!returned && returned.error().is(ErrorCode::timeout)) {
      control_.log_.warn("a loan of {} was not returned, and is taken back",
                         fmt::join(*names, ", "));
    }
  }
  // A loan ends before its account may.
  loans.clear();
  uses.clear();
  lends_ = false;
  if (const auto id = std::exchange(return_id_, std::nullopt)) connection_.post(done_line(*id));
}

void Session::pause(const Request& request) {
  const auto names = names_of(request);
  if (!names) return;
  const bool pauses = request.op == Op::pause;
  // What a server asked for ends only where its account is named.
  const bool is_named = !request.accounts.empty() && !request.keep_waits;
  for (const std::string& name : *names) {
    Member* member = control_.roster_.find(name);
    if (!member) continue;
    const account::Settings& settings = member->account().settings();
    std::optional<account::Pause> pause;
    if (pauses) pause = account::Pause{request.until_ms.value_or(0)};
    const Status written = pauses || !is_named ? account::write_pause(settings, pause)
                                               : account::end_pause_and_wait(settings);
    if (!written) {
      refuse(request.id, written.error());
      return;
    }
    if (pauses) {
      member->account().pause(request.until_ms);
    } else if (is_named) {
      member->account().resume_despite_wait();
    } else {
      member->account().resume();
    }
  }
  connection_.post(done_line(request.id));
}

coro::Task<void> Session::reload(Request request) {
  const Status done = co_await control_.reload_();
  if (done) {
    connection_.post(done_line(request.id));
  } else {
    refuse(request.id, done.error());
  }
}

// --- events

void Session::subscribe(const Request& request) {
  const auto names = names_of(request);
  if (!names) return;
  connection_.post(lives_line(request.id, lives_of(*names)));
  accounts_ = std::set<std::string>(request.accounts.begin(), request.accounts.end());
  state_dir_ = request.state_dir;
  if (!std::exchange(subscribed_, true)) scope_.spawn(tell_lives());
}

bool Session::subscribed_to(const std::string& account) const {
  return subscribed_ && (accounts_.empty() || accounts_.contains(account));
}

void Session::tell_life(const std::string& account) {
  if (!subscribed_to(account)) return;
  changed_.insert(account);
  news_.set();
}

// It waits for nobody: whoever does not read is dropped.
void Session::tell_synced(const account::AccountReport& report) {
  if (!subscribed_to(report.account)) return;
  const Member* member = control_.roster_.find(report.account);
  if (state_dir_.empty() || (member && member->keeps_state_in(state_dir_)))
    connection_.post(synced_event(report));
}

coro::Task<void> Session::tell_lives() {
  for (;;) {
    news_.reset();
    if (changed_.empty()) {
      const Status any = co_await news_.wait();
      if (!any) co_return;
    }
    const std::set<std::string> changed = std::exchange(changed_, {});
    for (const std::string& name : changed) {
      const Status room = co_await connection_.room();
      if (!room) co_return;
      const Member* member = control_.roster_.find(name);
      if (!member)
        connection_.post(ended_event(name));
      else if (member->keeps_state_in(state_dir_))
        connection_.post(life_event(member->life()));
    }
    const Status slept = co_await control_.loop_.clock().sleep(kLivesEvery);
    if (!slept) co_return;
  }
}

}  // namespace sterna::daemon
