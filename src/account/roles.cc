// SPDX-License-Identifier: Apache-2.0
#include "roles.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "sterna/base/bytes.h"

namespace sterna::account {
namespace {

struct UsualName {
  Role role;
  std::string_view name;         // compared without regard to the case of ASCII
  std::string_view beside = {};  // only where there is this one, too: a common word
};

// Of servers and programs of every kind; each language has what Exchange calls them there, which
// has no SPECIAL-USE. A message is expunged from what counts as Trash or Junk, so none of these is
// a word by which people call a folder of their own.
constexpr std::array kUsualNames{
    UsualName{Role::trash, "Trash"},
    UsualName{Role::trash, "Deleted Items"},
    UsualName{Role::trash, "Deleted Messages"},
    UsualName{Role::trash, "Bin"},
    UsualName{Role::trash, "Papierkorb"},
    UsualName{Role::trash, "Gelöschte Elemente"},
    UsualName{Role::trash, "Corbeille"},
    UsualName{Role::trash, "Éléments supprimés"},
    UsualName{Role::trash, "Papelera"},
    UsualName{Role::trash, "Elementos eliminados"},
    UsualName{Role::trash, "Cestino"},
    UsualName{Role::trash, "Posta eliminata"},
    UsualName{Role::trash, "Lixeira"},
    UsualName{Role::trash, "Itens Excluídos"},
    UsualName{Role::trash, "Itens Eliminados"},
    UsualName{Role::trash, "Prullenbak"},
    UsualName{Role::trash, "Verwijderde items"},
    UsualName{Role::trash, "Kosz"},
    UsualName{Role::trash, "Elementy usunięte"},
    UsualName{Role::trash, "Koš", "Odeslaná pošta"},
    UsualName{Role::trash, "Odstraněná pošta"},
    UsualName{Role::trash, "Borttaget", "Skickat"},
    UsualName{Role::trash, "Slettet post"},
    UsualName{Role::trash, "Slettede elementer"},
    UsualName{Role::trash, "Poistetut", "Lähetetyt"},
    UsualName{Role::trash, "Корзина"},
    UsualName{Role::trash, "Удаленные", "Отправленные"},
    UsualName{Role::trash, "ごみ箱"},
    UsualName{Role::trash, "削除済みアイテム"},
    UsualName{Role::trash, "已删除邮件"},
    UsualName{Role::sent, "Sent"},
    UsualName{Role::sent, "Sent Items"},
    UsualName{Role::sent, "Sent Messages"},
    UsualName{Role::sent, "Sent Mail"},
    UsualName{Role::sent, "Gesendet"},
    UsualName{Role::sent, "Gesendete Elemente"},
    UsualName{Role::sent, "Envoyés"},
    UsualName{Role::sent, "Éléments envoyés"},
    UsualName{Role::sent, "Enviados"},
    UsualName{Role::sent, "Elementos enviados"},
    UsualName{Role::sent, "Posta inviata"},
    UsualName{Role::sent, "Itens Enviados"},
    UsualName{Role::sent, "Verzonden"},
    UsualName{Role::sent, "Verzonden items"},
    UsualName{Role::sent, "Wysłane"},
    UsualName{Role::sent, "Elementy wysłane"},
    UsualName{Role::sent, "Odeslaná pošta"},
    UsualName{Role::sent, "Skickat"},
    UsualName{Role::sent, "Sendt post"},
    UsualName{Role::sent, "Sendte elementer"},
    UsualName{Role::sent, "Lähetetyt"},
    UsualName{Role::sent, "Отправленные"},
    UsualName{Role::sent, "送信済み"},
    UsualName{Role::sent, "送信済みアイテム"},
    UsualName{Role::sent, "已发送邮件"},
    UsualName{Role::drafts, "Drafts"},
    UsualName{Role::drafts, "Entwürfe"},
    UsualName{Role::drafts, "Brouillons"},
    UsualName{Role::drafts, "Borradores"},
    UsualName{Role::drafts, "Bozze"},
    UsualName{Role::drafts, "Rascunhos"},
    UsualName{Role::drafts, "Concepten"},
    UsualName{Role::drafts, "Wersje robocze"},
    UsualName{Role::drafts, "Koncepty"},
    UsualName{Role::drafts, "Utkast"},
    UsualName{Role::drafts, "Kladder"},
    UsualName{Role::drafts, "Kladd"},
    UsualName{Role::drafts, "Luonnokset"},
    UsualName{Role::drafts, "Черновики"},
    UsualName{Role::drafts, "下書き"},
    UsualName{Role::drafts, "草稿"},
    UsualName{Role::junk, "Junk"},
    UsualName{Role::junk, "Spam"},
    UsualName{Role::junk, "Junk E-mail"},
    UsualName{Role::junk, "Junk Email"},
    UsualName{Role::junk, "Bulk Mail"},
    UsualName{Role::junk, "Spamverdacht"},
    UsualName{Role::junk, "Junk-E-Mail"},
    UsualName{Role::junk, "Courrier indésirable"},
    UsualName{Role::junk, "Correo no deseado"},
    UsualName{Role::junk, "Posta indesiderata"},
    UsualName{Role::junk, "Lixo Eletrônico"},
    UsualName{Role::junk, "E-mail de Lixo"},
    UsualName{Role::junk, "Ongewenste e-mail"},
    UsualName{Role::junk, "Wiadomości-śmieci"},
    UsualName{Role::junk, "Nevyžádaná pošta"},
    UsualName{Role::junk, "Skräppost"},
    UsualName{Role::junk, "Uønsket mail"},
    UsualName{Role::junk, "Uønsket e-mail"},
    UsualName{Role::junk, "Søppelpost"},
    UsualName{Role::junk, "Roskaposti"},
    UsualName{Role::junk, "Спам"},
    UsualName{Role::junk, "Нежелательная почта"},
    UsualName{Role::junk, "迷惑メール"},
    UsualName{Role::junk, "垃圾邮件"},
    UsualName{Role::archive, "Archive"},
    UsualName{Role::archive, "Archiv"},
    UsualName{Role::archive, "Archives"},
    UsualName{Role::archive, "Archivio"},
    UsualName{Role::archive, "Archivo"},
    UsualName{Role::archive, "Archief"},
    UsualName{Role::archive, "Archiwum"},
    UsualName{Role::archive, "Arkiv"},
    UsualName{Role::archive, "Arkisto"},
    UsualName{Role::archive, "Архив"},
    UsualName{Role::archive, "アーカイブ"},
    UsualName{Role::archive, "存档"},
};

bool is_taken(const std::vector<RemoteListing>& mailboxes, Role role) {
  return std::ranges::any_of(mailboxes, [&](const auto& one) { return one.mailbox.role == role; });
}

bool is_there(const std::vector<RemoteListing>& mailboxes, std::string_view name) {
  return std::ranges::any_of(mailboxes,
                             [&](const auto& one) { return one.mailbox.name.text() == name; });
}

template <class Matches>
void give(std::vector<RemoteListing>& mailboxes, Role role, const Matches& matches) {
  if (is_taken(mailboxes, role)) return;
  for (RemoteListing& one : mailboxes) {
    if (one.mailbox.role == Role::none && one.mailbox.selectable && matches(one.mailbox.name)) {
      one.mailbox.role = role;
      return;
    }
  }
}

}  // namespace

void assign_roles(const std::map<Role, MailboxName>& configured,
                  std::vector<RemoteListing>& mailboxes) {
  for (const auto& [role, name] : configured) {
    give(mailboxes, role, [&](const MailboxName& candidate) { return candidate == name; });
  }
  for (const UsualName& usual : kUsualNames) {
    if (!usual.beside.empty() && !is_there(mailboxes, usual.beside)) continue;
    give(mailboxes, usual.role,
         [&](const MailboxName& candidate) { return ascii_iequals(candidate.text(), usual.name); });
  }
}

}  // namespace sterna::account
