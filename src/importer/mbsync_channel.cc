// SPDX-License-Identifier: Apache-2.0
#include "mbsync_channel.h"

#include <fmt/format.h>

#include <algorithm>

#include "sterna/base/bytes.h"
#include "words.h"

namespace sterna::importer {
namespace {

MbsyncBox parse_box(std::string_view text) {
  if (!text.starts_with(':')) return {};
  text.remove_prefix(1);
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return {std::string(text), ""};
  return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

void open(SyncWays::Way& way, std::string_view kind) {
  const bool all = kind.empty();
  way.fresh = way.fresh || all || kind == "new";
  way.gone = way.gone || all || kind == "delete" || kind == "gone";
  way.flags = way.flags || all || kind == "flags";
}

// The words behind an option of the channel, or else of the whole file.
const MbsyncOption* option_of(const MbsyncChannel& channel, const MbsyncSection& global,
                              std::string_view name) {
  const MbsyncOption* own = channel.section->find(name);
  return own != nullptr ? own : global.find(name);
}

// Create, Remove, Expunge, ExpungeSolo and ExpireSide.
struct Sides {
  bool remote = false;
  bool local = false;
};

Sides sides_of(const MbsyncOption* option, bool reversed) {
  Sides sides;
  if (option == nullptr) return sides;
  for (const WipedString& given : option->words) {
    const std::string word = ascii_lower(given);
    const bool both = word == "both";
    if (both || word == "far" || word == "master") sides.remote = true;
    if (both || word == "near" || word == "slave") sides.local = true;
  }
  if (reversed) std::swap(sides.remote, sides.local);
  return sides;
}

std::string_view create_word(Sides sides) {
  if (sides.remote) return sides.local ? "both" : "remote";
  return sides.local ? "local" : "none";
}

class Policy {
 public:
  Policy(const MbsyncChannel& channel, const MbsyncSection& global, bool reversed,
         std::string_view about, Remarks& remarks)
      : channel_(channel), global_(global), reversed_(reversed), about_(about), remarks_(remarks) {}

  Settings carry() {
    carry_direction();
    carry_create();
    carry_deletions();
    carry_limits();
    return std::move(settings_);
  }

 private:
  void say(std::string_view text) { remarks_.add(about_, text); }
  const MbsyncOption* find(std::string_view name) const {
    return option_of(channel_, global_, name);
  }
  void set(const char* key, std::string_view word) { settings_.set_text(key, word); }

  void carry_direction() {
    std::vector<std::string> words;
    if (const MbsyncOption* sync = find("Sync"))
      words.assign(sync->words.begin(), sync->words.end());
    ways_ = parse_sync(words);
    if (reversed_) std::swap(ways_.pull, ways_.push);
    const bool pulls = ways_.pull.any();
    const bool pushes = ways_.push.any();
    if (!pulls && !pushes) {
      set("direction", "pull");
      say("Sync None: nothing travelled; Sterna has no such setting, and pulls");
      ways_.pull = {.fresh = true, .gone = false, .flags = true};
    } else if (!pushes || !pulls) {
      set("direction", pulls ? "pull" : "push");
    }
    say_partial(ways_.pull, "the server", "here");
    say_partial(ways_.push, "here", "the server");
  }

  // A direction is open for new mail and for flags, or for neither.
  void say_partial(const SyncWays::Way& way, std::string_view from, std::string_view to) {
    if (!way.any() || way.fresh == way.flags) {
      if (way.any() && !way.fresh)
        say(
            fmt::format("Sync: only deletions went from {} to {}; with Sterna new mail and flags "
                        "go, too",
                        from, to));
      return;
    }
    say(fmt::format("Sync: {} went from {} to {}, and {} did not; with Sterna both do",
                    way.fresh ? "new mail" : "flags", from, to, way.fresh ? "flags" : "new mail"));
  }

  void carry_create() {
    const Sides create = sides_of(find("Create"), reversed_);
    if (create_word(create) != "both") set("create", create_word(create));
    const Sides remove = sides_of(find("Remove"), reversed_);
    if (!remove.local || !remove.remote)
      remarks_.add("",
                   "a mailbox that is deleted on one side is removed on the other if it is empty "
                   "there, and held if not; mbsync did that only where Remove said so");
  }

  void carry_deletions() {
    const Sides expunge = sides_of(find("Expunge"), reversed_);
    // Expunges what has no counterpart any more: so deletions travel.
    const Sides solo = sides_of(find("ExpungeSolo"), reversed_);
    const bool leaves = ways_.push.any() && !(ways_.push.gone && (expunge.remote || solo.remote));
    const bool stays = ways_.pull.any() && !(ways_.pull.gone && (expunge.local || solo.local));
    if (leaves) set("local_delete", "ignore");
    if (stays) set("remote_delete", "ignore");
    if (leaves && ways_.push.gone)
      say("Expunge did not name the server: what you deleted here was only marked there. Sterna "
          "marks nothing for a file that is gone, and leaves the message (local_delete = "
          "\"ignore\"). Those that are marked there and have no file here any more are fetched "
          "again, with the flag T; local_delete = \"trash\" would move what you delete from now on "
          "to the Trash");
    if (stays && ways_.pull.gone)
      say("Expunge did not name the Maildir: what was deleted on the server was only marked here. "
          "Sterna keeps such a file as it is (remote_delete = \"ignore\"); \"delete\" would remove "
          "it");
    if (ways_.push.any() && !leaves) suggest_expunge(expunge.remote);
  }

  void suggest_expunge(bool marked_too) {
    settings_.suggest("local_delete", "\"expunge\"",
                      "as mbsync did: gone at once, not to the Trash");
    if (!marked_too) {
      say("a message whose file you delete is moved to the server's Trash; mbsync expunged it. A "
          "line in the account says how to have it so again");
      return;
    }
    settings_.suggest("expunge_flagged", "true",
                      "as mbsync did: expunge what a reader marked as deleted (T)");
    say("a message whose file you delete is moved to the server's Trash, and one that you mark as "
        "deleted (T) keeps that mark; mbsync expunged both. Two lines in the account say how to "
        "have it so again");
  }

  void carry_limits() {
    const MbsyncOption* size = channel_.section->find("MaxSize");
    if (size != nullptr && !is_zero(size->first())) carry_max_size(size->first());
    const MbsyncOption* count = find("MaxMessages");
    if (count == nullptr || is_zero(count->first())) return;
    if (const auto number = parse_number(count->first())) carry_max_messages(*number);
  }

  // The near side, unless ExpireSide says otherwise.
  bool expires_on_server() const {
    const MbsyncOption* side = find("ExpireSide");
    return side == nullptr ? reversed_ : sides_of(side, reversed_).remote;
  }

  void carry_max_messages(std::uint64_t number) {
    if (expires_on_server()) {
      say(
          fmt::format("MaxMessages {} bounded what is on the server, where mbsync expunged the "
                      "oldest messages; Sterna bounds no server. What was expunged there so and is "
                      "still here is held: `sterna held list` shows it, `sterna held restore` "
                      "sends it to the server again, `sterna held apply` removes it here",
                      number));
      return;
    }
    settings_.set("max_messages", fmt::format("{}", number));
    say(
        fmt::format("MaxMessages {}: as long as Sterna has no max_messages, the first sync fetches "
                    "the older messages, too",
                    number));
    if (option_of(channel_, global_, "ExpireUnread") != nullptr)
      say("ExpireUnread has no counterpart: unread messages are kept");
  }

  static bool is_zero(std::string_view text) { return text.empty() || text.starts_with('0'); }

  void carry_max_size(std::string_view text) {
    std::string digits;
    char unit = '\0';
    for (const char c : text) {
      if (c >= '0' && c <= '9') digits += c;
      if (ascii_lower(c) == 'k' || ascii_lower(c) == 'm') unit = ascii_lower(c);
    }
    const auto count = parse_number(digits, 1'000'000'000'000);
    if (!count) return;
    const std::uint64_t kilo =
        unit == 'm' ? *count * 1024 : (unit == 'k' ? *count : (*count + 1023) / 1024);
    settings_.set_text("max_size", fmt::format("{}K", kilo));
    say("MaxSize: mbsync left a placeholder for each larger message. As long as Sterna has no "
        "max_size, the first sync fetches these messages, and holds the placeholders, whose "
        "subjects begin with [placeholder]; `sterna held list` shows them, `sterna held apply` "
        "removes them");
  }

  const MbsyncChannel& channel_;
  const MbsyncSection& global_;
  bool reversed_;
  std::string_view about_;
  Remarks& remarks_;
  Settings settings_;
  SyncWays ways_;
};

}  // namespace

MbsyncChannel read_channel(const MbsyncSection& section, Remarks& remarks) {
  MbsyncChannel channel{section.name, {}, {}, {}, &section};
  for (const MbsyncOption& option : section.options) {
    if (option.is("Far") || option.is("Master")) channel.far = parse_box(option.first());
    if (option.is("Near") || option.is("Slave")) channel.near = parse_box(option.first());
    if (option.is("Pattern") || option.is("Patterns"))
      channel.patterns.insert(channel.patterns.end(), option.words.begin(), option.words.end());
  }
  if (channel.far.store.empty() || channel.near.store.empty())
    remarks.add("channel " + section.name, "left out: it does not name two stores");
  return channel;
}

SyncWays parse_sync(const std::vector<std::string>& given) {
  SyncWays ways;
  bool compound = false;
  std::vector<std::string> words;
  for (const std::string& word : given) words.push_back(ascii_lower(word));
  const auto has = [&words](const char* word) {
    return std::ranges::find(words, word) != words.end();
  };
  if (has("none")) return ways;
  for (const std::string& word : words) {
    const bool pull = word.starts_with("pull");
    if ((!pull && !word.starts_with("push")) || word.size() == 4) continue;
    compound = true;
    open(pull ? ways.pull : ways.push, std::string_view(word).substr(4));
  }
  const bool pull = has("pull");
  const bool push = has("push");
  if (compound) {
    // Beside compounds a word by itself stands for its whole row or column.
    if (pull) open(ways.pull, "");
    if (push) open(ways.push, "");
  }
  bool any_kind = false;
  for (const std::string& word : words) {
    if (word.starts_with("pull") || word.starts_with("push") || word == "all" || word == "full")
      continue;
    any_kind = true;
    if (compound || pull || !push) open(ways.pull, word);
    if (compound || push || !pull) open(ways.push, word);
  }
  if (!compound && !any_kind) {
    if (pull || !push) open(ways.pull, "");
    if (push || !pull) open(ways.push, "");
  }
  return ways;
}

Settings carry_policy(const MbsyncChannel& channel, const MbsyncSection& global, bool reversed,
                      std::string_view about, Remarks& remarks) {
  return Policy(channel, global, reversed, about, remarks).carry();
}

}  // namespace sterna::importer
