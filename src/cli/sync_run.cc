// SPDX-License-Identifier: Apache-2.0
#include "sync_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "daemon_link.h"
#include "progress_board.h"
#include "report_text.h"
#include "settings_from_config.h"
#include "sterna/account/pause.h"

namespace sterna::cli {
namespace {

using Reports = std::vector<account::AccountReport>;

void announce(Console& console, ProgressBoard& board, const account::AccountReport& report,
              bool dry_run) {
  std::string text;
  // A plan is what was asked for; a summary is for who watches.
  if (dry_run && !console.json()) {
    text = plan_text(report, console.style());
  } else if (console.talkative()) {
    text = summary_text(report, console.style());
  }
  board.done(text, complaints(report));
}

coro::Task<account::AccountReport> sync_one(account::Services services, account::Settings settings,
                                            account::SyncRequest request, ProgressBoard& board,
                                            Console& console) {
  account::Progress& progress = board.add(settings.name);
  const bool dry_run = request.dry_run;
  account::AccountReport report = co_await account::sync_account(
      services, std::move(settings), std::move(request), progress, Log());
  announce(console, board, report, dry_run);
  co_return report;
}

coro::Task<void> draw_beside(ProgressBoard& board, coro::Task<void> work) {
  coro::Scope drawing = co_await coro::make_scope();
  drawing.spawn(board.run());
  co_await std::move(work);
  co_await drawing.close();
}

// Each report has its place in `reports`, which stands for the job that has none yet.
using Places = std::vector<std::optional<account::AccountReport>>;

coro::Task<void> sync_here(const Context& context, Runner& runner, std::vector<SyncJob>& jobs,
                           ProgressBoard& board, Places& reports) {
  std::vector<coro::Task<account::AccountReport>> tasks;
  std::vector<std::size_t> places;
  const account::Neighbours neighbours = neighbours_from_config(context.config);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (reports[i]) continue;
    places.push_back(i);
    account::Settings settings =
        settings_from_config(context.config, *jobs[i].account, runner.loop());
    settings.neighbours = neighbours;
    tasks.push_back(
        sync_one(runner.services(), std::move(settings), jobs[i].request, board, context.console));
  }
  Reports done = co_await gather(std::move(tasks));
  for (std::size_t i = 0; i < places.size(); ++i) reports[places[i]] = std::move(done[i]);
}

account::AccountReport report_of(const std::string& account, Error error) {
  account::AccountReport report;
  report.account = account;
  report.errors.push_back(of_account(account, std::move(error)));
  return report;
}

// What the daemon does not know, as of a configuration that it has not read, is left.
coro::Task<void> sync_there(const Context& context, daemon::Client& client,
                            std::vector<SyncJob>& jobs, ProgressBoard& board, Places& reports) {
  std::vector<daemon::SyncWish> wishes;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (reports[i]) continue;
    places.push_back(i);
    const std::string& name = jobs[i].account->name;
    wishes.push_back({name, jobs[i].request.mailboxes, &board.add(name)});
  }
  const auto settle = [&](std::size_t i, account::AccountReport report) {
    announce(context.console, board, report, false);
    reports[i] = std::move(report);
  };
  const auto told = [&](std::size_t wish, Result<account::AccountReport> report) {
    const std::size_t i = places[wish];
    if (report) {
      settle(i, std::move(*report));
    } else if (!report.error().is(ErrorCode::not_found)) {
      settle(i, report_of(jobs[i].account->name, std::move(report).error()));
    }
  };
  const Status all = co_await client.sync(std::move(wishes), told);
  if (all) co_return;
  for (const std::size_t i : places) {
    if (!reports[i]) settle(i, report_of(jobs[i].account->name, all.error()));
  }
}

coro::Task<void> sync_all(const Context& context, Runner& runner, daemon::Client* client,
                          std::vector<SyncJob>& jobs, ProgressBoard& board, Places& reports) {
  if (client) co_await sync_there(context, *client, jobs, board, reports);
  co_await sync_here(context, runner, jobs, board, reports);
}

// Nothing was to be done, and nothing failed.
std::optional<account::AccountReport> report_if_paused(const Context& context, Runner& runner,
                                                       const config::AccountConfig& account) {
  const auto pause =
      account::read_pause(settings_from_config(context.config, account, runner.loop()),
                          runner.loop().clock().wall_ns() / 1'000'000);
  if (!pause) return report_of(account.name, pause.error());
  if (!*pause) return std::nullopt;
  account::AccountReport report;
  report.account = account.name;
  report.anything_done = true;
  return report;
}

void look_for_pauses(const Context& context, Runner& runner, std::vector<SyncJob>& jobs,
                     ProgressBoard& board, Places& reports) {
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (jobs[i].request.dry_run) continue;
    const config::AccountConfig& account = *jobs[i].account;
    reports[i] = report_if_paused(context, runner, account);
    if (!reports[i]) continue;
    std::string text;
    if (reports[i]->errors.empty() && context.console.talkative())
      text = fmt::format("{}: paused; sterna resume {}\n", account.name, account.name);
    board.done(text, complaints(*reports[i]));
  }
}

}  // namespace

SyncResult sync_accounts(const Context& context, Runner& runner, std::vector<SyncJob> jobs) {
  ProgressBoard board(context.console, runner.loop().clock(), jobs.size());
  Places places(jobs.size());
  look_for_pauses(context, runner, jobs, board, places);
  const bool dry = !jobs.empty() && jobs.front().request.dry_run;
  const bool all_paused =
      std::ranges::all_of(places, [](const auto& one) { return one.has_value(); });
  std::unique_ptr<daemon::Client> client;
  if (!dry && !all_paused) client = find_daemon(context, runner);
  if (client) {
    std::vector<const config::AccountConfig*> asked;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      if (!places[i]) asked.push_back(jobs[i].account);
    }
    tell_of_old_settings(context, runner, *client, asked);
  }
  runner.run(draw_beside(board, sync_all(context, runner, client.get(), jobs, board, places)));
  Reports reports;
  for (auto& report : places) reports.push_back(std::move(*report));

  SyncResult result;
  std::vector<Outcome> outcomes;
  for (account::AccountReport& report : reports) {
    Outcome outcome = outcome_of(report);
    const Exit exit = combine({outcome});
    outcomes.push_back(std::move(outcome));
    result.accounts.push_back({std::move(report), exit});
  }
  result.exit = combine(outcomes);
  // A signal that came when all was done changes nothing; else it explains whatever went wrong
  // since.
  const bool complete = result.exit == Exit::done || result.exit == Exit::held;
  if (runner.interrupted() && !complete) {
    result.exit = Exit::interrupted;
    context.console.error(Error(ErrorCode::cancelled, "interrupted; what was done stays done"));
  }
  return result;
}

}  // namespace sterna::cli
