// SPDX-License-Identifier: Apache-2.0
// The commands, one function each; src/imap/commands has a file for each command or extension. They
// only print: whether the server knows the command, and whether the state allows it, is the
// caller's business. Where a caller's string goes in, the result fails with ErrorCode::usage if it
// holds NUL, CR or LF. Sequence numbers are never sent: everything goes by UID.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sterna/base/secret.h"
#include "sterna/imap/capability.h"
#include "sterna/imap/command.h"
#include "sterna/model/flags.h"
#include "sterna/model/ids.h"
#include "sterna/model/mailbox_name.h"
#include "sterna/model/uid_set.h"

namespace sterna::imap {

// Session
Command capability();
Command noop();
Command logout();
Command starttls();
Command compress_deflate();  // RFC 4978
Command idle();              // RFC 2177; ended with Client::end_idle()
Command namespaces();        // RFC 2342
Command enable(const std::vector<Capability>& extensions);  // RFC 5161; not empty
// RFC 2971. Without fields it is "ID NIL", never "ID ()", which some servers refuse.
Result<Command> id(const std::vector<std::pair<std::string, std::string>>& fields);
// RFC 5465: STATUS of each mailbox of the user, now and whenever it changes; of the selected one
// what changes itself.
Command notify_personal();

// Authentication
Result<Command> login(std::string_view user, const Secret& password);
// Without SASL-IR: the server's first "+" is answered with Client::respond_auth().
Result<Command> authenticate(std::string_view mechanism);
// With SASL-IR (RFC 4959); `response` is not yet in base64.
Result<Command> authenticate(std::string_view mechanism, const Secret& response);

// Mailboxes
enum class StatusItem : std::uint8_t {
  messages,
  uid_next,
  uid_validity,
  unseen,
  highest_modseq,
  size,
  mailbox_id,
  append_limit,
};
// What the server can tell and a synchronizer wants to know: MESSAGES UIDNEXT UIDVALIDITY UNSEEN,
// with HIGHESTMODSEQ and MAILBOXID where they exist.
std::vector<StatusItem> status_items_for(const Capabilities& capabilities);

struct ListOptions {
  std::string reference = {};
  std::vector<std::string> patterns = {"*"};  // not empty; wire octets, wildcards included
  // The rest needs LIST-EXTENDED; if all of it is unset, LIST is plain.
  bool return_subscribed = false;
  bool return_children = false;  // RFC 3348; a plain LIST tells it unasked
  bool return_special_use = false;
  std::vector<StatusItem> return_status = {};  // LIST-STATUS
};
// All that the server's LIST can return in one command.
ListOptions list_options_for(const Capabilities& capabilities);
Result<Command> list(const ListOptions& options);
Result<Command> lsub(std::string_view reference, std::string_view pattern);

Result<Command> status(const WireName& mailbox, const std::vector<StatusItem>& items);

// The last known state of a mailbox (RFC 7162 section 3.2.5). The known UIDs are left out: the
// server takes 1 up to UIDNEXT.
struct QresyncState {
  UidValidity uidvalidity = {};
  ModSeq modseq = {};
};
struct SelectOptions {
  bool examine = false;
  bool condstore = false;
  std::optional<QresyncState> qresync = {};  // needs ENABLE QRESYNC; implies condstore
};
Result<Command> select(const WireName& mailbox, const SelectOptions& options = {});
Command unselect();  // RFC 3691

Result<Command> create(const WireName& mailbox);
Result<Command> delete_mailbox(const WireName& mailbox);
Result<Command> rename(const WireName& from, const WireName& to);
Result<Command> subscribe(const WireName& mailbox);
Result<Command> unsubscribe(const WireName& mailbox);
Result<Command> my_rights(const WireName& mailbox);  // RFC 4314

// Messages
enum class FetchItem : std::uint8_t {
  uid,
  flags,
  internal_date,
  size,
  modseq,
  email_id,
  gm_msgid,
  header,  // BODY.PEEK[HEADER]
  body,    // BODY.PEEK[]
};
struct FetchRequest {
  UidSet uids = {};  // not empty
  std::vector<FetchItem> items = {};
  std::vector<std::string> header_fields = {};  // BODY.PEEK[HEADER.FIELDS (...)], if any
  std::optional<ModSeq> changed_since = {};     // RFC 7162
  bool vanished = false;                        // with changed_since, needs QRESYNC
};
Result<Command> uid_fetch(const FetchRequest& request);

enum class StoreAction : std::uint8_t { add, remove };
struct StoreRequest {
  UidSet uids = {};  // not empty
  StoreAction action = StoreAction::add;
  FlagSet flags = {};  // not empty
};
Result<Command> uid_store(const StoreRequest& request);  // +FLAGS.SILENT or -FLAGS.SILENT

// What to look for; all that is set has to hold. Nothing set is ALL.
struct SearchQuery {
  bool return_all = false;  // RETURN (ALL), RFC 4731: the answer is an ESEARCH
  std::optional<UidSet> uids = {};
  bool deleted = false;
};
Result<Command> uid_search(const SearchQuery& query);

Result<Command> uid_copy(const UidSet& uids, const WireName& target);
Result<Command> uid_move(const UidSet& uids, const WireName& target);  // RFC 6851
Result<Command> uid_expunge(const UidSet& uids);                       // RFC 4315
Command expunge();

struct AppendMessage {
  FlagSet flags = {};
  std::optional<std::int64_t> internal_date = {};  // seconds since 1970
  std::uint64_t size = 0;                          // octets that will be provided
  LiteralMode mode = LiteralMode::automatic;
};
// One message, or several with MULTIAPPEND (RFC 3502): all of them or none is stored.
Result<Command> append(const WireName& mailbox, const std::vector<AppendMessage>& messages);

}  // namespace sterna::imap
