// SPDX-License-Identifier: Apache-2.0
// The table `intent`: what we were about to do. Kept in the order in which they were written.
#include "impl.h"
#include "message_row.h"
#include "query.h"
#include "sqlite_error.h"
#include "sterna/store/store.h"

namespace sterna::store {
namespace {

constexpr const char* kSelect =
    "SELECT id, kind, mailbox, uidvalidity, uid, target, target_uidvalidity, target_uid_next, "
    "target_name, base_name, identity_size, header_digest, message_id, body_digest, flags, "
    "to_trash, at_ms, looks, stored "
    "FROM intent ORDER BY id";

constexpr const char* kInsert =
    "INSERT INTO intent (kind, mailbox, uidvalidity, uid, target, target_uidvalidity, "
    "target_uid_next, target_name, base_name, identity_size, header_digest, message_id, "
    "body_digest, "
    "flags, to_trash, at_ms, looks, stored) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

constexpr const char* kUpdate =
    "UPDATE intent SET kind = ?, mailbox = ?, uidvalidity = ?, uid = ?, target = ?, "
    "target_uidvalidity = ?, target_uid_next = ?, target_name = ?, base_name = ?, "
    "identity_size = ?, header_digest = ?, message_id = ?, body_digest = ?, flags = ?, to_trash = "
    "?, at_ms = ?, "
    "looks = ?, stored = ? WHERE id = ?";

Result<Intent> read_intent(const Db& db, Query& query) {
  Intent intent;
  intent.id = query.get<IntentId>();
  const std::optional<IntentKind> kind = parse_intent_kind(query.text());
  if (!kind) return fail(corrupt(db.handle(), "unknown kind of an intent"));
  intent.kind = *kind;
  intent.mailbox = query.get<MailboxId>();
  intent.uidvalidity = query.get<UidValidity>();
  intent.uid = query.get<Uid>();
  intent.target = query.get<MailboxId>();
  intent.target_uidvalidity = query.get<UidValidity>();
  intent.target_uid_next = query.get<Uid>();
  intent.target_name = query.string();
  intent.base_name = query.string();
  STERNA_TRY(intent.identity, read_identity(db, query));
  intent.flags = FlagSet::parse(query.text());
  intent.to_trash = query.boolean();
  intent.at_ms = query.integer();
  intent.looks = query.get<unsigned>();
  intent.stored = query.boolean();
  return intent;
}

// Calls `use` with the values of an intent in the order in which kInsert and kUpdate name them.
template <class Use>
Status with_values(const Intent& intent, Use use) {
  const IdentityColumns identity(intent.identity);
  return use(to_string(intent.kind), intent.mailbox, intent.uidvalidity, intent.uid, intent.target,
             intent.target_uidvalidity, intent.target_uid_next, intent.target_name,
             intent.base_name, identity.size, identity.header_digest, identity.message_id,
             identity.body_digest, intent.flags.to_string(), intent.to_trash, intent.at_ms,
             intent.looks, intent.stored);
}

}  // namespace

Result<IntentId> Store::add_intent(const Intent& intent) {
  STERNA_CHECK(with_values(
      intent, [&](const auto&... values) { return impl_->change(kInsert, values...); }));
  return IntentId{impl_->db.last_insert_id()};
}

Status Store::update_intent(const Intent& intent) {
  return with_values(
      intent, [&](const auto&... values) { return impl_->change(kUpdate, values..., intent.id); });
}

Status Store::close_intent(IntentId id) {
  return impl_->change("DELETE FROM intent WHERE id = ?", id);
}

Result<std::vector<Intent>> Store::intents() {
  std::vector<Intent> intents;
  Query query(impl_->db, kSelect);
  while (true) {
    STERNA_TRY(const bool found, query.next());
    if (!found) return intents;
    STERNA_TRY(Intent intent, read_intent(impl_->db, query));
    intents.push_back(std::move(intent));
  }
}

}  // namespace sterna::store
