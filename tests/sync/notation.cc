// SPDX-License-Identifier: Apache-2.0
#include "notation.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <vector>

#include "sterna/base/assert.h"
#include "sterna/base/bytes.h"

namespace sterna::sync::test {
namespace {

using Words = std::vector<std::string>;

std::vector<Words> words_of(std::string_view text) {
  std::vector<Words> lines;
  for (const std::string_view line : split(text, '\n')) {
    Words words;
    for (const std::string_view word : split(line, ' ')) {
      if (!word.empty()) words.emplace_back(word);
    }
    if (!words.empty()) lines.push_back(std::move(words));
  }
  return lines;
}

bool has(const Words& words, std::string_view option) {
  return std::ranges::find(words, option) != words.end();
}

std::optional<std::string> value(const Words& words, std::string_view key) {
  for (const std::string& word : words) {
    if (word.size() > key.size() && word.starts_with(key) && word[key.size()] == '=') {
      return word.substr(key.size() + 1);
    }
  }
  return std::nullopt;
}

std::uint64_t number(std::string_view text) {
  const auto parsed = parse_number(text);
  STERNA_ASSERT(parsed);
  return *parsed;
}

Uid uid_of(std::string_view text) {
  return Uid(static_cast<std::uint32_t>(number(text)));
}

FlagSet flags_of(std::string_view text) {
  FlagSet flags;
  const std::size_t comma = std::min(text.find(','), text.size());
  for (const FlagName& name : kFlagNames) {
    if (text.substr(0, comma).contains(name.letter)) flags.set(name.flag);
  }
  for (const std::string_view keyword : split(text.substr(comma), ',')) flags.add_keyword(keyword);
  return flags;
}

std::string text_of(const FlagSet& flags) {
  std::string text;
  for (const FlagName& name : kFlagNames) {
    if (flags.has(name.flag)) text += name.letter;
  }
  if (flags.empty()) text = "-";
  for (const std::string& keyword : flags.keywords()) text += "," + keyword;
  return text;
}

std::string text_of(const FlagDelta& delta) {
  std::string text;
  if (!delta.add.empty()) text += "+" + text_of(delta.add);
  if (!delta.remove.empty()) text += "-" + text_of(delta.remove);
  return text;
}

std::string info_of(const FlagSet& flags) {
  std::string letters = text_of(flags);
  letters = letters.substr(0, letters.find(','));
  return letters == "-" ? ":2," : ":2," + letters;
}

FileStamp stamp_of(MailboxId mailbox, Uid uid, std::string_view content) {
  return {1, static_cast<std::uint64_t>(mailbox.value) * 1000 + uid.value,
          identity_of(content).size - 2, static_cast<std::int64_t>(uid.value) * 1'000'000, 0};
}

// What the file holds whose content the words give: more, where a mail program saved it.
std::string content_of(const Words& words) {
  return words[3] + (has(words, "saved") ? "~saved" : "");
}

std::optional<Identity> plain_of(const Words& words) {
  return has(words, "saved") ? std::optional(identity_of(words[3])) : std::nullopt;
}

class Reader {
 public:
  explicit Reader(const Story& story) {
    input_.generation = Generation(kNow);
    for (const Words& words : words_of(story.mailboxes)) {
      for (const std::string& word : words) add_mailbox(word);
    }
    for (const Words& words : words_of(story.base)) add_row(words);
    for (const Words& words : words_of(story.remote)) add_remote(words);
    for (const Words& words : words_of(story.local)) add_local(words);
  }
  Input take() { return std::move(input_); }

 private:
  void add_mailbox(const std::string& word) {
    MailboxInput in;
    in.id = MailboxId(static_cast<std::int64_t>(input_.mailboxes.size()) + 1);
    in.name = MailboxName(word.substr(0, word.find(':')));
    if (word.ends_with(":trash")) in.role = Role::trash;
    if (word.ends_with(":junk")) in.role = Role::junk;
    if (word.ends_with(":sent")) in.role = Role::sent;
    if (in.role == Role::trash) input_.trash = in.id;
    in.base_uidvalidity = validity_of(in.id);
    in.remote.uidvalidity = in.base_uidvalidity;
    in.remote.coverage = Coverage::complete;
    in.remote.began = Generation(kNow);
    in.local.coverage = Coverage::complete;
    in.local.began = Generation(kNow);
    in.window.messages_at_start = 1'000'000;
    input_.account_window.messages_at_start = 1'000'000;
    input_.mailboxes.push_back(std::move(in));
  }

  void add_row(const Words& words) {
    MessageRow row;
    row.key = {mailbox(input_, words[0]).id, uid_of(words[1])};
    row.flags = flags_of(words[3]);
    row.state = RowState::present;
    for (const std::string& word : words) {
      if (const auto state = parse_row_state(word)) row.state = *state;
    }
    row.base_name = value(words, "name").value_or(words[0] + words[1]);
    row.in_new = has(words, "new");
    if (!has(words, "noinfo")) row.info = info_of(row.flags);
    row.file = stamp_of(row.key.mailbox, row.key.uid, words[2]);
    row.internal_date = 1000;
    row.remote_size = identity_of(words[2]).size;
    row.email_id = value(words, "email").value_or("");
    if (const auto modseq = value(words, "modseq")) row.modseq = ModSeq(number(*modseq));
    if (!has(words, "anonymous")) row.identity = identity_of(words[2]);
    const auto since = static_cast<std::int64_t>(number(value(words, "since").value_or("1")));
    row.remote_since = row.local_since = Generation(since);
    input_.rows.push_back(std::move(row));
  }

  void add_remote(const Words& words) {
    RemoteDelta& delta = mailbox(input_, words[0]).remote;
    const std::string& what = words[1];
    if (what == "unknown") delta.coverage = Coverage::unknown;
    if (what == "changes") delta.coverage = Coverage::changes;
    if (what == "hides") delta.hides_some = true;
    if (what == "readonly") delta.read_only = true;
    if (const auto began = value(words, "began")) {
      delta.began = Generation(static_cast<std::int64_t>(number(*began)));
    }
    if (const auto keywords = value(words, "keywords")) {
      delta.storable = {false, flags_of("DFRST," + *keywords)};
    }
    if (const auto permanent = value(words, "permanent")) {
      delta.storable = {true, flags_of(*permanent)};
    }
    if (what == "gone") delta.gone.add(uid_of(words[2]));
    if (what == "flags") {
      delta.flags.push_back({uid_of(words[2]), flags_of(words[3]),
                             ModSeq(number(value(words, "modseq").value_or("0")))});
    }
    if (what == "new") delta.arrived.add(uid_of(words[2]));
    if ((what == "new" && !has(words, "unseen")) || what == "detail") {
      RemoteArrival detail;
      detail.uid = uid_of(words[2]);
      if (words.size() > 4) detail.flags = flags_of(words[4]);
      detail.internal_date = 2000;
      detail.email_id = value(words, "email").value_or("");
      if (!has(words, "nocontent")) detail.identity = told_identity_of(words[3]);
      detail.size_reliable = !has(words, "unsized");
      if (!detail.size_reliable) detail.identity->size += 7;
      delta.details.push_back(std::move(detail));
    }
  }

  void add_local(const Words& words) {
    MailboxInput& in = mailbox(input_, words[0]);
    LocalDelta& delta = in.local;
    const std::string& what = words[1];
    if (what == "unknown") delta.coverage = Coverage::unknown;
    if (what == "changes") delta.coverage = Coverage::changes;
    if (what == "suspect") delta.suspect = true;
    if (what == "aside") delta.suspect = delta.aside = true;
    if (what == "busy") delta.quiet = false;
    if (const auto began = value(words, "began")) {
      delta.began = Generation(static_cast<std::int64_t>(number(*began)));
    }
    if (const auto since = value(words, "unflushed")) {
      delta.unflushed_since = Generation(static_cast<std::int64_t>(number(*since)));
    }
    if (what == "gone") delta.gone.push_back(uid_of(words[2]));
    if (what == "new") delta.arrived.push_back(arrival_of(words));
    if (what == "flags" || what == "edited" || what == "touched" || what == "wreck" ||
        what == "restarted" || what == "unreadable") {
      delta.changed.push_back(change_of(words));
    }
  }

  LocalChange change_of(const Words& words) {
    const MessageRow& base = row(input_, words[0], uid_of(words[2]).value);
    const std::string& what = words[1];
    LocalChange change;
    change.uid = base.key.uid;
    change.file.base = base.base_name;
    change.file.flags = what == "flags" ? flags_of(words[3]) : base.flags;
    change.file.has_info = !has(words, "noinfo");
    change.file.tells_flags = !has(words, "mute");
    change.file.in_new = has(words, "new");
    change.file.name = base.base_name + (change.file.has_info ? info_of(change.file.flags) : "");
    change.file.file = base.file;
    if (what == "flags") return change;
    change.content_changed = true;
    change.file.file.mtime_ns += has(words, "old_time") ? 0 : 1'000'000'000;
    change.surely_edited = what == "edited";
    change.maybe_edited = what == "restarted";
    change.file.file.ino += 500'000;
    change.file.file.size = identity_of(content_of(words)).size - 2;
    if (what != "unreadable") change.identity = identity_of(content_of(words));
    change.plain = plain_of(words);
    return change;
  }

  LocalArrival arrival_of(const Words& words) {
    LocalArrival arrival;
    arrival.file.base = words[2];
    arrival.file.flags = flags_of(words[4]);
    arrival.file.in_new = has(words, "in_new");
    arrival.file.has_info = !arrival.file.in_new;
    arrival.file.tells_flags = !has(words, "mute");
    arrival.file.name = words[2] + (arrival.file.in_new ? "" : info_of(arrival.file.flags));
    arrival.file.file = stamp_of(MailboxId(900), Uid(++inodes_), content_of(words));
    if (const auto mtime = value(words, "mtime")) {
      arrival.file.file.mtime_ns = static_cast<std::int64_t>(number(*mtime)) * 1'000'000;
    }
    arrival.identity = identity_of(content_of(words));
    arrival.plain = plain_of(words);
    arrival.denied = has(words, "denied");
    arrival.namesake = has(words, "namesake");
    arrival.headless = has(words, "headless");
    arrival.vanished = has(words, "vanished");
    const bool unread = has(words, "unreadable") || arrival.denied || arrival.vanished;
    if (unread) arrival.identity.reset();
    arrival.stable = !has(words, "writing");
    arrival.settling = has(words, "settling");
    arrival.is_stub = has(words, "stub");
    arrival.is_placeholder = has(words, "placeholder");
    arrival.held = has(words, "held");
    arrival.consumed = has(words, "consumed");
    arrival.resurrected = has(words, "resurrected");
    arrival.after_restart = has(words, "late");
    if (const auto ino = value(words, "ino")) arrival.file.file = named_row(*ino).file;
    if (const auto mark = value(words, "mark")) {
      arrival.origin = ClaimedOrigin{false, {}, {}, uid_of(*mark)};
    }
    if (const auto from = value(words, "from")) {
      const MailboxId id = mailbox(input_, from->substr(0, from->find('/'))).id;
      const Uid uid = uid_of(from->substr(from->find('/') + 1));
      arrival.origin = ClaimedOrigin{true, id, validity_of(id), uid};
    }
    return arrival;
  }

  const MessageRow& named_row(const std::string& place) {
    return row(input_, place.substr(0, place.find('/')),
               uid_of(place.substr(place.find('/') + 1)).value);
  }

  Input input_;
  std::uint32_t inodes_ = 0;
};

class Shower {
 public:
  explicit Shower(const Input& input) : input_(input) {}

  std::string name(MailboxId id) const {
    for (const MailboxInput& in : input_.mailboxes) {
      if (in.id == id) return in.name.text();
    }
    return "?" + std::to_string(id.value);
  }
  std::string key(MailboxId id, Uid uid) const {
    return name(id) + "/" + std::to_string(uid.value);
  }
  std::string at(const Where& where, Uid uid) const { return key(where.mailbox, uid); }

  std::string operator()(const Pair& pair) const {
    return at(pair.where, pair.uid) + " " + pair.file.base + " " + text_of(pair.flags) +
           deltas(pair.to_remote, pair.to_local) + (pair.edited ? " edited" : "") +
           (pair.replaces ? " replaces=" + std::to_string(pair.replaces->value) : "") +
           (pair.forgets ? " forgets=" + key(pair.forgets->mailbox, pair.forgets->uid) : "");
  }
  std::string operator()(const Record& record) const {
    return at(record.where, record.uid) + " " + text_of(record.flags) +
           (record.file ? " " + record.file->name : "");
  }
  std::string operator()(const Missed& missed) const {
    return at(missed.where, missed.uid) + " " + missed.base_name + " " + text_of(missed.flags) +
           (missed.forgets ? " forgets=" + key(missed.forgets->mailbox, missed.forgets->uid) : "");
  }
  std::string operator()(const Download& download) const {
    return name(download.where.mailbox) + "/" + download.uids.to_string();
  }
  std::string operator()(const MoveIn& move) const {
    return at(move.from, move.uid) + " -> " + at(move.to, move.new_uid) + " " +
           name(move.file_mailbox) + ":" + move.file.base + " " + text_of(move.flags) +
           deltas(move.to_remote, {}) + (move.content_differs ? " differs" : "");
  }
  std::string operator()(const MoveOut& move) const {
    return at(move.from, move.uid) + " -> " + name(move.to.mailbox) + " " + move.file.base + " " +
           text_of(move.flags) + deltas(move.to_remote, {}) + (move.marked ? " marked" : "") +
           (move.forgets ? " forgets=" + key(move.forgets->mailbox, move.forgets->uid) : "");
  }
  std::string operator()(const PullFlags& pull) const {
    return at(pull.where, pull.uid) + " " + pull.file.name + " " + text_of(pull.result) +
           deltas(pull.also_push, {});
  }
  std::string operator()(const PushFlags& push) const {
    return at(push.where, push.uid) + " " + text_of(push.result) + deltas(push.delta, {});
  }
  std::string operator()(const Upload& upload) const {
    std::string text =
        name(upload.where.mailbox) + " " + upload.file.base + " " + text_of(upload.flags);
    if (upload.copy_of) text += " copy=" + key(upload.copy_of->mailbox, upload.copy_of->uid);
    if (upload.replaces) text += " replaces=" + std::to_string(upload.replaces->value);
    if (upload.forgets) text += " forgets=" + key(upload.forgets->mailbox, upload.forgets->uid);
    if (upload.in_doubt) text += " doubt";
    return text;
  }
  std::string operator()(const DeleteOut& out) const {
    constexpr std::string_view kinds[] = {"to_trash", "expunge", "fetch_expunge"};
    return at(out.where, out.uid) + " " + std::string(kinds[static_cast<int>(out.kind)]) +
           (out.file_remains ? " file_remains" : "");
  }
  std::string operator()(const DeleteIn& in) const {
    return at(in.where, in.uid) + (in.file ? " " + in.file->name : "") +
           (in.file_mailbox ? " in " + name(in.file_mailbox) : "") +
           (in.into == RowState::tombstone ? "" : " into " + std::string(to_string(in.into)));
  }
  std::string operator()(const Forget& forget) const {
    return at(forget.where, forget.uid) + " " + std::string(to_string(forget.into));
  }
  std::string operator()(const Repair& repair) const {
    return at(repair.where, repair.uid) + " " + repair.file.base +
           (repair.file_mailbox ? " in " + name(repair.file_mailbox) : "");
  }
  std::string operator()(const CloseIntent& close) const {
    return std::to_string(close.intent.value);
  }
  std::string operator()(const ClearDeleted& clear) const { return at(clear.where, clear.uid); }

 private:
  static std::string deltas(const FlagDelta& to_remote, const FlagDelta& to_local) {
    std::string text;
    if (!to_remote.empty()) text += " remote" + text_of(to_remote);
    if (!to_local.empty()) text += " local" + text_of(to_local);
    return text;
  }

  const Input& input_;
};

}  // namespace

Input read(const Story& story) {
  return Reader(story).take();
}

Identity identity_of(std::string_view content) {
  const std::size_t mark = std::min(content.find('~'), content.size());
  const std::string_view message = content.substr(0, mark);
  const std::size_t version = std::min(message.find('^'), message.size());
  const std::string header = std::string(message.substr(0, version)).append(content.substr(mark));
  Identity identity;
  identity.header = sha256(header);
  identity.size = 100 + hash64(header) % 1000;
  identity.message_id = "<" + std::string(message.substr(0, version)) + "@example.org>";
  identity.body = hash64(message) >> 1 | 1;
  return identity;
}

Identity told_identity_of(std::string_view content) {
  Identity identity = identity_of(content);
  identity.body = 0;
  return identity;
}

UidValidity validity_of(MailboxId id) {
  return UidValidity(static_cast<std::uint32_t>(id.value) + 1000);
}

MailboxInput& mailbox(Input& input, std::string_view name) {
  const auto found = std::ranges::find_if(
      input.mailboxes, [&](const MailboxInput& in) { return in.name.text() == name; });
  STERNA_ASSERT(found != input.mailboxes.end());
  return *found;
}

MessageRow& row(Input& input, std::string_view name, std::uint32_t uid) {
  const MessageKey key{mailbox(input, name).id, Uid(uid)};
  const auto found = std::ranges::find_if(
      input.rows, [&](const MessageRow& candidate) { return candidate.key == key; });
  STERNA_ASSERT(found != input.rows.end());
  return *found;
}

Intent& add_intent(Input& input, IntentKind kind, std::string_view mailbox_name, std::uint32_t uid,
                   std::string_view base_name, std::string_view content, std::string_view target) {
  Intent intent;
  intent.id = IntentId(static_cast<std::int64_t>(input.intents.size()) + 1);
  intent.kind = kind;
  intent.mailbox = mailbox(input, mailbox_name).id;
  intent.uidvalidity = validity_of(intent.mailbox);
  intent.uid = Uid(uid);
  intent.base_name = base_name;
  if (!content.empty()) intent.identity = identity_of(content);
  if (!target.empty()) {
    intent.target = mailbox(input, target).id;
    intent.target_uidvalidity = validity_of(intent.target);
  }
  intent.target_uid_next = Uid(5);
  input.intents.push_back(std::move(intent));
  return input.intents.back();
}

std::string show(const Input& input, const Action& action) {
  const std::string rest = std::visit(Shower(input), action.what);
  return std::string(kind_of(action)) + " " + rest + "\n";
}

std::string show(const Input& input, const Plan& plan) {
  const Shower shower(input);
  std::string text;
  for (const Action& action : plan.actions) text += show(input, action);
  for (const Held& held : plan.held) {
    text += "held " + std::string(to_string(held.kind)) + " ";
    text += held.uid ? shower.key(held.mailbox, held.uid)
                     : shower.name(held.mailbox) + " " + held.file->base;
    text += "\n";
  }
  for (const Waiting& waiting : plan.waiting) {
    text +=
        "wait " + (waiting.uid ? shower.key(waiting.mailbox, waiting.uid)
                               : shower.name(waiting.mailbox) +
                                     (waiting.base_name.empty() ? "" : " " + waiting.base_name));
    text += "\n";
  }
  for (const MailboxId mailbox : plan.unsettled_after_stop) {
    text += "unsettled " + shower.name(mailbox) + "\n";
  }
  for (const Consumed& consumed : plan.consumed) {
    text += "consumed " + shower.name(consumed.mailbox) + " " + consumed.file.base + "\n";
  }
  return text;
}

std::string show_wanted(const Input& input) {
  std::string text;
  for (const IdentityWanted& wanted : identities_wanted(input)) {
    text += Shower(input).name(wanted.mailbox) + "/" + wanted.uids.to_string() + "\n";
  }
  return text;
}

std::string told(const Story& story) {
  return told(read(story));
}
std::string told(const Input& input) {
  return show(input, plan(input));
}

std::string lines(std::string_view text) {
  std::string out;
  for (const Words& words : words_of(text)) {
    for (std::size_t i = 0; i < words.size(); ++i) out += (i == 0 ? "" : " ") + words[i];
    out += "\n";
  }
  return out;
}

}  // namespace sterna::sync::test
