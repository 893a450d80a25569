// SPDX-License-Identifier: Apache-2.0
// Layout: which directory holds which mailbox, in both directions.
//
//   fs:        Lists/dev is Lists/dev, names in UTF-8
//   maildir++: Lists/dev is .Lists.dev, names in modified UTF-7
//
// What a path cannot hold is escaped as %XX, upper case: '%', control octets, a '/' inside a
// component (kEscapedSlash, written %2F), a leading dot, components that would meet a Maildir's own
// files, and in maildir++ every dot and what is not UTF-8. An empty component is "%00"; names hold
// no NUL. Names that other programs made are taken as they are found: a '%' that escapes nothing is
// itself. So name_of(path_of(n)) == n for every name whose path is not cut, while several strange
// paths may spell one name; discover() lets one of them win.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/base/result.h"
#include "sterna/io/file_system.h"
#include "sterna/maildir/stamp.h"
#include "sterna/model/mailbox_name.h"

namespace sterna::maildir {

inline constexpr std::size_t kPathComponentOctetsMax = 255;  // of every file system that matters
inline constexpr std::size_t kMailboxDepthMax = 64;          // levels below the root

enum class LayoutKind : std::uint8_t { fs, maildir_plus_plus };

// Components below the Maildir's root; empty is the root itself.
using MailboxPath = std::vector<std::string>;
std::string to_string(const MailboxPath& path);         // joined by '/', "" for the root
MailboxPath parse_mailbox_path(std::string_view text);  // the inverse

class Layout {
 public:
  // `inbox`: the local folder of INBOX, components separated by '/'; "" is the root. INBOX's own
  // children are below INBOX/ whatever `inbox` says.
  Layout(LayoutKind kind, std::string inbox);

  LayoutKind kind() const { return kind_; }

  // Deterministic. Components (the whole name in maildir++) over 255 octets are cut, see shorten().
  MailboxPath path_of(const MailboxName& name) const;

  // The mailbox that a path spells; nullopt for a path that this layout does not use for mailboxes
  // and for a component that was cut, whose name only the account's state knows.
  std::optional<MailboxName> name_of(const MailboxPath& path) const;

  // A path for each of `names`. Those in `known` keep theirs. Of names whose paths are equal, or
  // equal but for case where `folds_case`, the one later in byte order has its first differing
  // letter escaped.
  std::map<MailboxName, MailboxPath> assign_paths(std::vector<MailboxName> names,
                                                  const std::map<MailboxName, MailboxPath>& known,
                                                  bool folds_case) const;

 private:
  LayoutKind kind_;
  MailboxPath inbox_;
};

// At most 255 octets: `component` itself, or its head (cut between characters and escapes), "%~"
// and 16 hexadecimal digits of its digest.
std::string shorten(std::string_view component);
bool is_shortened(std::string_view component);

struct LocalMailbox {
  MailboxName name;
  MailboxPath path;
  // Of cur: the identity of the mailbox as a directory (safety.md, rule 15); and the stamp for
  // free.
  MailboxStamp stamp;
  bool complete = true;  // has new and tmp beside cur; else it is frozen until they are back
  // The path is one that shorten() cut: `name` is the literal path, and the state knows better.
  bool shortened = false;
};

// A directory that seems to be a mailbox and cannot be one.
struct UnusableFolder {
  MailboxPath path;
  std::string why;       // what it is, ready to be printed: "is a second way to a directory"
  std::string remedy;    // what the user can do, ready to be printed
  bool has_cur = false;  // of its own: there may be mail in it that is nowhere else
};

struct Discovery {
  std::vector<LocalMailbox> mailboxes;  // ascending by name, each name once
  std::vector<UnusableFolder> unusable;
  // Directories without a cur. A mailbox that was at such a place has lost it, as when its disk is
  // not mounted: it is suspect, not absent.
  std::vector<MailboxPath> bare;
  // Directories that we may not read. What is below them is unknown, not absent.
  std::vector<MailboxPath> unreadable;
};

// Every directory below `root` that has a cur. Does not enter cur, new, tmp and, in fs, dot
// directories; follows symbolic links to directories, each directory once. One listing and a few
// stats a directory, whatever is in the mailboxes. ErrorCode::changed if directories keep coming
// and going while it looks; any other failure fails the whole, since what was not seen must not
// seem absent.
Result<Discovery> discover(io::Directory& root, const Layout& layout);

}  // namespace sterna::maildir
