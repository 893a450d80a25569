// SPDX-License-Identifier: Apache-2.0
// `sterna verify`: server, base and Maildir side by side, mailbox by mailbox. The server is looked
// at with EXAMINE and one UID FETCH a mailbox; `deep` fetches the bodies in windows and compares
// digests of the canonical octets, so that memory is bounded whatever a message weighs. Takes no
// lock and changes nothing.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "compare.h"
#include "engine.h"
#include "inspect_parts.h"
#include "look_at_file.h"
#include "message_limit.h"
#include "remote_changes.h"
#include "sterna/account/inspect.h"
#include "sterna/base/bytes.h"
#include "sterna/imap/outcome.h"
#include "sterna/maildir/file_name.h"
#include "sterna/maildir/identity.h"

namespace sterna::account {
namespace {

constexpr std::size_t kWindowMessages = 200;
constexpr std::uint64_t kWindowOctets = 32'000'000;

// What UID FETCH says of each message. A later line about one that was told already, as when its
// flags change meanwhile, wins for what it says.
class MessageSink final : public Sink {
 public:
  explicit MessageSink(std::uint32_t exists) : exists_(exists) {}
  void on_response(const imap::Response& response) override {
    const auto* fetch = std::get_if<imap::Fetch>(&response);
    if (!fetch || !fetch->uid || full()) return;
    RemoteMessage& message = messages_[fetch->uid->value];
    message.uid = *fetch->uid;
    if (fetch->flags) {
      keyword_octets_ -= octets_of_keywords(message.flags);
      keyword_octets_ += octets_of_keywords(*fetch->flags);
      message.flags = *fetch->flags;
    }
    if (fetch->size) message.size = fetch->size;
    if (fetch->internal_date) message.internal_date = fetch->internal_date;
  }

  bool full() const override { return tells_too_much(messages_.size(), exists_, keyword_octets_); }
  coro::Task<Status> relieve() override { return hang_up(told_too_much()); }

  std::vector<RemoteMessage> take() {
    std::vector<RemoteMessage> messages;
    messages.reserve(messages_.size());
    for (auto& [uid, message] : messages_) messages.push_back(std::move(message));
    messages_.clear();
    return messages;
  }

 private:
  std::uint32_t exists_;
  std::map<std::uint32_t, RemoteMessage> messages_;
  std::uint64_t keyword_octets_ = 0;
};

// The digests of bodies, taken as they pass; of those that were asked for, whatever else is sent.
class BodySink final : public Sink {
 public:
  explicit BodySink(UidSet wanted) : wanted_(std::move(wanted)) {}
  void on_body_begin(const imap::BodyBegin& body) override {
    if (body.uid && !wanted_.contains(*body.uid)) return;
    open_[body.id.value];
    if (body.uid && !of(*body.uid)) told_.insert(body.id.value);
  }
  bool on_body_chunk(imap::BodyId id, std::string_view octets) override {
    const auto it = open_.find(id.value);
    if (it == open_.end()) return false;
    octets_ += octets.size();
    it->second.update(octets);
    return told_.contains(id.value);
  }
  void on_body_end(imap::BodyId id) override {
    const auto it = open_.find(id.value);
    if (it == open_.end()) return;
    finished_[id.value] = it->second.finish();
    open_.erase(it);
    told_.erase(id.value);
  }
  void on_response(const imap::Response& response) override {
    const auto* fetch = std::get_if<imap::Fetch>(&response);
    if (!fetch) return;
    const bool wanted = fetch->uid && wanted_.contains(*fetch->uid);
    for (const imap::FetchBody& body : fetch->bodies) {
      const auto it = finished_.find(body.id.value);
      if (it == finished_.end()) continue;
      if (wanted && body.section.empty() && !body.origin) digests_[*fetch->uid] = it->second;
      finished_.erase(it);
    }
  }
  void on_bad_response(const Error& /*error*/) override { finished_.clear(); }

  std::optional<Digest> of(Uid uid) const {
    const auto it = digests_.find(uid);
    return it == digests_.end() ? std::nullopt : std::optional(it->second);
  }
  std::uint64_t octets() const { return octets_; }

 private:
  UidSet wanted_;
  std::set<std::uint64_t> told_;  // of the open ones: bodies that are known to be wanted
  std::unordered_map<std::uint64_t, maildir::CanonicalDigest> open_;
  std::unordered_map<std::uint64_t, Digest> finished_;
  std::unordered_map<Uid, Digest> digests_;
  std::uint64_t octets_ = 0;
};

struct LocalDigests {
  maildir::FileDigests file;
  std::vector<Digest> without_nul;  // none where it has no NUL
  std::optional<Digest> original;   // of one that mbsync stored, without what it added
};
// Of the files of a window, none for a file that is not there any more.
using WindowDigests = std::vector<std::optional<LocalDigests>>;

Result<LocalDigests> digest_file(io::Directory& directory, const std::string& name) {
  LocalDigests digests;
  STERNA_TRY(const auto file, directory.open_file(name));
  STERNA_TRY(digests.file, maildir::file_digests(*file));
  if (maildir::foreign_mark(maildir::parse_file_name(name).base)) {
    STERNA_TRY(const auto original, directory.open_file(name));
    maildir::CanonicalDigest digest;
    STERNA_CHECK(
        read_without_tuid(*original, [&digest](std::string_view piece) { digest.update(piece); }));
    digests.original = digest.finish();
  }
  if (!digests.file.has_nul) return digests;
  STERNA_TRY(const auto again, directory.open_file(name));
  STERNA_TRY(digests.without_nul, maildir::digests_without_nul(*again));
  return digests;
}

Result<WindowDigests> digest_files(io::Directory& root, const maildir::MailboxPath& path,
                                   const std::vector<BodyPair>& window) {
  STERNA_TRY(const maildir::MailboxDirs dirs, maildir::open_mailbox(root, path));
  WindowDigests digests;
  for (const BodyPair& pair : window) {
    auto of_file = digest_file(dirs.message_dir(pair.file.in_new), pair.file.name);
    if (!of_file && !of_file.error().is(ErrorCode::not_found)) {
      return fail(std::move(of_file).error());
    }
    digests.push_back(of_file ? std::optional(*std::move(of_file)) : std::nullopt);
  }
  return digests;
}

std::vector<BodyPair> next_window(const std::vector<BodyPair>& pairs, std::size_t& at) {
  std::vector<BodyPair> window;
  std::uint64_t octets = 0;
  while (at < pairs.size() && window.size() < kWindowMessages &&
         (window.empty() || octets + pairs[at].size <= kWindowOctets)) {
    octets += pairs[at].size;
    window.push_back(pairs[at++]);
  }
  return window;
}

std::string in_mailbox(const MailboxRow& row) {
  return fmt::format("mailbox {}", printable(row.name.text()));
}

// Of all messages of the selected mailbox, downwards in as many parts as the server makes of it.
coro::Task<Status> fetch_all(Connection& connection, MessageSink& sink) {
  imap::FetchRequest request;
  request.uids = UidSet::range(Uid{1}, kUidMax);
  request.items = {imap::FetchItem::uid, imap::FetchItem::flags, imap::FetchItem::size,
                   imap::FetchItem::internal_date};
  for (;;) {
    STERNA_CO_TRY(const imap::Done done, co_await connection.run(imap::uid_fetch(request), &sink));
    if (!is_limited(done)) co_return whole(done);
    const std::optional<Uid> last = limited_at(done);
    if (!last || *last > request.uids.last()) co_return fail(limited_error("tells of"));
    if (last->value == 1) co_return Status{};
    request.uids = UidSet::range(Uid{1}, Uid{last->value - 1});
  }
}

class Verifier {
 public:
  Verifier(Services services, const Settings& settings, bool deep, Log log)
      : services_(services), settings_(settings), deep_(deep), log_(std::move(log)) {}

  coro::Task<Verification> run() {
    Status done = co_await compare_all();
    if (!done) result_.errors.push_back(std::move(done).error());
    if (connection_) co_await connection_->logout();
    co_return std::move(result_);
  }

 private:
  Status open_local();
  coro::Task<Status> compare_all();
  coro::Task<Status> compare_mailbox(const MailboxRow& row, const ServerMailbox* remote);
  coro::Task<Result<std::optional<RemoteSide>>> look(const MailboxRow& row,
                                                     const ServerMailbox& remote);
  coro::Task<Status> compare_bodies(const MailboxFacts& facts, const std::vector<BodyPair>& pairs);
  void judge_bodies(const MailboxFacts& facts, const std::vector<BodyPair>& window,
                    const BodySink& remote, const WindowDigests& local);
  void compare_names(const std::vector<ServerMailbox>& remote);
  void add_unusable(const maildir::UnusableFolder& folder);

  void add(DifferenceKind kind, const MailboxName& mailbox, std::string path, std::string what) {
    result_.lines.push_back({kind, mailbox.text(), 0, std::move(path), std::move(what)});
  }

  Services services_;
  const Settings& settings_;
  bool deep_;
  Log log_;
  Verification result_;
  std::unique_ptr<store::Store> base_;
  std::unique_ptr<io::Directory> root_;
  std::vector<MailboxRow> rows_;
  LocalFolders folders_;
  Excuses excuses_;
  std::unique_ptr<Connection> connection_;
};

Status Verifier::open_local() {
  STERNA_TRY(base_, open_base(settings_));
  if (!base_) {
    return fail(Error(ErrorCode::not_found, "there is nothing to compare: never synced")
                    .with_scope(ErrorScope::account)
                    .with_hint(fmt::format("sterna sync {}", settings_.name)));
  }
  STERNA_TRY(rows_, base_->mailboxes());
  STERNA_TRY(excuses_, read_excuses(*base_));
  auto root = services_.files.open_root(settings_.maildir, false);
  if (!root && root.error().is(ErrorCode::not_found)) return fail(maildir_gone(settings_));
  STERNA_TRY(root_, std::move(root));
  STERNA_CHECK(judge_marker(*root_, settings_.name, services_.files.machine_id(), base_.get()));
  STERNA_TRY(folders_, list_local(*root_, settings_, rows_));
  return {};
}

coro::Task<Status> Verifier::compare_all() {
  Status opened = co_await on_worker(services_, [this] { return open_local(); });
  STERNA_CO_CHECK(std::move(opened));
  auto session = co_await open_session(services_, settings_, log_);
  STERNA_CO_TRY(connection_, std::move(session));
  auto listed = co_await list_server(*connection_, settings_, false);
  STERNA_CO_TRY(const std::vector<ServerMailbox> remote, std::move(listed));
  compare_names(remote);
  for (const MailboxRow& row : rows_) {
    const auto it = std::ranges::find(remote, row.name, &ServerMailbox::name);
    const ServerMailbox* found = it == remote.end() ? nullptr : &*it;
    const bool included =
        found ? found->is_included(settings_) : settings_.includes(row.name, row.role);
    if (!included) {
      add(DifferenceKind::note, row.name, absolute_path(settings_, row.path), "excluded");
      continue;
    }
    Status compared = co_await compare_mailbox(row, found);
    if (compared) continue;
    Error error = std::move(compared).error();
    error.add_context(in_mailbox(row));
    const bool over = !connection_->usable() || error.is_cancelled();
    result_.errors.push_back(std::move(error));
    if (over) break;
  }
  co_return Status{};
}

// Mailboxes that one side has and the base does not: as it should be where `create` says so.
void Verifier::compare_names(const std::vector<ServerMailbox>& remote) {
  const auto in_base = [this](const MailboxName& name) {
    return std::ranges::find(rows_, name, &MailboxRow::name) != rows_.end();
  };
  const bool may_create_local =
      settings_.create == sync::Create::both || settings_.create == sync::Create::local;
  const bool may_create_remote =
      settings_.create == sync::Create::both || settings_.create == sync::Create::remote;
  for (const ServerMailbox& mailbox : remote) {
    if (in_base(mailbox.name) || !mailbox.selectable) continue;
    const bool included = mailbox.is_included(settings_);
    add(note_if(!included || !may_create_local), mailbox.name, {},
        included ? "the mailbox is on the server only" : "excluded");
  }
  for (const LocalFolder& folder : folders_.mailboxes) {
    const auto it = std::ranges::find(remote, folder.name, &ServerMailbox::name);
    if (in_base(folder.name) || it != remote.end()) continue;
    const bool included = settings_.includes(folder.name, Role::none);
    add(note_if(!included || !may_create_remote), folder.name,
        absolute_path(settings_, maildir::to_string(folder.path)),
        included ? "the mailbox is in the Maildir only" : "excluded");
  }
  for (const maildir::UnusableFolder& folder : folders_.unusable) add_unusable(folder);
}

// Mail in a folder that can be no mailbox is on one side only.
void Verifier::add_unusable(const maildir::UnusableFolder& folder) {
  if (!folder.has_cur) return;
  const auto count = count_local(*root_, folder.path);
  const std::string relative = maildir::to_string(folder.path);
  result_.lines.push_back({note_if(count && *count == 0), relative, 0,
                           absolute_path(settings_, relative),
                           fmt::format("the folder {}, so that nothing in it is synced: {}",
                                       folder.why, folder.remedy)});
}

coro::Task<Status> Verifier::compare_mailbox(const MailboxRow& row, const ServerMailbox* remote) {
  MailboxFacts facts;
  facts.row = row;
  facts.directory = absolute_path(settings_, row.path);
  if (remote && remote->selectable) {
    auto looked = co_await look(row, *remote);
    STERNA_CO_TRY(facts.remote, std::move(looked));
  } else {
    add(DifferenceKind::difference, row.name, facts.directory, "the mailbox is not on the server");
  }
  Comparison comparison(facts, excuses_);
  Status compared =
      co_await on_worker(services_, [this, &comparison] { return comparison.run(*base_, *root_); });
  std::ranges::move(comparison.lines, std::back_inserter(result_.lines));
  result_.messages_compared += comparison.compared;
  STERNA_CO_CHECK(std::move(compared));
  if (deep_) co_return co_await compare_bodies(facts, comparison.pairs);
  co_return Status{};
}

// nullopt where the UIDs of the base mean nothing on the server.
coro::Task<Result<std::optional<RemoteSide>>> Verifier::look(const MailboxRow& row,
                                                             const ServerMailbox& remote) {
  STERNA_CO_CHECK(co_await connection_->run_ok(imap::select(remote.wire, {.examine = true})));
  const imap::Selection* selection = connection_->client().selection();
  if (!selection) co_return fail(ErrorCode::protocol, "the server selected nothing");
  const UidValidity validity = selection->uid_validity.value_or(UidValidity());
  if (!row.cursor.uid_next) {
    add(DifferenceKind::difference, row.name, absolute_path(settings_, row.path),
        "the mailbox was never synced");
    co_return std::optional<RemoteSide>();
  }
  if (validity != row.cursor.uidvalidity) {
    add(DifferenceKind::difference, row.name, absolute_path(settings_, row.path),
        fmt::format("UIDVALIDITY on the server: {}; in the base: {}", validity.value,
                    row.cursor.uidvalidity.value));
    co_return std::optional<RemoteSide>();
  }
  RemoteSide side;
  side.sizes_reliable = !connection_->quirks.size_unreliable;
  side.storable = selection->flags;
  // EXAMINE often says that nothing is permanent; FLAGS tells then what the mailbox knows.
  side.any_keyword = false;
  if (selection->permanent_flags) {
    side.any_keyword = selection->permanent_flags->new_keywords;
    side.storable = side.storable.united(selection->permanent_flags->flags);
  }
  if (side.storable.empty()) side.any_keyword = true;
  const std::uint32_t exists = selection->exists;
  if (exists > 0) {
    MessageSink sink(exists);
    STERNA_CO_CHECK(co_await fetch_all(*connection_, sink));
    side.messages = sink.take();
  }
  if (side.messages.size() < exists) {
    side.complete = false;
    result_.errors.push_back(
        Error(
            ErrorCode::protocol,
            fmt::format("the server told of {} of its {} messages, and the others are not compared",
                        side.messages.size(), exists))
            .with_scope(ErrorScope::mailbox)
            .with_hint("try again: messages may have gone meanwhile")
            .with_context(in_mailbox(row)));
  }
  co_return std::optional(std::move(side));
}

coro::Task<Status> Verifier::compare_bodies(const MailboxFacts& facts,
                                            const std::vector<BodyPair>& pairs) {
  const maildir::MailboxPath path = maildir::parse_mailbox_path(facts.row.path);
  for (std::size_t at = 0; at < pairs.size();) {
    const std::vector<BodyPair> window = next_window(pairs, at);
    UidSet asked;
    for (const BodyPair& pair : window) asked.add(pair.uid);
    imap::FetchRequest request;
    request.items = {imap::FetchItem::uid, imap::FetchItem::body};
    BodySink sink(asked);
    for (const UidSet& part : parts_for(*connection_, asked, 0)) {
      request.uids = part;
      STERNA_CO_CHECK(co_await connection_->run_ok(imap::uid_fetch(request), &sink));
    }
    auto local = co_await on_worker(
        services_, [this, &path, &window] { return digest_files(*root_, path, window); });
    if (!local) co_return fail(std::move(local).error());
    judge_bodies(facts, window, sink, *local);
    result_.octets_compared += sink.octets();
  }
  co_return Status{};
}

void Verifier::judge_bodies(const MailboxFacts& facts, const std::vector<BodyPair>& window,
                            const BodySink& remote, const WindowDigests& local) {
  // Two copies of a sent message, or what a server made of an upload, may differ by design (41).
  const bool rewritten = connection_->quirks.append_rewrites || facts.row.role == Role::sent;
  for (std::size_t i = 0; i < window.size(); ++i) {
    const std::optional<Digest> there = remote.of(window[i].uid);
    // A mail program that saved it may have added fields of its own to the header of the file.
    const bool both = there && local[i];
    if (both && (*there == local[i]->file.whole || *there == local[i]->file.plain)) continue;
    if (both && there == local[i]->original) continue;
    const bool nul =
        both && std::ranges::find(local[i]->without_nul, *there) != local[i]->without_nul.end();
    std::string what = !there      ? "the server did not give its octets"
                       : !local[i] ? "moved while it was compared"
                       : nul       ? "the same but for NUL, which the server does not keep"
                                   : "its octets differ from those on the server";
    const bool note = (!local[i] && there) || (there && rewritten) || nul;
    result_.lines.push_back(
        {note_if(note), facts.row.name.text(), window[i].uid.value,
         fmt::format("{}/{}/{}", facts.directory, window[i].file.in_new ? "new" : "cur",
                     window[i].file.name),
         std::move(what)});
  }
}

}  // namespace

coro::Task<Verification> verify_account(Services services, Settings settings, bool deep, Log log) {
  Verifier verifier(services, settings, deep, std::move(log));
  co_return co_await verifier.run();
}

}  // namespace sterna::account
