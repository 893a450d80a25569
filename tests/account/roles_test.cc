// SPDX-License-Identifier: Apache-2.0
// Which mailbox is which where the server does not say so.
#include "src/account/roles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace sterna::account::test {
namespace {

RemoteListing listing(std::string_view name, Role role = Role::none) {
  RemoteListing one;
  one.mailbox.name = MailboxName(std::string(name));
  one.mailbox.role = role;
  one.mailbox.selectable = true;
  return one;
}

std::string holder_of(Role role, const std::vector<RemoteListing>& mailboxes) {
  const auto it =
      std::ranges::find_if(mailboxes, [role](const auto& one) { return one.mailbox.role == role; });
  return it == mailboxes.end() ? std::string() : it->mailbox.name.text();
}

// Exchange has no SPECIAL-USE, and names in the language that the account was made in.
TEST(Roles, AreKnownByWhatExchangeCallsThem) {
  struct Language {
    std::string_view trash, sent, drafts, junk;
  };
  constexpr Language kLanguages[] = {
      {"Deleted Items", "Sent Items", "Drafts", "Junk Email"},
      {"Gelöschte Elemente", "Gesendete Elemente", "Entwürfe", "Junk-E-Mail"},
      {"Éléments supprimés", "Éléments envoyés", "Brouillons", "Courrier indésirable"},
      {"Elementos eliminados", "Elementos enviados", "Borradores", "Correo no deseado"},
      {"Posta eliminata", "Posta inviata", "Bozze", "Posta indesiderata"},
      {"Itens Excluídos", "Itens Enviados", "Rascunhos", "Lixo Eletrônico"},
      {"Itens Eliminados", "Itens Enviados", "Rascunhos", "E-mail de Lixo"},
      {"Verwijderde items", "Verzonden items", "Concepten", "Ongewenste e-mail"},
      {"Elementy usunięte", "Elementy wysłane", "Wersje robocze", "Wiadomości-śmieci"},
      {"Odstraněná pošta", "Odeslaná pošta", "Koncepty", "Nevyžádaná pošta"},
      {"Borttaget", "Skickat", "Utkast", "Skräppost"},
      {"Slettet post", "Sendt post", "Kladder", "Uønsket mail"},
      {"Slettede elementer", "Sendte elementer", "Kladd", "Søppelpost"},
      {"Poistetut", "Lähetetyt", "Luonnokset", "Roskaposti"},
      {"Удаленные", "Отправленные", "Черновики", "Нежелательная почта"},
      {"削除済みアイテム", "送信済みアイテム", "下書き", "迷惑メール"},
      {"已删除邮件", "已发送邮件", "草稿", "垃圾邮件"},
  };
  for (const Language& language : kLanguages) {
    std::vector<RemoteListing> mailboxes = {listing("INBOX", Role::inbox), listing("Work"),
                                            listing(language.junk),        listing(language.drafts),
                                            listing(language.trash),       listing(language.sent)};
    // As the preset has them, which are English.
    assign_roles({{Role::trash, MailboxName("Deleted Items")},
                  {Role::sent, MailboxName("Sent Items")},
                  {Role::drafts, MailboxName("Drafts")}},
                 mailboxes);
    EXPECT_EQ(holder_of(Role::trash, mailboxes), language.trash);
    EXPECT_EQ(holder_of(Role::sent, mailboxes), language.sent);
    EXPECT_EQ(holder_of(Role::drafts, mailboxes), language.drafts);
    EXPECT_EQ(holder_of(Role::junk, mailboxes), language.junk);
    EXPECT_EQ(mailboxes[1].mailbox.role, Role::none);
  }
}

TEST(Roles, OfTheServerGoBeforeThoseOfTheSettingsAndThoseBeforeTheUsualNames) {
  const std::map<Role, MailboxName> configured = {{Role::trash, MailboxName("Old")},
                                                  {Role::sent, MailboxName("Out")}};
  std::vector<RemoteListing> mailboxes = {listing("Trash"), listing("Old"),
                                          listing("Weg", Role::trash), listing("Sent"),
                                          listing("Out")};
  assign_roles(configured, mailboxes);
  EXPECT_EQ(holder_of(Role::trash, mailboxes), "Weg");
  EXPECT_EQ(holder_of(Role::sent, mailboxes), "Out");
  EXPECT_EQ(mailboxes[0].mailbox.role, Role::none);
  EXPECT_EQ(mailboxes[3].mailbox.role, Role::none);
}

TEST(Roles, OfACommonWordOnlyBesideAnotherNameOfItsLanguage) {
  std::vector<RemoteListing> mailboxes = {listing("INBOX", Role::inbox), listing("Удаленные")};
  assign_roles({}, mailboxes);
  EXPECT_EQ(mailboxes[1].mailbox.role, Role::none);
  mailboxes.push_back(listing("Отправленные"));
  assign_roles({}, mailboxes);
  EXPECT_EQ(mailboxes[1].mailbox.role, Role::trash);
}

TEST(Roles, AreOfWholeNamesAndOfMailboxesThatHoldMail) {
  std::vector<RemoteListing> mailboxes = {listing("Trash"), listing("Work/Trash"),
                                          listing("Trash 2025"), listing("TRASH")};
  mailboxes[0].mailbox.selectable = false;
  assign_roles({}, mailboxes);
  EXPECT_EQ(holder_of(Role::trash, mailboxes), "TRASH");
}

}  // namespace
}  // namespace sterna::account::test
