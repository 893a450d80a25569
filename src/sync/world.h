// SPDX-License-Identifier: Apache-2.0
// World: an Input made ready for the tables: for every row what each side was seen to have done
// with it, and every arrival of either side as something that can be paired.
//
// Built in an order that does not depend on the order of the observations: mailboxes by id, rows by
// key, messages by mailbox and UID, files by mailbox, mtime and name. Two observations of one row
// that contradict each other are none. The Input must outlive it; pointers into it are stable.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sterna/sync/plan.h"

namespace sterna::sync {

struct MailboxView;
struct RowView;
struct MessageView;
struct FileView;

// What a side was seen to have done with a row. Where it went is in RowView::message and ::file.
enum class Remote : std::uint8_t { unknown, same, gone };
enum class Local : std::uint8_t { unknown, same, changed, gone };

// Beyond that, a move into a mailbox with so much news is not looked for: the file goes to the undo
// area and comes back from there.
inline constexpr std::uint64_t kSearchedMax = 5000;

struct MailboxView {
  const MailboxInput* in = nullptr;
  bool remote_known = false;  // seen, under the UIDVALIDITY of the base
  bool local_known = false;   // seen, and the directory is the one it should be
  UidSet undetailed;          // arrivals that nobody looked at more closely
  // The arrivals here can all be told from any file: no doubt is left. Known once all is paired.
  bool examined = false;
  std::uint64_t infos_lost = 0;  // rows whose file lost its info part
  std::vector<RowView*> rows;
  std::vector<MessageView*> messages;
  std::vector<FileView*> files;
  std::deque<LocalArrival> freed;  // files under the names of its rows that are those of others

  Where where() const;
  bool read_only() const { return in->remote.read_only; }
  bool is_yet_to_be_paired() const { return in->is_yet_to_be_paired(); }
  // As that, since its base was let go: what it lacks may be what a backup lacks.
  bool lacks_what_came_since() const { return in->paired_anew && !in->compared; }
  // What moved is looked for among what is new here.
  bool is_searched() const { return undetailed.count() <= kSearchedMax; }
  // What the user did here may go to the server; what happened there may come here.
  bool may_push() const { return in->direction != Direction::pull; }
  bool takes_changes() const { return may_push() && !read_only(); }
  bool may_pull() const { return in->direction != Direction::push; }
  bool has_role(Role role) const { return in->role == role; }
  // Removing from here is removing for good: no brake, no second Trash.
  bool is_bin() const { return has_role(Role::trash) || has_role(Role::junk); }
};

struct RowView {
  const MessageRow* row = nullptr;
  MailboxView* mailbox = nullptr;  // nullptr: not part of this pass, unknown on both sides
  Remote remote = Remote::unknown;
  Local local = Local::unknown;
  const RemoteFlags* told = nullptr;
  const LocalChange* change = nullptr;
  const RemoteArrival* detail = nullptr;
  std::optional<Identity> identity;  // of the base, else as it was looked up
  FileView* file = nullptr;          // its file, where it has it now: a local move
  bool followed = false;             // we moved that file, after its message: the user did not
  MessageView* message = nullptr;    // its message under another UID: a remote move
  const Intent* intent = nullptr;    // an open move_out or delete_out, the later of the two
  const Intent* move_out = nullptr;  // an open move_out, the latest
  // An open move that took its message back after the file: begun before it had a row.
  const Intent* move_back = nullptr;
  const Intent* upload = nullptr;  // an open upload of its edited content
  const Intent* sent = nullptr;    // with `message`: the open upload that put it there
  FlagDelta inherited;             // said here to the place that its message came from
  std::optional<MessageKey> heir;  // its message, fetched anew beside its file
  bool copied = false;             // we copied its file after its message; this one is left over
  bool of_removal = false;         // in the Trash: the copy that an unfinished removal made
  bool doubted = false;            // seen, but by no observation that counts

  MessageKey key() const { return row->key; }
  // What the message is like on the server: as the base has it, else as it was looked up.
  std::optional<Identity> identity_there() const {
    return row->identity ? remote_identity(*row) : identity;
  }
  bool has_state(RowState state) const { return row->state == state; }
  bool has_file_here() const {
    return row->state == RowState::present || row->state == RowState::stub;
  }
};

// On the server and in no row with a file: an arrival, or a row that still waits for its file.
struct MessageView {
  MailboxView* mailbox = nullptr;
  Uid uid;
  const RemoteArrival* detail = nullptr;  // nullptr only where `row` is set
  RowView* row = nullptr;                 // in state wanted or dropped
  bool size_reliable = true;
  RowView* from = nullptr;   // the row whose message this is: a remote move
  FileView* file = nullptr;  // the file that it was proven to be
  bool of_removal = false;   // as of a row
  bool left_behind = false;  // by our own move, whose copy stands
  bool taken = false;        // decided: the new content of a row's file, or missing its file

  std::optional<Identity> identity() const;
  FlagSet flags() const;
  // No row, no move and no file explains it, and nothing is decided of it.
  bool is_unexplained() const { return !row && !from && !file && !taken; }
};

struct FileView {
  MailboxView* mailbox = nullptr;
  const LocalArrival* arrival = nullptr;
  std::string stem;
  RowView* from = nullptr;           // the row whose file this is: a local move
  MessageView* message = nullptr;    // proven to be the same, in this mailbox
  MessageView* elsewhere = nullptr;  // proven to be the same, in another mailbox
  bool moved_here = false;           // with `elsewhere`: the user moved it here since
  const Intent* upload = nullptr;
  // An open upload, or a move, of what it was before it was edited.
  const Intent* sent_before = nullptr;
  const Intent* move_out = nullptr;  // begun before it had a row
  const RowView* left = nullptr;     // the row that both sides seem to have left for here
  bool awaits_drop = false;          // an own removal of it is under way
  bool uploads = false;              // decided
  bool waits = false;                // decided
  bool plain = false;                // paired without what a mail program added to its header
  FlagDelta inherited;               // as of a row

  // Fetched, as its name says, as the message that it is paired with, and never written down.
  bool is_delivered() const;
  // Settled enough to be compared, and to be sent.
  bool is_clear() const { return arrival->stable && arrival->identity.has_value(); }
  bool is_paired() const { return from || message || elsewhere; }
  // The content that was proven to be the message's: the server's, where the file has more.
  const std::optional<Identity>& identity() const {
    return plain ? arrival->plain : arrival->identity;
  }
};

using Inode = std::pair<std::uint64_t, std::uint64_t>;  // with its device
Inode inode_of(const FileStamp& file);
// As the inode says; where none is known, it says nothing.
bool is_one_file(const FileStamp& one, const FileStamp& other);
// A mail program's fields apart. The arrival's identity is known.
bool is_content_of(const LocalArrival& arrival, const Identity& identity);

class World {
 public:
  explicit World(const Input& input);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  const Input& input() const { return input_; }
  MailboxView* mailbox(MailboxId id);
  RowView* row(MessageKey key);
  // Rows of any state and mailbox whose base name has that stem, ascending by key.
  const std::vector<RowView*>& rows_named(const std::string& stem);

  std::deque<MailboxView>& mailboxes() { return mailboxes_; }
  std::deque<RowView>& rows() { return rows_; }
  std::deque<MessageView>& messages() { return messages_; }
  std::deque<FileView>& files() { return files_; }

  bool every_local_side_known() const;
  // After pairing: sets MailboxView::examined.
  void note_examined();
  bool every_remote_side_examined() const;
  // Nothing is new on the server that was to be looked at and could not: gone before that, say.
  bool every_arrival_was_searched() const;
  bool every_remote_side_known() const;
  // Sizes that the server told may be compared.
  bool sizes_count(const MessageView& message) const;
  // Whether it has that content, by what its server told of it. False where either is not known.
  bool has_content(const MessageView& message, const std::optional<Identity>& content) const;

 private:
  void add_mailboxes();
  void add_rows();
  void add_messages(MailboxView& mailbox);
  void add_files();
  void observe_local(MailboxView& mailbox);
  // A file under the name of a row here that is another row's, which misses it: no edit of what is
  // here, as where that one is an edit which went elsewhere under the old name, and came back.
  void free_files_of_others();
  void observe_remote(MailboxView& mailbox);
  void observe_details(MailboxView& mailbox);
  void add_intents();

  const Input& input_;
  std::deque<MailboxView> mailboxes_;
  std::deque<RowView> rows_;
  std::deque<MessageView> messages_;
  std::deque<FileView> files_;
  std::unordered_map<MailboxId, MailboxView*> mailbox_by_id_;
  std::unordered_map<MessageKey, RowView*> row_by_key_;
  std::unordered_map<std::string, std::vector<RowView*>> rows_by_stem_;
  const std::vector<RowView*> none_;
};

}  // namespace sterna::sync
