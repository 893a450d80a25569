// SPDX-License-Identifier: Apache-2.0
#include "sterna/account/account.h"

#include <algorithm>
#include <utility>

#include "account_impl.h"

namespace sterna::account {

Account::Account(Services services, io::Watcher& watcher, Settings settings, LifeSettings life,
                 Observer& observer, Log log)
    : impl_(std::make_unique<Impl>(*this, services, watcher, std::move(settings), std::move(life),
                                   observer, std::move(log))) {}

Account::~Account() = default;

coro::Task<void> Account::run() {
  return impl_->live();
}

const std::string& Account::name() const {
  return impl_->settings.name;
}

const Settings& Account::settings() const {
  return impl_->settings;
}

const Life& Account::life() const {
  impl_->count();
  return impl_->life;
}

coro::Task<AccountReport> Account::sync(std::vector<MailboxName> mailboxes, Progress& progress) {
  auto request = std::make_shared<RequestedSync>();
  request->mailboxes = std::move(mailboxes);
  request->to = &progress;
  impl_->requests.push_back(request);
  if (impl_->over) impl_->answer_all();
  impl_->wake.set();
  const Status waited = co_await request->done.wait();
  request->to = nullptr;
  if (!waited) {
    std::erase(impl_->requests, request);
    request->report.account = name();
    request->report.errors.push_back(waited.error());
  }
  co_return std::move(request->report);
}

Account::Loan::Loan(Account& account, coro::Semaphore::Permit permit)
    : account_(&account), permit_(std::move(permit)) {}

Account::Loan::Loan(Loan&& other) noexcept
    : account_(std::exchange(other.account_, nullptr)), permit_(std::move(other.permit_)) {}

Account::Loan& Account::Loan::operator=(Loan&& other) noexcept {
  std::swap(account_, other.account_);
  std::swap(permit_, other.permit_);
  return *this;
}

Account::Loan::~Loan() {
  if (!account_) return;
  permit_.release();
  Impl& impl = *account_->impl_;
  impl.schedule.look_at_everything(impl.now());
  impl.schedule.stop_waiting();
  impl.wake.set();
}

coro::Task<Result<Account::Loan>> Account::lend() {
  STERNA_CO_TRY(coro::Semaphore::Permit permit, co_await impl_->turn.hold());
  impl_->enter(LifeState::syncing);
  impl_->kept.state.reset();
  impl_->local.forget_own();
  co_return Loan(*this, std::move(permit));
}

coro::Task<Status> Account::meet(Neighbours neighbours) {
  STERNA_CO_TRY(const coro::Semaphore::Permit permit, co_await impl_->turn.hold());
  impl_->settings.neighbours = std::move(neighbours);
  co_return {};
}

void Account::tell_changes(bool tells) {
  impl_->life_settings.tells_changes = tells;
}

void Account::pause(std::optional<std::int64_t> until_ms) {
  impl_->pause_until = until_ms.value_or(0);
  impl_->work.stop();
  impl_->wake.set();
}

void Account::resume() {
  if (impl_->pause_until) impl_->go_on();
}

void Account::resume_despite_wait() {
  if (impl_->pause_until || impl_->waits_as_told()) impl_->go_on();
}

void Account::probe(std::string_view reason) {
  impl_->probe_reason = reason;
  impl_->silence.forget();  // after a sleep the network may be another one, too
  impl_->kept.pool.doubt_refusals();
  impl_->remote.doubt_refusal();
  impl_->beside.probe(reason);
  impl_->work.doubt(impl_->line_limit());
  impl_->doubted.set();
  impl_->wake.set();
}

}  // namespace sterna::account
