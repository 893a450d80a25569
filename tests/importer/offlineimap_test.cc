// SPDX-License-Identifier: Apache-2.0
// Configurations of OfflineIMAP as people have them, and the accounts that they become.
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

Taken offlineimap(std::string_view text, Folders folders = {}) {
  return take(import_offlineimap, text, std::move(folders));
}

MailboxName name(std::string text) {
  return MailboxName(std::move(text));
}

constexpr std::string_view kTwo = R"(
[general]
accounts = gmail, work
pythonfile = ~/.offlineimap.py
maxsyncaccounts = 2
fsync = False

[DEFAULT]
domain = example.com

[Account gmail]
localrepository = gmail-local
remoterepository = gmail-remote
autorefresh = 10
quick = 5
postsynchook = notmuch new

[Repository gmail-local]
type = GmailMaildir
localfolders = ~/Mail/gmail
sep = /
nametrans = lambda f: {'sent': '[Gmail]/Sent Mail',
                       'archive': '[Gmail]/All Mail'}.get(f, f)

[Repository gmail-remote]
type = Gmail
remoteuser = ann@gmail.com
remotepasseval = get_pass("gmail")
sslcacertfile = /etc/ssl/certs/ca-certificates.crt
nametrans = lambda f: {'[Gmail]/Sent Mail': 'sent',
                       '[Gmail]/All Mail': 'archive'}.get(f, f)
folderfilter = lambda f: f not in ['[Gmail]/Spam', '[Gmail]/Important']
idlefolders = ['INBOX', '[Gmail]/Sent Mail']
maxconnections = 3
reallydelete = no

[Account work]
localrepository = work-local
remoterepository = work-remote

[Repository work-local]
type = Maildir
localfolders = $HOME/Mail/work

[Repository work-remote]
type = IMAP
remotehost = imap.%(domain)s
remoteport = 1143
ssl = no
remoteuser = ann
remotepass = s3%%cret
cert_fingerprint = 0123456789abcdef0123456789abcdef01234567
readonly = True
subscribedonly = yes
)";

TEST(ImportOfflineImap, TwoAccounts) {
  const Taken taken = offlineimap(kTwo);
  ASSERT_EQ(taken.config.accounts.size(), 2U);
  const AccountConfig& gmail = taken.account("gmail");
  EXPECT_EQ(gmail.host, "imap.gmail.com");
  EXPECT_EQ(gmail.port, 993);
  EXPECT_EQ(gmail.user, "ann@gmail.com");
  EXPECT_EQ(gmail.tls.ca_file, "");
  const auto* command = std::get_if<config::PasswordCommand>(&gmail.secret);
  ASSERT_NE(command, nullptr);
  ASSERT_EQ(command->argv.size(), 3U);
  EXPECT_EQ(command->argv[0], "python3");
  EXPECT_THAT(command->argv[2], AllOf(HasSubstr("(get_pass(\"gmail\"))"),
                                      HasSubstr("expanduser(\"~/.offlineimap.py\")")));
  EXPECT_EQ(gmail.maildir, "~/Mail/gmail");
  EXPECT_EQ(gmail.layout, config::Layout::fs);
  EXPECT_THAT(gmail.mailboxes, ElementsAre("*", "![Gmail]/Spam", "![Gmail]/Important"));
  EXPECT_THAT(gmail.rename, ElementsAre(Pair(name("archive"), name("[Gmail]/All Mail")),
                                        Pair(name("sent"), name("[Gmail]/Sent Mail"))));
  EXPECT_THAT(gmail.watch, ElementsAre("INBOX", "[Gmail]/Sent Mail"));
  EXPECT_EQ(gmail.connections, 3U);
  EXPECT_EQ(gmail.poll_interval, std::chrono::minutes(10));
  EXPECT_FALSE(gmail.fsync);
  EXPECT_THAT(taken.config.hooks.after_change, ElementsAre(testing::_, "-c", "notmuch new"));
  const AccountConfig& work = taken.account("work");
  EXPECT_EQ(work.host, "imap.example.com");
  EXPECT_EQ(work.port, 1143);
  EXPECT_EQ(work.tls.mode, config::TlsMode::starttls);
  EXPECT_EQ(std::get<Secret>(work.secret).reveal(), "s3%cret");
  EXPECT_EQ(work.maildir, "~/Mail/work");
  EXPECT_EQ(work.policy.direction, config::Direction::pull);
  EXPECT_TRUE(work.subscribed_only);
  EXPECT_TRUE(taken.imported.holds_password);
  EXPECT_THAT(taken.remarks(),
              AllOf(HasSubstr("remotepasseval is Python"), HasSubstr("cert_fingerprint"),
                    HasSubstr("reallydelete in [Repository gmail-remote] is no option"),
                    HasSubstr("not needed: maxsyncaccounts, quick"), Not(HasSubstr("s3"))));
}

std::string with(const std::string& local, const std::string& remote,
                 const std::string& account = "") {
  return "[general]\naccounts = a\n[Account a]\nlocalrepository = l\nremoterepository = r\n" +
         account + "\n[Repository l]\ntype = Maildir\nlocalfolders = ~/Mail\n" + local +
         "\n[Repository r]\ntype = IMAP\nremotehost = h\nremoteuser = u\nremotepassfile = ~/.pw\n" +
         remote + "\n";
}

TEST(ImportOfflineImap, FoldersJoinedByDotsKeepTheirNames) {
  const Taken taken =
      offlineimap(with("", ""), {"Archive.2025", "Entw&APw-rfe", "INBOX", "INBOX.kid", "Lists"});
  EXPECT_THAT(taken.account("a").rename,
              ElementsAre(Pair(name("Archive.2025"), name("Archive/2025")),
                          Pair(name("Entw&APw-rfe"), name("Entwürfe")),
                          Pair(name("INBOX.kid"), name("INBOX/kid"))));
  EXPECT_EQ(taken.account("a").inbox, "INBOX");
}

TEST(ImportOfflineImap, WhereAllIsBelowInboxThatIsAPrefix) {
  const Taken taken = offlineimap(with("", ""), {"INBOX", "INBOX.Sent", "INBOX.Work.Old"});
  EXPECT_THAT(taken.account("a").rename,
              ElementsAre(Pair(name("INBOX.Sent"), name("Sent")),
                          Pair(name("INBOX.Work.Old"), name("Work/Old"))));
  EXPECT_THAT(taken.remarks(), HasSubstr("as Courier has it"));
}

TEST(ImportOfflineImap, NamesOfMaildirPlusPlus) {
  const std::string remote = "nametrans = lambda f: re.sub('^INBOX\\.*', '.', f)\n";
  const Taken taken = offlineimap(with("", remote), {"", ".Sent", ".Work.Old", ".Entw&APw-rfe"});
  EXPECT_EQ(taken.account("a").layout, config::Layout::maildirpp);
  EXPECT_EQ(taken.account("a").inbox, "");
  EXPECT_THAT(taken.account("a").rename, IsEmpty());
  EXPECT_TRUE(taken.account("a").enabled);
}

TEST(ImportOfflineImap, AnInboxBesideMaildirPlusPlusIsToBeMoved) {
  const std::string remote = "nametrans = lambda f: re.sub('^INBOX\\.', '.', f)\n";
  const Taken taken = offlineimap(with("", remote), {"INBOX", ".Sent"});
  EXPECT_EQ(taken.account("a").layout, config::Layout::maildirpp);
  EXPECT_THAT(taken.remarks(), HasSubstr("mv ~/Mail/INBOX/cur"));
}

TEST(ImportOfflineImap, GmailsPrefixTakenOff) {
  const std::string remote = "nametrans = lambda f: re.sub('^\\[Gmail\\]/', '', f)\n";
  const Taken taken = offlineimap(with("sep = /", remote), {"INBOX", "Sent Mail", "Work"});
  EXPECT_THAT(taken.account("a").rename,
              ElementsAre(Pair(name("Sent Mail"), name("[Gmail]/Sent Mail"))));
}

TEST(ImportOfflineImap, WhatTheReverseSaysIsBelieved) {
  const Taken taken =
      offlineimap(with("nametrans = lambda f: re.sub('^out$', 'Sent', f)", "nametrans = mine"),
                  {"INBOX", "out"});
  EXPECT_THAT(taken.account("a").rename, ElementsAre(Pair(name("out"), name("Sent"))));
  EXPECT_TRUE(taken.account("a").enabled);
}

TEST(ImportOfflineImap, FoldersOfUnknownNamesSwitchTheAccountOff) {
  const Taken taken = offlineimap(with("", "nametrans = mine"), {"INBOX", "out"});
  EXPECT_FALSE(taken.account("a").enabled);
  EXPECT_THAT(taken.remarks(), AllOf(HasSubstr("of 1 folders"), HasSubstr("(out)")));
}

TEST(ImportOfflineImap, AFilterThatIsNotUnderstoodBecomesWhatIsHere) {
  const Taken taken = offlineimap(with("", "folderfilter = mine"), {"INBOX", "Sent", "a.b"});
  EXPECT_THAT(taken.account("a").mailboxes, ElementsAre("INBOX", "Sent", "a/b"));
  EXPECT_THAT(taken.remarks(), HasSubstr("those whose folders are there now"));
}

TEST(ImportOfflineImap, Deletions) {
  const auto policy = [](const std::string& local, const std::string& remote) {
    return offlineimap(with(local, remote)).account("a").policy;
  };
  EXPECT_EQ(policy("", ""), config::MailboxPolicy());
  EXPECT_EQ(policy("", "expunge = no").local_delete, config::LocalDelete::ignore);
  EXPECT_EQ(policy("sync_deletes = no", "").local_delete, config::LocalDelete::ignore);
  EXPECT_EQ(policy("", "sync_deletes = no").remote_delete, config::RemoteDelete::ignore);
  EXPECT_EQ(policy("readonly = yes", "").direction, config::Direction::push);
  EXPECT_EQ(offlineimap(with("createfolders = no", "")).account("a").create,
            config::Create::remote);
}

TEST(ImportOfflineImap, AProxyForOAuthAloneSwitchesTheAccountOff) {
  const auto with_proxies = [](const std::string& proxies, const std::string& login) {
    return offlineimap(with("", "auth_mechanisms = XOAUTH2\n" + login, proxies));
  };
  const std::string client =
      "remotehost = imap.gmail.com\noauth2_client_id = id\noauth2_client_secret = hush\n";
  const std::string proxy = "proxy = SOCKS5:h:1\n";
  const Taken own = with_proxies("authproxy = SOCKS5:h:2\n", client);
  EXPECT_FALSE(own.account("a").enabled);
  EXPECT_THAT(std::string(own.imported.toml),
              HasSubstr("enabled = false  # until it is known how OAuth goes without authproxy"));
  EXPECT_THAT(own.remarks(),
              AllOf(HasSubstr("no proxy for OAuth alone"), Not(HasSubstr("not needed"))));
  EXPECT_FALSE(with_proxies(proxy + "authproxy = SOCKS5:h:2\n", client).account("a").enabled);
  EXPECT_TRUE(with_proxies(proxy + "authproxy = SOCKS5:h:1\n", client).account("a").enabled);
  EXPECT_TRUE(with_proxies(proxy, client).account("a").enabled);
  for (const char* empty : {"authproxy =\n", "authproxy = ''\n"}) {
    const Taken direct = with_proxies(proxy + empty, client);
    EXPECT_TRUE(direct.account("a").enabled);
    EXPECT_THAT(direct.remarks(), HasSubstr("authproxy is empty"));
    EXPECT_TRUE(with_proxies(empty, client).account("a").enabled);
  }
}

TEST(ImportOfflineImap, WhereSternaAsksForNoTokenAuthproxyIsOfNoUse) {
  const std::string proxy = "authproxy = SOCKS5:h:2\n";
  for (const char* login :
       {"", "auth_mechanisms = XOAUTH2\noauth2_access_token_eval = token()\n"}) {
    const Taken taken = offlineimap(with("", login, proxy));
    EXPECT_TRUE(taken.account("a").enabled) << login;
    EXPECT_THAT(taken.remarks(), Not(HasSubstr("authproxy"))) << login;
  }
}

TEST(ImportOfflineImap, WhatChangesTheMailIsSaid) {
  const Taken taken =
      offlineimap(with("", "copy_ignore_eval = lambda f: {'INBOX': [2]}.get(f)\nrealdelete = yes\n",
                       "filterheaders = X-Mine\nquick = 5\n"));
  EXPECT_THAT(taken.remarks(), AllOf(HasSubstr("account a: filterheaders: "),
                                     HasSubstr("account a: copy_ignore_eval "),
                                     HasSubstr("account a: realdelete is of an old OfflineIMAP"),
                                     HasSubstr("not needed: quick\n")));
  EXPECT_THAT(offlineimap(with("", "realdelete = no")).remarks(), Not(HasSubstr("realdelete")));
}

TEST(ImportOfflineImap, KeysThatALaterVersionTakesAreWritten) {
  const auto imported = import_offlineimap(
      with("",
           "transporttunnel = ssh -q host imapd\nauth_mechanisms = XOAUTH2\n"
           "oauth2_client_id = id\noauth2_client_secret = hush\noauth2_refresh_token = x\n",
           "maxage = 30\nmaxsize = 2000000\nproxy = SOCKS5:127.0.0.1:9050\n"),
      folders_are({}));
  ASSERT_TRUE(imported);
  const std::string text = imported->toml;
  EXPECT_THAT(text, AllOf(HasSubstr("tunnel = [\"sh\", \"-c\", \"ssh -q host imapd\"]\n"),
                          HasSubstr("max_age = \"30d\"\n"), HasSubstr("max_size = \"1954K\"\n"),
                          HasSubstr("proxy = \"socks5h://127.0.0.1:9050\"\n"),
                          HasSubstr("auth = \"oauth\"\n"), HasSubstr("client_id = \"id\"\n"),
                          HasSubstr("client_secret = \"hush\"\n")));
  EXPECT_TRUE(imported->holds_password);
}

TEST(ImportOfflineImap, WithoutAnAccountThereIsNothing) {
  for (const char* text :
       {"", "hello", "[general]\naccounts = a\n", "[general]\naccounts = a\n[Account a]\n"}) {
    const auto imported = import_offlineimap(text, folders_are({}));
    ASSERT_FALSE(imported);
    EXPECT_EQ(imported.error().code(), ErrorCode::config);
  }
}

}  // namespace
}  // namespace sterna::importer
