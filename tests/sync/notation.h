// SPDX-License-Identifier: Apache-2.0
// Worlds in a few lines of text, and plans as text.
//
// base, one row a line:        MAILBOX UID CONTENT FLAGS [option...]
//   FLAGS are Maildir letters, '-' for none, with keywords after a comma: "FS,work".
//   options: STATE (dropped ...), anonymous (no identity), new (in new/), since=N (both sides),
//            email=X, name=X (base name; MAILBOX+UID without it), noinfo, modseq=N
// remote, one observation:     MAILBOX unknown | changes | hides | readonly | began=N
//                              MAILBOX keywords=a,b
//                              MAILBOX gone UID | flags UID FLAGS [modseq=N]
//                              MAILBOX new UID CONTENT FLAGS [unseen] [email=X] [unsized]
//                              [nocontent] MAILBOX detail UID CONTENT   (of a row whose content is
//                              not known)
// local:                       MAILBOX unknown | suspect | aside | busy | changes | began=N
//                              MAILBOX unflushed=N
//                              MAILBOX gone UID | flags UID FLAGS [new] [noinfo] [mute]
//                              MAILBOX edited|restarted|touched|wreck|unreadable UID CONTENT
//                              [old_time] (else its mtime is another one, too)
//                              [saved]
//                              MAILBOX new NAME CONTENT FLAGS [option...]
//   saved: by a mail program that added fields to the header; as a whole it is "CONTENT~saved"
//   options: writing, settling, unreadable, vanished, denied, headless, namesake, stub,
//            placeholder, held, consumed, resurrected, late (first seen after a restart), mute,
//            from=M/U (our own name), mark=U (another synchronizer's), ino=M/U (the inode of that
//            row's file), mtime=N, in_new
//
// Mailboxes are made in the order in which the header names them: "A B Trash:trash". Row A 1 holds
// the file "A1"; equal contents are equal messages; "x~2" has the Message-ID of "x" and other
// bytes; "x^2" has the header and the size of "x", and another body.
#pragma once

#include <string>
#include <string_view>

#include "sterna/sync/plan.h"

namespace sterna::sync::test {

inline constexpr std::int64_t kNow = 5;  // the generation in which everything is observed

struct Story {
  std::string_view mailboxes;
  std::string_view base;
  std::string_view remote;
  std::string_view local;
};

Input read(const Story& story);

Identity identity_of(std::string_view content);       // of a file that was read
Identity told_identity_of(std::string_view content);  // of a message that the server told of
UidValidity validity_of(MailboxId id);
MailboxInput& mailbox(Input& input, std::string_view name);
MessageRow& row(Input& input, std::string_view name, std::uint32_t uid);
// An open intent about that row or, with uid 0, about the file `base_name` of that content.
Intent& add_intent(Input& input, IntentKind kind, std::string_view mailbox, std::uint32_t uid,
                   std::string_view base_name, std::string_view content, std::string_view target);

// One line an action, then what is held, waits and was consumed; "" for nothing at all. Mailbox
// names stand for ids. "upload B n1 S copy=A/1", "move_in A/1 -> B/7 A1", "held delete_remote A/1",
// "wait B n1".
std::string show(const Input& input, const Plan& plan);
std::string show(const Input& input, const Action& action);
std::string show_wanted(const Input& input);

// plan() of the story, shown.
std::string told(const Story& story);
std::string told(const Input& input);

// `text` with one leading newline and common indentation taken away, so that expectations can be
// written as raw strings.
std::string lines(std::string_view text);

}  // namespace sterna::sync::test
