// SPDX-License-Identifier: Apache-2.0
#include "sim_world.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "sterna/coro/scope.h"
#include "sterna/store/store.h"

namespace sterna::simulation {
namespace {

namespace fs = std::filesystem;

constexpr int kRounds = 4;
constexpr int kQuietSyncsMax = 16;
// An upload in doubt is looked for three times before it is sent again; a look that comes too soon
// after the one before does not count.
constexpr int kIdleSyncsAtRest = 5;

coro::Task<Result<Secret>> tell_password() {
  co_return Secret("secret word");
}

std::uint64_t work_done(const account::Counts& counts) {
  return counts.downloaded + counts.uploaded + counts.flags_in + counts.flags_out +
         counts.moved_in + counts.moved_out + counts.deleted_in + counts.deleted_out +
         counts.mailboxes_in + counts.mailboxes_out + counts.bodies_fetched;
}

void copy_tree(const std::string& from, const std::string& to) {
  fs::remove_all(to);
  fs::copy(from, to, fs::copy_options::recursive);
}

}  // namespace

coro::Task<void> InlineWorker::run(std::function<void()> job) {
  const Status slept = co_await clock_.sleep(std::chrono::milliseconds(random_.below(4)));
  static_cast<void>(slept);  // a job that was handed over runs, cancelled or not
  job();
}

// One sync and the fault that it meets.
struct SimWorld::Run {
  Fault fault = Fault::none;
  coro::Scope* scope = nullptr;
  std::optional<std::uint64_t> disk_operations_left;
  bool dead = false;
  std::shared_ptr<bool> over = std::make_shared<bool>(false);
  std::optional<account::AccountReport> report;
};

SimWorld::SimWorld(std::uint64_t seed)
    : random_(seed),
      diary_{random_, {}, {}, 1, 1, 0, {}},
      local_(machine_.disk(), "mail", diary_),
      remote_(server_, diary_),
      network_(clock_, random_, server_, Abilities::random(random_)),
      worker_(clock_, random_) {
  if (random_.chance(40)) server_.delimiter = '.';
  test::MemoryDisk& disk = machine_.disk();
  disk.granularity_ns = random_.chance(50) ? 1 : 4'000'000;
  disk.has_nameless_files = random_.chance(70);
  disk.make_maildir("mail/INBOX");
  disk.before = [this](test::DiskOp operation, std::string_view) {
    return before_disk_operation(operation);
  };
  diary_.is_in_doubt = [this](const std::string& token) { return is_in_doubt(token); };
  diary_.is_recorded = [this](const std::string& base_name) { return is_recorded(base_name); };
  fs::create_directory(state_ / "state");
}

SimWorld::~SimWorld() {
  machine_.disk().before = nullptr;
}

account::Settings settings_of(const std::string& state_dir) {
  account::Settings settings;
  settings.name = "sim";
  settings.user = "ann";
  settings.password = tell_password;
  settings.endpoint.host = "imap.example.org";
  settings.endpoint.port = 993;
  settings.connections = 2;
  settings.compress = account::Compress::no;
  settings.maildir = "/mail";
  settings.state_dir = state_dir;
  settings.quiet = std::chrono::milliseconds(0);
  settings.includes = [](const MailboxName&, Role) { return true; };
  settings.policy_for = [](const MailboxName&) {
    account::MailboxPolicy policy;
    policy.local_delete = sync::LocalDelete::expunge;
    policy.brake = {1.0, 1'000'000};
    return policy;
  };
  settings.to_local = [](const MailboxName& name) -> Result<MailboxName> { return name; };
  settings.to_remote = settings.to_local;
  return settings;
}

Status SimWorld::before_disk_operation(test::DiskOp) {
  test::MemoryDisk& disk = machine_.disk();
  disk.set_now_ns(std::max(disk.now_ns(), clock_.wall_ns()));
  if (!running_) return {};
  if (running_->disk_operations_left && (*running_->disk_operations_left)-- == 0) {
    running_->disk_operations_left.reset();
    end(*running_);
  }
  if (running_->dead) return fail(ErrorCode::io, "the process was killed");
  return {};
}

// The moment of the fault, if it is not one of the line.
void SimWorld::end(Run& run) {
  if (run.fault == Fault::kill && !run.dead) {
    run.dead = true;
    copy_tree(state_ / "state", state_ / "at_death");
    network_.go_down();
  }
  run.scope->cancel();
}

void SimWorld::plan_end(Run& run, Fault fault) {
  run.fault = fault;
  if (fault == Fault::none) return;
  diary_.ledger.broken();
  if (fault == Fault::cut) {
    network_.cut_after(random_.below(random_.chance(50) ? 2'000 : 20'000));
    return;
  }
  if (random_.chance(60)) {
    run.disk_operations_left = random_.below(random_.chance(50) ? 60 : 400);
    return;
  }
  clock_.schedule(std::chrono::milliseconds(random_.below(600)), [this, over = run.over, &run] {
    if (!*over) end(run);
  });
}

void SimWorld::work(unsigned deeds) {
  test::MemoryDisk& disk = machine_.disk();
  for (unsigned i = 0; i < deeds; ++i) {
    disk.set_now_ns(std::max(disk.now_ns(), clock_.wall_ns()));
    diary_.now_s = clock_.wall_ns() / 1'000'000'000;
    if (random_.chance(50)) {
      local_.act();
    } else {
      remote_.act();
    }
  }
}

void SimWorld::work_during_sync(Run& run) {
  for (std::uint64_t deeds = random_.below(4); deeds > 0; --deeds) {
    clock_.schedule(std::chrono::milliseconds(random_.below(400)), [this, over = run.over] {
      if (!*over) work(1);
    });
  }
}

void SimWorld::pass_time(std::chrono::seconds at_most) {
  const auto limit = static_cast<std::uint64_t>(at_most.count()) * 1000;
  static_cast<void>(clock_.run(clock_.sleep(std::chrono::milliseconds(random_.between(1, limit)))));
}

coro::Task<void> SimWorld::sync_beside_faults(Run& run) {
  coro::Scope scope = co_await coro::make_scope();
  run.scope = &scope;
  account::Services services{clock_, worker_, network_, random_, machine_};
  account::Progress progress;
  const auto keep = [](SimWorld& world, account::Services given, account::Progress& to,
                       Run& kept) -> coro::Task<void> {
    kept.report = co_await account::sync_account(given, world.settings(), {}, to, Log());
  };
  scope.spawn(keep(*this, services, progress, run));
  co_await scope.join();
  run.scope = nullptr;
}

account::AccountReport SimWorld::sync(Fault fault) {
  constexpr std::array kNames{"sync", "sync, line cut", "sync, cancelled", "sync, killed"};
  Run run;
  running_ = &run;
  plan_end(run, fault);
  if (fault != Fault::none) work_during_sync(run);
  diary_.note(kNames.at(static_cast<std::size_t>(fault)));
  clock_.run(sync_beside_faults(run));
  *run.over = true;
  running_ = nullptr;
  network_.cut_after(std::nullopt);
  if (run.dead) {
    fs::remove_all(state_ / "state");
    fs::rename(state_ / "at_death", state_ / "state");
  }
  network_.go_up();
  clock_.settle();
  const account::AccountReport& report = *run.report;
  const account::Counts& counts = report.counts;
  diary_.note(fmt::format("  down {} up {} flags {}/{} moved {}/{} deleted {}/{} mailboxes {}/{}",
                          counts.downloaded, counts.uploaded, counts.flags_in, counts.flags_out,
                          counts.moved_in, counts.moved_out, counts.deleted_in, counts.deleted_out,
                          counts.mailboxes_in, counts.mailboxes_out));
  for (const Error& error : report.errors) diary_.note("  " + error.describe());
  return *std::move(run.report);
}

// True if it found nothing to do.
bool SimWorld::quiet_sync(std::vector<std::string>& wrong) {
  const std::uint64_t changes = server_.changes_by_sessions;
  const std::uint64_t bodies = server_.bodies_sent;
  const std::vector<std::string> files = machine_.disk().files();
  const account::AccountReport report = sync(Fault::none);
  if (report.marker_held) wrong.emplace_back("the marker is held");
  return report.errors.empty() && report.held == 0 && report.quarantined == 0 &&
         work_done(report.counts) == 0 && server_.changes_by_sessions == changes &&
         server_.bodies_sent == bodies && machine_.disk().files() == files;
}

// Of files that are held a person says whether the message was to go; the rest is as chance has it.
account::HeldDecision SimWorld::decision_about(const std::vector<account::HeldLine>& held,
                                               const std::string& mailbox) {
  std::vector<std::string> deleted;
  bool living = false;
  for (const account::HeldLine& line : held) {
    if (line.mailbox != mailbox || line.kind != "orphan") continue;
    const std::string base = line.path.substr(line.path.rfind('/') + 1);
    const std::string token = local_.token_of_base(base.substr(0, base.find(':')));
    living = living || !diary_.ledger.is_deleted(token);
    if (diary_.ledger.is_deleted(token)) deleted.push_back(token);
  }
  if (!living && !deleted.empty()) return account::HeldDecision::apply;
  if (!living) {
    return random_.chance(50) ? account::HeldDecision::apply : account::HeldDecision::restore;
  }
  for (const std::string& token : deleted) diary_.ledger.left_open(token);
  return account::HeldDecision::restore;
}

// What is held waits for a person (docs/safety.md, section 2, d).
void SimWorld::decide_held() {
  const auto held = account::read_held(settings());
  if (!held) return;
  std::set<std::string> mailboxes;
  for (const account::HeldLine& line : *held) {
    diary_.note(fmt::format("  held: {} {}: {}", line.kind, line.path, line.reason));
    mailboxes.insert(line.mailbox);
  }
  for (const std::string& mailbox : mailboxes) {
    const account::HeldDecision decision = decision_about(*held, mailbox);
    const bool apply = decision == account::HeldDecision::apply;
    diary_.note(fmt::format("held {} in {}", apply ? "apply" : "restore", mailbox));
    static_cast<void>(account::decide_held(settings(), decision, MailboxName(mailbox)));
  }
}

// Whether an upload of it is open in what the state has kept, and the server is not known to have
// it.
bool SimWorld::is_in_doubt(const std::string& token) const {
  copy_tree(state_ / "state", state_ / "look");
  const auto store = store::Store::open(state_ / "look", true);
  if (!store) return false;
  const auto intents = (*store)->intents();
  const std::vector<std::string> bases = local_.bases_of(token);
  return intents && std::ranges::any_of(*intents, [&](const Intent& intent) {
           return intent.kind == IntentKind::upload && !intent.stored &&
                  std::ranges::find(bases, intent.base_name) != bases.end();
         });
}

bool SimWorld::is_recorded(const std::string& base_name) const {
  const bool dead = running_ && running_->dead;
  copy_tree(state_ / (dead ? "at_death" : "state"), state_ / "look");
  const auto store = store::Store::open(state_ / "look", true);
  if (!store) return false;
  const auto rows = (*store)->messages_by_base_name(base_name);
  return rows && !rows->empty();
}

void SimWorld::rest(std::vector<std::string>& wrong) {
  int idle = 0;
  for (int syncs = 0; syncs < kQuietSyncsMax && idle < kIdleSyncsAtRest; ++syncs) {
    idle = quiet_sync(wrong) ? idle + 1 : 0;
    decide_held();
    pass_time(std::chrono::hours(2));
  }
  if (idle < kIdleSyncsAtRest) wrong.emplace_back("it does not come to rest");
  const std::vector<Copy> here = local_.copies();
  for (std::string& text : diary_.ledger.check(here, remote_.copies())) {
    wrong.push_back(std::move(text));
  }
  for (const std::string& line : server_.complaints) wrong.push_back("BAD: " + line);
  if (!wrong.empty()) return;
  diary_.ledger.settle(here);
  diary_.note("at rest");
  diary_.story.clear();
}

std::vector<std::string> SimWorld::run() {
  std::vector<std::string> wrong;
  for (int round = 0; round < kRounds && wrong.empty(); ++round) {
    for (std::uint64_t syncs = random_.between(1, 4); syncs > 0; --syncs) {
      work(static_cast<unsigned>(random_.below(12)));
      sync(static_cast<Fault>(random_.below(4)));
      pass_time(std::chrono::minutes(random_.chance(50) ? 1 : 60));
    }
    rest(wrong);
  }
  return wrong;
}

}  // namespace sterna::simulation
