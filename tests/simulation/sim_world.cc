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

constexpr int kQuietSyncsMax = 16;
// What programs wrote is on the disk after so long, flushed or not. Sterna relies on an hour.
constexpr std::chrono::minutes kWriteBack{50};
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

// A mailbox that was numbered anew too often (safety.md, 34).
bool is_left_for_a_day(const account::AccountReport& report) {
  return std::ranges::any_of(report.errors, [](const Error& error) {
    return error.describe().contains("the third time in a day");
  });
}

// The state of a simulated account lies in memory, where there is such a place.
std::string memory_directory() {
  const std::string memory = "/dev/shm";
  return fs::is_directory(memory) ? memory : fs::temp_directory_path().string();
}

std::string mail_root(const Script& script) {
  return script.has("mail-apart") ? "mail" : "disk/mail";
}

void copy_tree(const std::string& from, const std::string& to) {
  fs::remove_all(to);
  fs::copy(from, to, fs::copy_options::recursive);
}

// One that no row knows.
bool is_file(const account::HeldLine& line) {
  return line.kind == "orphan" || line.kind == "resurrected";
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
  std::uint64_t dice = 0;
  coro::Scope* scope = nullptr;
  std::optional<std::uint64_t> disk_operations_left;
  bool dead = false;
  std::shared_ptr<bool> over = std::make_shared<bool>(false);
  std::optional<account::AccountReport> report;
};

SimWorld::SimWorld(Script script)
    : script_(std::move(script)),
      engine_random_(script_.seed),
      line_random_(script_.seed + 1),
      worker_random_(script_.seed + 2),
      state_(memory_directory()),
      mail_disk_(prepare_disks()),
      local_(mail_disk_, mail_root(script_), diary_),
      remote_(server_, diary_),
      network_(clock_, line_random_, server_, Abilities::of(script_)),
      worker_(clock_, worker_random_) {
  if (script_.has("dot")) server_.delimiter = '.';
  if (script_.has("trash")) {
    server_.create(remote_.wire_of("Trash"));
    diary_.ledger.trash = Trash{"Trash", !script_.has("move")};
  }
  diary_.ledger.rewrites = script_.has("rewrites");
  server_.gone = [this](const std::string& octets) { witness_.gone_from_server(octets); };
  server_.filtered = [this](const std::string& octets, const std::string& to) {
    remote_.filtered(octets, to);
  };
  server_.before_command = [this](const std::string&) { witness_.look(wrong_); };
  diary_.is_in_doubt = [this](const std::string& token) { return is_in_doubt(token); };
  diary_.is_recorded = [this](const std::string& base_name) { return is_recorded(base_name); };
  fs::create_directory(state_ / "state");
}

SimWorld::~SimWorld() {
  machine_.disk().before = nullptr;
  mail_disk_.before = nullptr;
}

// The Maildir is below /disk, which may be another file system than that of the undo area.
test::MemoryDisk& SimWorld::prepare_disks() {
  const bool apart = script_.has("mail-apart");
  machine_.disk().make_directories(script_.has("mount-point") ? "disk/mail" : "disk");
  test::MemoryDisk& mail = apart ? machine_.mount("/disk") : machine_.disk();
  mail.make_maildir(mail_root(script_) + "/INBOX");
  for (test::MemoryDisk* disk : std::set{&machine_.disk(), &mail}) {
    disk->granularity_ns = script_.has("coarse") ? 4'000'000 : 1;
    disk->has_nameless_files = script_.has("nameless");
    disk->sync_all();
    watch(*disk);
  }
  return mail;
}

void SimWorld::watch(test::MemoryDisk& disk) {
  disk.before = [this, &disk](test::DiskOp, std::string_view) {
    disk.set_now_ns(std::max(disk.now_ns(), clock_.wall_ns()));
    return before_disk_operation();
  };
  witness_.watch(disk);
}

account::Settings settings_of(const std::string& state_dir, const std::string& maildir) {
  account::Settings settings;
  settings.name = "sim";
  settings.user = "ann";
  settings.password = tell_password;
  settings.endpoint.host = "imap.example.org";
  settings.endpoint.port = 993;
  settings.connections = 2;
  settings.compress = account::Compress::no;
  settings.maildir = maildir;
  settings.state_dir = state_dir;
  settings.quiet = settings.settles = std::chrono::milliseconds(0);
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

Status SimWorld::before_disk_operation() {
  witness_.look(wrong_);
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
  if (run.fault != Fault::cancel && !run.dead) {
    run.dead = true;
    keep_state();
    network_.go_down();
    if (run.fault == Fault::power) lose_power(run.dice);
  }
  run.scope->cancel();
}

// The state as it is now, for when a process that is dead to the world has come to its end.
void SimWorld::keep_state() {
  copy_tree(state_ / "state", state_ / "at_death");
  files_at_death_ = state_disk_.files();
}

void SimWorld::put_back_state() {
  fs::remove_all(state_ / "state");
  fs::rename(state_ / "at_death", state_ / "state");
  state_disk_.put_back(std::move(files_at_death_));
}

// Of both disks. What the state is then lies where keep_state() has put it.
void SimWorld::lose_power(std::uint64_t dice) {
  witness_.look(wrong_);
  StateDisk::lose_power(files_at_death_, state_ / "at_death", SeededRandom(dice));
  files_at_death_ = StateDisk::stored_in(state_ / "at_death");
  machine_.lose_power(dice);
  clock_.restart();
  witness_.look(wrong_);
  local_.clean_up(remote_.mailboxes());
  diary_.ledger.power_lost([this](const std::string& token) { return witness_.sees(token); });
}

// As the kernel does by itself.
void SimWorld::write_back() {
  machine_.disk().sync_all();
  mail_disk_.sync_all();
  state_disk_.sync_all();
  written_back_ = clock_.monotonic();
}

// Steps that name several faults have the first of them.
void SimWorld::plan_end(Run& run, const Step& step) {
  if (step.has("cut")) {
    run.fault = Fault::cut;
    network_.cut_after(step.number("cut"));
  }
  for (const auto& [name, fault] :
       {std::pair{"cancel", Fault::cancel}, {"kill", Fault::kill}, {"power", Fault::power}}) {
    const std::string operations = std::string(name) + "_ops";
    const std::string time = std::string(name) + "_ms";
    if (run.fault != Fault::none || !(step.has(operations) || step.has(time))) continue;
    run.fault = fault;
    run.dice = step.number("dice");
    if (step.has(operations)) {
      run.disk_operations_left = step.number(operations);
      continue;
    }
    clock_.schedule(std::chrono::milliseconds(step.number(time)), [this, over = run.over, &run] {
      if (!*over) end(run);
    });
  }
  if (run.fault != Fault::none) diary_.ledger.broken();
}

void SimWorld::plan_deeds(Run& run) {
  if (!soon_.empty()) diary_.ledger.broken();
  for (const Step& step : std::exchange(soon_, {})) {
    clock_.schedule(std::chrono::milliseconds(step.number("at")), [this, over = run.over, step] {
      if (!*over) act(step);
    });
  }
}

account::Settings SimWorld::settings() const {
  account::Settings settings = settings_of(state_ / "state", "/disk/mail");
  if (!script_.has("trash")) return settings;
  settings.policy_for = [policy = settings.policy_for](const MailboxName& name) {
    account::MailboxPolicy with_trash = policy(name);
    with_trash.local_delete = sync::LocalDelete::trash;
    return with_trash;
  };
  return settings;
}

bool SimWorld::act(const Step& step) {
  witness_.look(wrong_);
  mail_disk_.set_now_ns(std::max(mail_disk_.now_ns(), clock_.wall_ns()));
  diary_.now_s = clock_.wall_ns() / 1'000'000'000;
  diary_.amid_sync = running_ && !running_->dead;
  Deed deed(step.id, step.number("dice"));
  deed.names_all = script_.has("message-ids");
  const std::string_view what = step.what;
  if (what.starts_with("local.") && !mounted_) return true;
  // A server that gives the numbers of what it forgot to new mail before anybody looked cannot be
  // seen through.
  if (what.starts_with("remote.") && is_rolled_back_) return true;
  if (what.starts_with("local.")) return local_.act(what.substr(6), deed);
  if (what.starts_with("remote.")) return remote_.act(what.substr(7), deed);
  return false;
}

void SimWorld::wait(std::chrono::milliseconds time) {
  if (clock_.monotonic() + time - written_back_ > kWriteBack) write_back();
  static_cast<void>(clock_.run(clock_.sleep(time)));
}

void SimWorld::set_clock(std::chrono::milliseconds by) {
  if (by == by.zero()) return;
  diary_.note(fmt::format("the clock is set by {} s", by.count() / 1000));
  clock_.shift_wall(by);
  for (test::MemoryDisk* disk : std::set{&machine_.disk(), &mail_disk_}) {
    disk->set_now_ns(clock_.wall_ns());
  }
}

coro::Task<void> SimWorld::sync_beside_faults(Run& run) {
  coro::Scope scope = co_await coro::make_scope();
  run.scope = &scope;
  account::Services services{clock_, worker_, network_, engine_random_, machine_};
  account::Progress progress;
  const auto keep = [](SimWorld& world, account::Services given, account::Progress& to,
                       Run& kept) -> coro::Task<void> {
    kept.report = co_await account::sync_account(given, world.settings(), {}, to, Log());
  };
  scope.spawn(keep(*this, services, progress, run));
  co_await scope.join();
  run.scope = nullptr;
}

account::AccountReport SimWorld::sync(const Step& step) {
  constexpr std::array kNames{"sync", "sync, line cut", "sync, cancelled", "sync, killed",
                              "sync, power lost"};
  const std::uint64_t chance = SeededRandom(script_.seed ^ (std::uint64_t{step.id} << 32)).next();
  if (clock_.monotonic() - written_back_ > kWriteBack) write_back();
  engine_random_ = SeededRandom(chance);
  line_random_ = SeededRandom(chance + 1);
  worker_random_ = SeededRandom(chance + 2);
  Run run;
  running_ = &run;
  plan_end(run, step);
  plan_deeds(run);
  diary_.note(kNames.at(static_cast<std::size_t>(run.fault)));
  clock_.run(sync_beside_faults(run));
  *run.over = true;
  running_ = nullptr;
  network_.cut_after(std::nullopt);
  if (run.dead) put_back_state();
  begun_ = begun_ || !run.dead;
  network_.go_up();
  clock_.settle();
  witness_.look(wrong_);
  const account::AccountReport& report = *run.report;
  if (report.errors.empty() && !report.marker_held && run.fault == Fault::none) {
    is_rolled_back_ = false;
    diary_.ledger.synced(report.held != 0 && holds_a_mailbox());
  }
  const account::Counts& counts = report.counts;
  diary_.note(fmt::format("  down {} up {} flags {}/{} moved {}/{} deleted {}/{} mailboxes {}/{}",
                          counts.downloaded, counts.uploaded, counts.flags_in, counts.flags_out,
                          counts.moved_in, counts.moved_out, counts.deleted_in, counts.deleted_out,
                          counts.mailboxes_in, counts.mailboxes_out));
  for (const Error& error : report.errors) diary_.note("  " + error.describe());
  return *std::move(run.report);
}

bool SimWorld::holds_a_mailbox() const {
  const auto held = account::read_held(settings());
  return held && std::ranges::any_of(
                     *held, [](const auto& one) { return one.kind.starts_with("mailbox_"); });
}

// And what a person says to what it holds. True if it found nothing to do.
bool SimWorld::quiet_sync(const Step& step) {
  const std::uint64_t changes = server_.changes_by_sessions;
  const std::uint64_t bodies = server_.bodies_sent;
  const std::vector<std::string> files = mail_disk_.files();
  const account::AccountReport report = sync(step);
  if (report.marker_held) wrong_.push_back({"marker", "the marker is held"});
  const bool idle = report.errors.empty() && report.held == 0 && report.quarantined == 0 &&
                    work_done(report.counts) == 0 && server_.changes_by_sessions == changes &&
                    server_.bodies_sent == bodies && mail_disk_.files() == files;
  if (report.held != 0 || !report.errors.empty()) decide_held(step);
  if (is_left_for_a_day(report)) wait(std::chrono::hours(24));
  return idle;
}

// Of files that are held a person says whether the message was to go; the rest is as chance has it.
account::HeldDecision SimWorld::decision_about(const std::vector<account::HeldLine>& held,
                                               const std::string& mailbox, Deed& chance) {
  std::vector<std::string> deleted;
  bool living = false;
  for (const account::HeldLine& line : held) {
    if (line.mailbox != mailbox || !is_file(line)) continue;
    const std::string base = line.path.substr(line.path.rfind('/') + 1);
    const std::string token = local_.token_of_base(base.substr(0, base.find(':')));
    const bool removed = diary_.ledger.is_removed(token);
    living = living || !removed;
    if (removed) deleted.push_back(token);
  }
  if (!living && !deleted.empty()) return account::HeldDecision::apply;
  if (!living && is_set_back_) return account::HeldDecision::restore;
  if (!living) {
    return chance.rank(mailbox) % 2 == 0 ? account::HeldDecision::apply
                                         : account::HeldDecision::restore;
  }
  for (const std::string& token : deleted) diary_.ledger.left_open(token);
  return account::HeldDecision::restore;
}

// What a person brings back may live: of a mailbox also what was deleted from where a backup had
// it.
void SimWorld::note_restored(const std::vector<account::HeldLine>& held,
                             const std::string& mailbox) {
  for (const account::HeldLine& line : held) {
    if (line.mailbox != mailbox) continue;
    if (line.kind == "delete_remote") {
      diary_.ledger.brought_back(remote_.token_at(mailbox, line.uid));
    }
    if (line.kind != "mailbox_remote") continue;
    for (const Copy& copy : remote_.copies()) {
      const bool deleted = copy.mailbox == mailbox && diary_.ledger.is_deleted(copy.token);
      if (deleted) diary_.ledger.left_open(copy.token);
    }
  }
}

// What is held waits for a person (docs/safety.md, section 2, d).
void SimWorld::decide_held(const Step& step) {
  Deed chance(step.id, script_.seed);
  const auto held = account::read_held(settings());
  if (!held) return;
  if (is_set_back_ || diary_.ledger.is_restarted()) remove_leftovers(*held);
  std::set<std::string> mailboxes;
  for (const account::HeldLine& line : *held) {
    diary_.note(fmt::format("  held: {} {}: {}", line.kind, line.path, line.reason));
    mailboxes.insert(line.mailbox);
  }
  for (const std::string& mailbox : mailboxes) {
    const account::HeldDecision decision = decision_about(*held, mailbox, chance);
    const bool apply = decision == account::HeldDecision::apply;
    if (!apply) note_restored(*held, mailbox);
    diary_.note(fmt::format("held {} in {}", apply ? "apply" : "restore", mailbox));
    static_cast<void>(account::decide_held(settings(), decision, MailboxName(mailbox)));
  }
}

// A person deletes a file that is held while its message is elsewhere, on both sides: a file that
// is the only one here was moved there, and whoever deletes it deletes its message.
void SimWorld::remove_leftovers(const std::vector<account::HeldLine>& held) {
  std::set<std::string> there;
  for (const Copy& copy : remote_.copies()) there.insert(copy.token);
  std::multiset<std::string> here;
  for (const Copy& copy : local_.copies()) here.insert(copy.token);
  for (const account::HeldLine& line : held) {
    if (!is_file(line)) continue;
    std::string base = line.path.substr(line.path.rfind('/') + 1);
    base = base.substr(0, base.find(':'));
    const std::string token = local_.token_of_base(base);
    if (!there.contains(token) || here.count(token) < 2) continue;
    diary_.note(fmt::format("local: leftover of {} deleted", token));
    local_.remove_base(base);
  }
}

void SimWorld::adopt() {
  diary_.note("adopt");
  diary_.ledger.adopted();
  account::Services services{clock_, worker_, network_, engine_random_, machine_};
  static_cast<void>(account::adopt(services, settings()));
}

// A Maildir without a marker is none of this account's yet: it would stop there, and wait for a
// person.
bool SimWorld::has_marker() const {
  return mail_disk_.exists(mail_root(script_) + "/.sterna");
}

void SimWorld::back_up() {
  if (!has_marker()) return;
  write_back();
  copy_tree(state_ / "state", state_ / "backup");
  backup_ = {mail_disk_.back_up(), state_disk_.files(), server_.mailboxes()};
}

void SimWorld::restore(bool maildir, bool state, bool server) {
  if (maildir) {
    mail_disk_.restore(backup_->mail);
    local_.clean_up({});  // a backup may have been made of a folder that was half made
  }
  if (state) {
    copy_tree(state_ / "backup", state_ / "state");
    state_disk_.put_back(backup_->state);
  }
  if (server) server_.roll_back(backup_->server);
  is_rolled_back_ = is_rolled_back_ || server;
}

void SimWorld::mount(bool mounted) {
  if (!script_.has("mail-apart") || mounted == mounted_ || !has_marker() || !begun_) return;
  mounted_ = mounted;
  mail_disk_.sync_all();
  if (mounted) {
    machine_.mount("/disk");
  } else {
    machine_.unmount("/disk");
  }
}

// Steps after which a part of the world is not what it was.
bool SimWorld::set_back(const Step& step) {
  if (step.what == "mount" || step.what == "unmount") return mount(step.what == "mount"), true;
  if (step.what == "backup") return back_up(), true;
  if (step.what == "server.renumber") {
    std::vector<std::string> names;
    for (const auto& [name, mailbox] : server_.mailboxes()) names.push_back(name);
    server_.renumber(*Deed(step.id, step.number("dice")).pick(names));
  } else if (step.what.starts_with("restore.")) {
    if (!backup_) return true;
    const std::string what = step.what.substr(8);
    restore(what == "maildir" || what == "machine", what == "state" || what == "machine",
            what == "server");
  } else {
    return false;
  }
  is_set_back_ = true;
  diary_.ledger.set_back(local_.copies(), remote_.copies(),
                         [this](const std::string& token) { return witness_.sees(token); });
  return true;
}

// Whether an upload of it is open in what the state has kept, and the server is not known to have
// it.
bool SimWorld::is_in_doubt(const std::string& token) const {
  const std::vector<std::string> bases = local_.bases_of(token);
  if (!diary_.ledger.is_broken() || bases.empty()) return false;
  copy_tree(state_ / "state", state_ / "look");
  const auto store = store::Store::open(state_ / "look", true);
  if (!store) return false;
  const auto intents = (*store)->intents();
  return intents && std::ranges::any_of(*intents, [&](const Intent& intent) {
           return intent.kind == IntentKind::upload && !intent.stored &&
                  std::ranges::find(bases, intent.base_name) != bases.end();
         });
}

bool SimWorld::is_recorded(const std::string& base_name) const {
  if (!diary_.ledger.is_broken()) return true;
  const bool dead = running_ && running_->dead;
  copy_tree(state_ / (dead ? "at_death" : "state"), state_ / "look");
  const auto store = store::Store::open(state_ / "look", true);
  if (!store) return false;
  const auto rows = (*store)->messages_by_base_name(base_name);
  return rows && !rows->empty();
}

void SimWorld::rest(const Step& step) {
  mount(true);
  local_.be_at_rest();
  int idle = 0;
  Step quiet{step.id << 8, "sync", {}};
  for (int syncs = 0; syncs < kQuietSyncsMax && idle < kIdleSyncsAtRest; ++syncs) {
    ++quiet.id;
    idle = quiet_sync(quiet) ? idle + 1 : 0;
    // A folder that was replaced is frozen until a person says that it is right.
    if (is_set_back_ && syncs == 2 && idle == 0) adopt();
    wait(std::chrono::minutes(1) + std::chrono::seconds(engine_random_.below(7'000)));
  }
  if (idle < kIdleSyncsAtRest) wrong_.push_back({"restless", "it does not come to rest"});
  const std::vector<Copy> here = local_.copies();
  for (Wrong& one : diary_.ledger.check(here, remote_.copies())) wrong_.push_back(std::move(one));
  for (const std::string& line : server_.complaints) wrong_.push_back({"bad", "BAD: " + line});
  if (!wrong_.empty()) return;
  diary_.ledger.settle(here);
  is_set_back_ = false;
  state_disk_.empty_log();
  diary_.note("at rest");
  diary_.story.clear();
}

void SimWorld::take(const Step& step) {
  if (step.has("at")) {
    soon_.push_back(step);
  } else if (step.what == "sync") {
    sync(step);
  } else if (step.what == "wait") {
    wait(std::chrono::milliseconds(step.number("ms")));
    set_clock(std::chrono::milliseconds(step.number("forward_ms")) -
              std::chrono::milliseconds(step.number("back_ms")));
  } else if (step.what == "power") {
    diary_.note("power lost");
    keep_state();
    lose_power(step.number("dice"));
    put_back_state();
  } else if (step.what == "rest") {
    rest(step);
  } else if (set_back(step)) {
    diary_.note(step.print());
  } else if (!act(step)) {
    wrong_.push_back({"script", "no such step: " + step.print()});
  }
}

std::vector<Wrong> SimWorld::run() {
  for (const Step& step : script_.steps) {
    take(step);
    if (!wrong_.empty()) break;
  }
  return std::move(wrong_);
}

}  // namespace sterna::simulation
