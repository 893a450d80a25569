// SPDX-License-Identifier: Apache-2.0
#include "sterna/maildir/layout.h"

#include <algorithm>
#include <span>
#include <unordered_map>
#include <utility>

#include "escape.h"
#include "fold_case.h"
#include "sterna/base/bytes.h"
#include "text.h"

namespace sterna::maildir {
namespace {

// One name of a path: a component of the name in fs, the whole name in maildir++.
std::string spell(LayoutKind kind, std::string_view part, ForcedEscape forced = {}) {
  if (kind == LayoutKind::fs) return shorten(escape_component(kind, part, forced));
  std::string folder;
  std::size_t offset = 0;
  for (const std::string_view component : split(part, '/')) {
    const auto inside = [&](std::size_t at) {
      return at <= offset ? 0 : std::min(at - offset, component.size());
    };
    folder += '.';
    folder += escape_component(kind, component,
                               {.begin = inside(forced.begin), .end = inside(forced.end)});
    offset += component.size() + 1;
  }
  if (is_reserved_folder(folder)) return spell(kind, part, {.begin = 0, .end = 1});
  return shorten(folder);
}

std::vector<std::string_view> parts_of(LayoutKind kind, const MailboxName& name) {
  if (kind == LayoutKind::fs) return name.components();
  return {name.text()};
}

// The first character in which two texts differ; empty where one is the head of the other.
ForcedEscape first_difference(std::string_view text, std::string_view other) {
  const auto [mine, theirs] = std::ranges::mismatch(text, other);
  if (mine == text.end()) return {};
  return character_at(text, static_cast<std::size_t>(mine - text.begin()));
}

std::optional<std::string> fs_name(const MailboxPath& path) {
  std::string name;
  for (const std::string& component : path) {
    const bool is_ours = !component.empty() && !component.starts_with('.') &&
                         !is_reserved_component(component) && !is_shortened(component);
    if (!is_ours) return std::nullopt;
    if (&component != &path.front()) name += '/';
    name += unescape_component(LayoutKind::fs, component);
  }
  return name;
}

std::optional<std::string> maildir_plus_plus_name(const MailboxPath& path) {
  if (path.size() != 1 || !path[0].starts_with('.') || path[0].size() == 1) return std::nullopt;
  if (is_reserved_folder(path[0]) || is_shortened(path[0])) return std::nullopt;
  std::vector<std::string_view> components = split(std::string_view(path[0]).substr(1), '.');
  // mbsync writes a child of INBOX as "..child".
  if (components.size() > 1 && components[0].empty()) components[0] = "INBOX";
  std::string name;
  for (const std::string_view component : components) {
    if (component.empty()) return std::nullopt;
    if (component.data() != components[0].data()) name += '/';
    name += unescape_component(LayoutKind::maildir_plus_plus, component);
  }
  return name;
}

// Hands out paths, no two alike.
class PathAssigner {
 public:
  PathAssigner(LayoutKind kind, bool folds_case, const MailboxPath& inbox)
      : kind_(kind), folds_case_(folds_case) {
    // Only INBOX itself lives in its folder; what is below INBOX has a container of that name.
    owner_of_key_.try_emplace(key_of(inbox), "INBOX");
  }

  // A path that is settled, with the containers above it where it has the shape of its name.
  void keep(const MailboxName& name, const MailboxPath& path) {
    const std::vector<std::string_view> parts = parts_of(kind_, name);
    if (parts.size() == path.size()) {
      for (std::size_t depth = 1; depth < path.size(); ++depth) {
        claim(head_of(parts, depth), MailboxPath(path.begin(), path.begin() + index(depth)));
      }
    }
    claim(name.text(), path);
  }

  MailboxPath assign(const MailboxName& name) {
    const std::vector<std::string_view> parts = parts_of(kind_, name);
    MailboxPath path;
    for (std::size_t depth = 1; depth <= parts.size(); ++depth) {
      const std::string head = head_of(parts, depth);
      if (const auto known = path_of_head_.find(head); known != path_of_head_.end()) {
        path = known->second;
        continue;
      }
      path.push_back(free_spelling(path, parts[depth - 1], head));
      claim(head, path);
    }
    return path;
  }

 private:
  static std::ptrdiff_t index(std::size_t depth) { return static_cast<std::ptrdiff_t>(depth); }

  static std::string head_of(const std::vector<std::string_view>& parts, std::size_t depth) {
    std::string head(parts[0]);
    for (std::size_t i = 1; i < depth; ++i) head.append("/").append(parts[i]);
    return head;
  }

  std::string key_of(const MailboxPath& path) const {
    const std::string text = to_string(path);
    return folds_case_ ? fold_case(text) : text;
  }

  void claim(const std::string& head, const MailboxPath& path) {
    path_of_head_.try_emplace(head, path);
    owner_of_key_.try_emplace(key_of(path), head);
  }

  // Whom a spelling would meet: the name of its owner, "" if it is free.
  std::string owner_of(const MailboxPath& above, const std::string& spelling) const {
    MailboxPath path = above;
    path.push_back(spelling);
    const auto found = owner_of_key_.find(key_of(path));
    if (found != owner_of_key_.end()) return found->second;
    const bool meets_own_files =
        folds_case_ && kind_ == LayoutKind::fs && is_reserved_component(fold_case(spelling));
    return meets_own_files ? std::string("/") : std::string();
  }

  std::string free_spelling(const MailboxPath& above, std::string_view part,
                            const std::string& head) const {
    std::string spelling = spell(kind_, part);
    const std::string owner = owner_of(above, spelling);
    if (owner.empty() || owner == head) return spelling;
    const std::size_t skipped = head.size() - part.size();
    const ForcedEscape difference =
        first_difference(part, owner.size() > skipped ? owner.substr(skipped) : std::string());
    if (difference.end > 0) {
      spelling = spell(kind_, part, difference);
      if (owner_of(above, spelling).empty()) return spelling;
    }
    for (std::size_t at = 0; at < part.size(); ++at) {
      spelling = spell(kind_, part, character_at(part, at));
      if (owner_of(above, spelling).empty()) return spelling;
    }
    // Every single escape is taken: as with a name that is too long, the state remembers.
    return cut_with_digest(spelling, head);
  }

  LayoutKind kind_;
  bool folds_case_;
  std::unordered_map<std::string, MailboxPath> path_of_head_;
  std::unordered_map<std::string, std::string> owner_of_key_;
};

}  // namespace

std::string to_string(const MailboxPath& path) {
  std::string text;
  for (const std::string& component : path) {
    if (&component != &path.front()) text += '/';
    text += component;
  }
  return text;
}

MailboxPath parse_mailbox_path(std::string_view text) {
  MailboxPath path;
  if (text.empty()) return path;
  for (const std::string_view component : split(text, '/')) path.emplace_back(component);
  return path;
}

Layout::Layout(LayoutKind kind, std::string inbox) : kind_(kind) {
  if (inbox.empty()) return;
  inbox_ = parse_mailbox_path(inbox);
  if (kind == LayoutKind::fs) return;
  std::string folder;
  for (const std::string& component : inbox_) folder.append(".").append(component);
  inbox_ = {folder};
}

MailboxPath Layout::path_of(const MailboxName& name) const {
  return name.is_inbox() ? inbox_ : PathAssigner(kind_, false, inbox_).assign(name);
}

std::optional<MailboxName> Layout::name_of(const MailboxPath& path) const {
  if (path == inbox_) return MailboxName("INBOX");
  if (path.empty()) return std::nullopt;
  auto text = kind_ == LayoutKind::fs ? fs_name(path) : maildir_plus_plus_name(path);
  if (!text) return std::nullopt;
  MailboxName name(*std::move(text));
  if (name.is_inbox()) return std::nullopt;
  return name;
}

std::map<MailboxName, MailboxPath> Layout::assign_paths(
    std::vector<MailboxName> names, const std::map<MailboxName, MailboxPath>& known,
    bool folds_case) const {
  PathAssigner assigner(kind_, folds_case, inbox_);
  for (const auto& [name, path] : known) {
    if (!name.is_inbox()) assigner.keep(name, path);
  }

  std::ranges::sort(names);
  std::map<MailboxName, MailboxPath> paths;
  for (const MailboxName& name : names) {
    const auto kept = known.find(name);
    if (kept != known.end()) {
      paths.emplace(name, kept->second);
    } else {
      paths.emplace(name, name.is_inbox() ? inbox_ : assigner.assign(name));
    }
  }
  return paths;
}

}  // namespace sterna::maildir
