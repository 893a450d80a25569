// SPDX-License-Identifier: Apache-2.0
// Configurations of mbsync as people have them, and the accounts that they become.
#include "tests/importer/support.h"

namespace sterna::importer {
namespace {

using config::AccountConfig;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

Taken mbsync(std::string_view text, Folders folders = {}) {
  return take(import_mbsync, text, std::move(folders));
}

constexpr std::string_view kGmail = R"(
# Gmail with folders of our own names
IMAPAccount gmail
Host imap.gmail.com
User ann@gmail.com
PassCmd "+gpg --quiet --for-your-eyes-only --decrypt $HOME/.gmail.gpg"
SSLType IMAPS
SSLVersions TLSv1.3
CertificateFile /etc/ssl/certs/ca-certificates.crt
PipelineDepth 50

IMAPStore gmail-remote
Account gmail

MaildirStore gmail-local
SubFolders Verbatim
Path ~/.mail/gmail/
Inbox ~/.mail/gmail/inbox

Channel gmail-inbox
Far :gmail-remote:
Near :gmail-local:
Patterns "INBOX" "arch*"
Create Both
Expunge Both
SyncState *

Channel gmail-sent
Far :gmail-remote:"[Gmail]/Sent Mail"
Near :gmail-local:sent
Create Near
Expunge Both

Channel gmail-drafts
Far :gmail-remote:"[Google Mail]/Entw&APw-rfe"
Near :gmail-local:drafts
Sync Pull
Create Both
Expunge Both

Group gmail
Channel gmail-inbox
Channel gmail-sent
Channel gmail-drafts
)";

TEST(ImportMbsync, GmailWithSeveralChannels) {
  const Taken taken = mbsync(kGmail);
  ASSERT_EQ(taken.config.accounts.size(), 1U);
  const AccountConfig& gmail = taken.account("gmail");
  EXPECT_EQ(gmail.host, "imap.gmail.com");
  EXPECT_EQ(gmail.port, 993);
  EXPECT_EQ(gmail.user, "ann@gmail.com");
  EXPECT_EQ(gmail.tls.mode, config::TlsMode::implicit);
  EXPECT_EQ(gmail.tls.min_version, config::TlsVersion::tls13);
  EXPECT_EQ(gmail.tls.ca_file, "");  // the system's own are trusted anyway
  const auto* command = std::get_if<config::PasswordCommand>(&gmail.secret);
  ASSERT_NE(command, nullptr);
  EXPECT_EQ(command->argv.back(), "gpg --quiet --for-your-eyes-only --decrypt $HOME/.gmail.gpg");
  EXPECT_EQ(gmail.maildir, "~/.mail/gmail");
  EXPECT_EQ(gmail.inbox, "inbox");
  EXPECT_THAT(gmail.mailboxes,
              ElementsAre("INBOX", "arch*", "[Gmail]/Sent Mail", "[Google Mail]/Entwürfe"));
  EXPECT_THAT(gmail.rename,
              ElementsAre(Pair(MailboxName("drafts"), MailboxName("[Google Mail]/Entwürfe")),
                          Pair(MailboxName("sent"), MailboxName("[Gmail]/Sent Mail"))));
  ASSERT_EQ(gmail.rules.size(), 1U);
  EXPECT_THAT(gmail.rules[0].match, ElementsAre("[Google Mail]/Entwürfe"));
  EXPECT_EQ(gmail.rules[0].direction, config::Direction::pull);
  EXPECT_THAT(taken.remarks(), AllOf(HasSubstr("without a terminal"), HasSubstr("Create differs"),
                                     HasSubstr("groups are not needed (gmail)"),
                                     HasSubstr("PipelineDepth"), HasSubstr("SyncState")));
  EXPECT_FALSE(taken.imported.holds_password);
}

constexpr std::string_view kTwo = R"(
Create Both
Expunge Both
FSync no

IMAPStore work-remote
Host mail.example.com
User ann
Pass "s3 \"cret\""
TLSType STARTTLS
AuthMechs PLAIN

MaildirStore work-local
Inbox ~/Maildir
SubFolders Maildir++

Channel work
Far :work-remote:
Near :work-local:
Patterns * !Spam

IMAPAccount home
Host 127.0.0.1
Port 1143
User home
UseKeychain yes
SSLType None

IMAPStore home-remote
Account home
SubscribedOnly yes
Trash Papierkorb

MaildirStore home-local
Path /srv/mail/home/
Inbox /srv/mail/home/INBOX
SubFolders Verbatim

Channel home
Far :home-remote:
Near :home-local:
Patterns *
)";

TEST(ImportMbsync, SeveralAccounts) {
  const Taken taken = mbsync(kTwo);
  ASSERT_EQ(taken.config.accounts.size(), 2U);
  const AccountConfig& work = taken.account("work-remote");
  EXPECT_EQ(work.port, 143);
  EXPECT_EQ(work.tls.mode, config::TlsMode::starttls);
  EXPECT_EQ(work.auth, config::Auth::plain);
  EXPECT_EQ(std::get<Secret>(work.secret).reveal(), "s3 \"cret\"");
  EXPECT_TRUE(taken.imported.holds_password);
  EXPECT_EQ(work.layout, config::Layout::maildirpp);
  EXPECT_EQ(work.maildir, "~/Maildir");
  EXPECT_EQ(work.inbox, "");
  EXPECT_THAT(work.mailboxes, ElementsAre("*", "!Spam"));
  EXPECT_FALSE(work.fsync);
  EXPECT_EQ(work.policy, config::MailboxPolicy());
  const AccountConfig& home = taken.account("home");
  EXPECT_EQ(home.port, 1143);
  EXPECT_EQ(home.tls.mode, config::TlsMode::none);
  EXPECT_FALSE(home.allow_plaintext);  // none is needed there
  EXPECT_EQ(home.maildir, "/srv/mail/home");
  EXPECT_TRUE(home.subscribed_only);
  EXPECT_EQ(home.roles.at(Role::trash), MailboxName("Papierkorb"));
  EXPECT_THAT(taken.remarks(), AllOf(HasSubstr("UseKeychain"), Not(HasSubstr("s3"))));
}

std::string with_store(const std::string& store, const std::string& channel = "Patterns *",
                       const std::string& imap = "") {
  return "IMAPStore far\nHost mail.example.com\nUser ann\nPassCmd x\nSSLType IMAPS\n" + imap +
         "\nMaildirStore near\n" + store + "\nChannel c\nFar :far:\nNear :near:\n" + channel +
         "\nCreate Both\nExpunge Both\n";
}

TEST(ImportMbsync, FoldersKeepTheNamesThatTheyHaveOnTheWire) {
  const Taken taken =
      mbsync(with_store("Path ~/Mail/\nInbox ~/Mail/INBOX\nSubFolders Verbatim\n"),
             {"INBOX", "INBOX/kid", "Archive/2025", "Entw&APw-rfe", "Entw&APw-rfe/Gr&APYA3w-e"});
  EXPECT_THAT(
      taken.account("far").rename,
      ElementsAre(Pair(MailboxName("Entw&APw-rfe"), MailboxName("Entwürfe")),
                  Pair(MailboxName("Entw&APw-rfe/Gr&APYA3w-e"), MailboxName("Entwürfe/Größe"))));
}

TEST(ImportMbsync, FlattenedFoldersKeepTheirNames) {
  const Taken taken = mbsync(with_store("Path ~/Mail/\nInbox ~/Mail/In\nFlatten .\n"),
                             {"In", "Archive", "Archive.2025", "Archive.2025.&AOQ-", "Lists"});
  EXPECT_EQ(taken.account("far").inbox, "In");
  EXPECT_THAT(taken.account("far").rename,
              ElementsAre(Pair(MailboxName("Archive.2025"), MailboxName("Archive/2025")),
                          Pair(MailboxName("Archive.2025.&AOQ-"), MailboxName("Archive/2025/ä"))));
}

TEST(ImportMbsync, MaildirPlusPlusNeedsNoRenames) {
  const Taken taken = mbsync(with_store("Inbox ~/Mail\nSubFolders Maildir++\n"),
                             {"", ".Archive.2025", "..kid", ".Entw&APw-rfe"});
  EXPECT_THAT(taken.account("far").rename, IsEmpty());
}

TEST(ImportMbsync, BelowAnInboxOfAnotherNameItIsInbox) {
  const Taken taken =
      mbsync(with_store("Path ~/Mail/\nInbox ~/Mail/Eingang\nSubFolders Verbatim\n"),
             {"Eingang", "Eingang/kid"});
  EXPECT_EQ(taken.account("far").inbox, "Eingang");
  EXPECT_THAT(taken.account("far").rename,
              ElementsAre(Pair(MailboxName("Eingang/kid"), MailboxName("INBOX/kid"))));
}

TEST(ImportMbsync, AnInboxOutsideIsSaidWithWhatMendsIt) {
  const std::string store = "Path ~/Mail/work/\nInbox ~/Maildir\nSubFolders Verbatim\n";
  EXPECT_THAT(mbsync(with_store(store)).remarks(), HasSubstr("ln -s ~/Maildir ~/Mail/work/INBOX"));
  EXPECT_THAT(mbsync(with_store(store, "Patterns * !INBOX")).remarks(), Not(HasSubstr("ln -s")));
  EXPECT_EQ(
      mbsync(with_store("Path ~/Mail/\nInbox ~/Mail/\nSubFolders Verbatim\n")).account("far").inbox,
      "");
}

TEST(ImportMbsync, LegacyFoldersAreNamedForRenaming) {
  const Taken taken = mbsync(with_store("Path ~/Mail/\nInbox ~/Mail/INBOX\nSubFolders Legacy\n"),
                             {"INBOX", "Archive", "Archive/.2025", "Archive/.2025/.Q1"});
  EXPECT_THAT(std::string(taken.imported.toml),
              HasSubstr("#   mv 'Archive/.2025/.Q1' 'Archive/.2025/Q1'\n"
                        "#   mv 'Archive/.2025' 'Archive/2025'\n"));
  EXPECT_THAT(taken.account("far").rename, IsEmpty());
}

TEST(ImportMbsync, PrefixesOfAChannel) {
  const Taken taken = mbsync(
      "IMAPStore far\nHost h\nUser u\nSSLType IMAPS\n\nMaildirStore near\nPath ~/M/\n"
      "Inbox ~/M/INBOX\n\nChannel c\nFar :far:[Gmail]/\nNear :near:gm/\nPatterns * \"!All Mail\"\n",
      {"INBOX", "gm/Sent"});
  EXPECT_THAT(taken.account("far").mailboxes, ElementsAre("[Gmail]/*", "![Gmail]/All Mail"));
  EXPECT_THAT(taken.account("far").rename,
              ElementsAre(Pair(MailboxName("gm"), MailboxName("[Gmail]"))));
}

TEST(ImportMbsync, ThePrefixOfANamespaceIsNone) {
  const Taken taken = mbsync(with_store("Path ~/M/\nInbox ~/M/INBOX\nSubFolders Verbatim\n",
                                        "Patterns *", "Path INBOX.\n"),
                             {"INBOX", "Sent"});
  EXPECT_THAT(taken.account("far").mailboxes, ElementsAre("*"));
  EXPECT_THAT(taken.account("far").rename, IsEmpty());
}

TEST(ImportMbsync, AnExclusionHidesNothingOfAnotherChannel) {
  const Taken taken = mbsync(
      "IMAPStore far\nHost h\nUser u\nSSLType IMAPS\n\nMaildirStore near\nPath ~/M/\n"
      "Inbox ~/M/INBOX\n\nChannel spam\nFar :far:Spam\nNear :near:Spam\n\n"
      "Channel rest\nFar :far:\nNear :near:\nPatterns * !Spam\n");
  EXPECT_THAT(taken.account("far").mailboxes, ElementsAre("*", "!Spam", "Spam"));
}

TEST(ImportMbsync, AuthoritiesOfOnesOwnAreKept) {
  const Taken taken = mbsync(with_store("Inbox ~/M\n", "", "CertificateFile ~/my-ca.pem\n"));
  EXPECT_THAT(taken.account("far").tls.ca_file, testing::EndsWith("/my-ca.pem"));
  EXPECT_THAT(taken.remarks(), HasSubstr("tls.pin_sha256"));
}

TEST(ImportMbsync, AMaildirInsideAnotherSwitchesTheAccountOff) {
  const Taken taken = mbsync(
      "IMAPStore far\nHost h\nUser u\nSSLType IMAPS\n\nMaildirStore a\nPath ~/M/\nInbox ~/M/INBOX\n"
      "\nMaildirStore b\nPath ~/M/b/\nInbox ~/M/b/INBOX\n\nChannel a\nFar :far:\nNear :a:\n"
      "Patterns *\n\nChannel b\nFar :far:\nNear :b:\nPatterns x\n");
  EXPECT_TRUE(taken.account("far-a").enabled);
  EXPECT_FALSE(taken.account("far-b").enabled);
  EXPECT_THAT(taken.remarks(), HasSubstr("which Sterna refuses"));
}

TEST(ImportMbsync, WithoutAUserTheAccountIsSwitchedOff) {
  const Taken taken = mbsync(
      "IMAPStore far\nHost h\nUserCmd \"pass user\"\nSSLType IMAPS\n\nMaildirStore near\n"
      "Inbox ~/M\n\nChannel c\nFar :far:\nNear :near:\n");
  EXPECT_FALSE(taken.account("far").enabled);
  EXPECT_THAT(taken.account("far").mailboxes, ElementsAre("INBOX"));
  EXPECT_THAT(taken.remarks(), HasSubstr("UserCmd cannot be carried over"));
}

TEST(ImportMbsync, WhatIsNotKnownIsNamed) {
  const Taken taken =
      mbsync(with_store("Path ~/M/\nInbox ~/M/INBOX\nSubFolders Verbatim\nFrobnicate yes\n"));
  EXPECT_THAT(taken.remarks(), HasSubstr("Frobnicate is no option that is known here"));
}

TEST(ImportMbsync, WhatChangesTheMailIsNotAmongWhatIsNotNeeded) {
  const Taken taken = mbsync(with_store(
      "Inbox ~/M\n", "ExpungeSolo Far\nExpireSide Far\nMaxMessages 9\nCopyArrivalDate yes"));
  EXPECT_THAT(taken.remarks(), AllOf(HasSubstr("not needed: CopyArrivalDate. "),
                                     HasSubstr("MaxMessages 9 bounded what is on the server")));
  EXPECT_THAT(std::string(taken.imported.toml), Not(HasSubstr("max_messages")));
}

TEST(ImportMbsync, WithoutAChannelThereIsNothing) {
  for (const char* text : {"", "hello world\n",
                           "MaildirStore a\nPath x/\n\nChannel c\nFar :a:\n"
                           "Near :a:\n"}) {
    const auto imported = import_mbsync(text, folders_are({}));
    ASSERT_FALSE(imported);
    EXPECT_EQ(imported.error().code(), ErrorCode::config);
  }
}

TEST(ImportMbsync, KeysThatALaterVersionTakesAreWritten) {
  const auto imported = import_mbsync(
      "IMAPStore far\nTunnel \"ssh -q host imapd\"\nUser u\nAuthMechs XOAUTH2\nPassCmd token\n\n"
      "MaildirStore near\nInbox ~/M\n\nChannel c\nFar :far:\nNear :near:\n",
      folders_are({}));
  ASSERT_TRUE(imported);
  EXPECT_THAT(std::string(imported->toml),
              AllOf(HasSubstr("\ntunnel = [\"sh\", \"-c\", \"ssh -q host imapd\"]\n"),
                    HasSubstr("\nauth = \"oauth\"\n"),
                    HasSubstr("\ntoken_command = [\"sh\", \"-c\", \"token\"]\n")));
}

}  // namespace
}  // namespace sterna::importer
