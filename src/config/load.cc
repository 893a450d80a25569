// SPDX-License-Identifier: Apache-2.0
// Files to one document, the document to checked values, then what only shows between accounts.
#include "sterna/config/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "account.h"
#include "document.h"
#include "files.h"
#include "lookup.h"
#include "problems.h"
#include "sterna/base/bytes.h"
#include "sterna/base/secret.h"
#include "sterna/base/wiping_heap.h"

namespace sterna::config {
namespace {

// A configuration is some kilobytes; the bound also limits how deep a hostile one can nest.
constexpr std::size_t kFileOctetsMax = 256 * 1024;

const Node* table_at(const Node& root, std::string_view key) {
  const Member* member = root.find(key);
  return member != nullptr && member->value.is(Node::Kind::table) ? &member->value : nullptr;
}

// The password of an account or its proxy, or the secret of its client; nullptr if it has none.
const Member* find_secret(const Node& table) {
  if (const Member* password = table.find("password")) return password;
  const Member* proxy = table.find("proxy");
  if (proxy != nullptr && proxy->value.text.contains('@')) return proxy;
  const Member* oauth = table.find("oauth");
  return oauth == nullptr ? nullptr : oauth->value.find("client_secret");
}

void check_secrecy(const Node& root, mode_t mode, const std::string& path, Problems& problems) {
  if (!readable_by_others(mode)) return;
  std::vector<const Node*> tables;
  if (const Node* defaults = table_at(root, "defaults")) tables.push_back(defaults);
  if (const Node* accounts = table_at(root, "account")) {
    for (const Member& member : accounts->members) tables.push_back(&member.value);
  }
  const auto it =
      std::ranges::find_if(tables, [](const Node* node) { return find_secret(*node) != nullptr; });
  if (it == tables.end()) return;
  const Member* found = find_secret(**it);
  problems.add(found->place,
               fmt::format("this file holds a {} and can be read by the group or by others",
                           found->key == "client_secret" ? "client_secret" : "password"),
               "chmod 600 " + path);
}

// One file's table into that of all files. Nothing may be said twice; accounts are not even opened.
void unite(Node& whole, Node&& more, bool tables_are_whole, Problems& problems) {
  for (Member& member : more.members) {
    Member* there = whole.find(member.key);
    if (there == nullptr) {
      whole.members.push_back(std::move(member));
      continue;
    }
    const bool both_tables =
        there->value.is(Node::Kind::table) && member.value.is(Node::Kind::table);
    if (both_tables && !tables_are_whole) {
      unite(there->value, std::move(member.value), member.key == "account", problems);
      continue;
    }
    problems.add(member.place, fmt::format("`{}` is already set in {}", printable(member.key, 80),
                                           problems.locate(there->place)));
  }
}

void read_file(const std::string& path, Node& whole, Problems& problems) {
  auto file = read_whole_file(path, kFileOctetsMax);
  if (!file) {
    problems.add({}, file.error().message());
    return;
  }
  const std::size_t index = problems.add_file(path, directory_of(path));
  auto root = parse_document(file->text, index, problems);
  wipe(file->text);
  wipe_leftovers();  // of the library's own buffers, on whichever thread this is
  if (!root) return;
  check_secrecy(*root, file->mode, path, problems);
  if (whole.place.file == Place::kNoFile) whole.place = {index, 0, 0};
  unite(whole, std::move(*root), false, problems);
}

class Loader {
 public:
  explicit Loader(const LoadOptions& options) : lookup_(options) {}

  std::expected<Config, std::vector<Problem>> run() {
    config_.files = lookup_.files(problems_);
    for (const std::string& path : config_.files) read_file(path, root_, problems_);
    // What is missing is worth a word only where everything could be read.
    const bool all_read = problems_.empty();
    read_document();
    if (all_read && problems_.empty() && accounts_.empty()) {
      problems_.add(root_.place, "there is no account", "add one as [account.NAME]");
    }
    if (!problems_.empty()) return std::unexpected(problems_.sorted());
    return std::move(config_);
  }

 private:
  void read_document() {
    if (root_.place.file == Place::kNoFile) return;
    const Fields top(root_, Section::top, "", lookup_.home(), problems_);
    top.check_keys();
    read_paths(top);
    read_log(top);
    read_hooks(top);
    read_metrics(top);
    read_accounts(top);
    check_maildirs();
    for (ReadAccount& read : accounts_) config_.accounts.push_back(std::move(read.config));
    std::ranges::sort(config_.accounts, {}, &AccountConfig::name);
  }

  void read_paths(const Fields& top) {
    // A path that was refused is not known: its default would only make false problems.
    top.path("mail_root", config_.mail_root);
    top.path("state_dir", config_.state_dir);
    const bool has_root = top.find("mail_root") != nullptr;
    const bool has_state = top.find("state_dir") != nullptr;
    if (!has_root && !lookup_.home().empty()) config_.mail_root = lookup_.home() + "/Mail";
    if (!has_state) config_.state_dir = lookup_.state_dir().value_or("");
    if ((!has_root && config_.mail_root.empty()) || (!has_state && config_.state_dir.empty())) {
      problems_.add(root_.place, "there is no home directory",
                    "set HOME, or give `mail_root` and `state_dir`");
    }
    top.path("control_socket", config_.control_socket);
    if (!top.find("control_socket")) {
      config_.control_socket = lookup_.control_socket(config_.state_dir);
    }
  }

  // The table `[key]` of the top; nullptr, with a problem, where something else stands there.
  static const Node* find_section(const Fields& top, std::string_view key) {
    const Node* node = top.find(key);
    if (node == nullptr || node->is(Node::Kind::table)) return node;
    top.refuse(key, fmt::format("`{0}` takes a table, written as [{0}]", key));
    return nullptr;
  }

  void read_log(const Fields& top) {
    const Node* node = find_section(top, "log");
    if (node == nullptr) return;
    constexpr Choice<LogLevel> kLevels[] = {{"trace", LogLevel::trace}, {"debug", LogLevel::debug},
                                            {"info", LogLevel::info},   {"warn", LogLevel::warn},
                                            {"error", LogLevel::error}, {"off", LogLevel::off}};
    const Fields log(*node, Section::log, "log.", lookup_.home(), problems_);
    log.check_keys();
    log.choice("level", kLevels, config_.log_level);
  }

  void read_hooks(const Fields& top) {
    const Node* node = find_section(top, "hooks");
    if (node == nullptr) return;
    const Fields fields(*node, Section::hooks, "hooks.", lookup_.home(), problems_);
    fields.check_keys();
    HooksConfig& hooks = config_.hooks;
    fields.command("before_sync", hooks.before_sync);
    fields.command("after_change", hooks.after_change);
    fields.command("new_mail", hooks.new_mail);
    fields.command("held", hooks.held);
    fields.command("needs_auth", hooks.needs_auth);
    fields.command("error", hooks.error);
    fields.duration("debounce", Zero::allowed, hooks.debounce);
    fields.duration("timeout", Zero::refused, hooks.timeout);
  }

  void read_metrics(const Fields& top) {
    const Node* node = find_section(top, "metrics");
    if (node == nullptr) return;
    const Fields fields(*node, Section::metrics, "metrics.", lookup_.home(), problems_);
    fields.check_keys();
    std::string& textfile = config_.metrics.textfile;
    if (fields.path("textfile", textfile) && is_directory(textfile)) {
      fields.refuse("textfile", "this is a directory: the figures are one file",
                    "such as " + textfile + "/sterna.prom");
    }
  }

  void read_accounts(const Fields& top) {
    const Surroundings surroundings{lookup_.home(), config_.mail_root};
    Node defaults;
    if (const Node* node = find_section(top, "defaults")) {
      defaults = *node;
      check_defaults(defaults, surroundings, problems_);
    }
    const Node* accounts = top.find("account");
    if (accounts == nullptr) return;
    if (!accounts->is(Node::Kind::table)) {
      top.refuse("account", "accounts are written as [account.NAME]");
      return;
    }
    for (const Member& member : accounts->members) {
      read_one_account(member, defaults, surroundings);
    }
  }

  void read_one_account(const Member& member, const Node& defaults,
                        const Surroundings& surroundings) {
    if (!member.value.is(Node::Kind::table)) {
      problems_.add(member.place, "accounts are written as [account.NAME]");
      return;
    }
    accounts_.push_back(read_account(
        member.key, member.place, over_defaults(defaults, member.value), surroundings, problems_));
  }

  static bool counts(const ReadAccount& read) {
    return read.config.enabled && !read.config.maildir.empty();
  }

  // A Maildir inside another would be mirrored as a part of it, and mail be doubled; state inside a
  // Maildir would be taken for a mailbox.
  void check_maildirs() {
    const bool has_state = !config_.state_dir.empty();
    const std::string state = resolved(config_.state_dir) + "/";
    for (const ReadAccount& one : accounts_) {
      if (!counts(one)) continue;
      const std::string path = resolved(one.config.maildir) + "/";
      if (has_state && state.starts_with(path)) {
        problems_.add(one.maildir_place,
                      fmt::format("account `{}`: the state in {} would lie inside this maildir",
                                  one.config.name, config_.state_dir));
      }
      for (const ReadAccount& other : accounts_) check_pair(one, path, other);
    }
  }

  // Says it once for a pair: at the inner one, or, of two that are the same, at the later one.
  void check_pair(const ReadAccount& inner, const std::string& path, const ReadAccount& other) {
    if (&inner == &other || !counts(other)) return;
    const std::string outer = resolved(other.config.maildir) + "/";
    if (!path.starts_with(outer)) return;
    const bool same = path == outer;
    if (same && inner.place < other.place) return;
    problems_.add(
        inner.maildir_place,
        fmt::format("accounts `{}` and `{}` {}", inner.config.name, other.config.name,
                    same ? "have the same maildir" : "have one maildir inside the other"));
  }

  Lookup lookup_;
  Problems problems_;
  Node root_;
  std::vector<ReadAccount> accounts_;
  Config config_;
};

}  // namespace

std::expected<Config, std::vector<Problem>> load_or_problems(const LoadOptions& options) {
  return Loader(options).run();
}

Result<Config> load(const LoadOptions& options) {
  auto loaded = load_or_problems(options);
  if (loaded) return std::move(*loaded);
  std::string text;
  for (const Problem& problem : loaded.error()) {
    if (!text.empty()) text += '\n';
    text += problem.describe();
  }
  return fail(ErrorCode::config, std::move(text));
}

}  // namespace sterna::config
