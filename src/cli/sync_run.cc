// SPDX-License-Identifier: Apache-2.0
#include "sync_run.h"

#include <algorithm>

#include "progress_board.h"
#include "report_text.h"
#include "settings_from_config.h"

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

coro::Task<Reports> sync_all(std::vector<coro::Task<account::AccountReport>> tasks,
                             ProgressBoard& board) {
  coro::Scope drawing = co_await coro::make_scope();
  drawing.spawn(board.run());
  Reports reports = co_await gather(std::move(tasks));
  co_await drawing.close();
  co_return reports;
}

}  // namespace

SyncResult sync_accounts(const Context& context, Runner& runner, std::vector<SyncJob> jobs) {
  ProgressBoard board(context.console, runner.loop().clock(), jobs.size());
  std::vector<coro::Task<account::AccountReport>> tasks;
  for (SyncJob& job : jobs) {
    tasks.push_back(sync_one(runner.services(),
                             settings_from_config(context.config, *job.account, runner.loop()),
                             std::move(job.request), board, context.console));
  }
  Reports reports = runner.run(sync_all(std::move(tasks), board));

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
