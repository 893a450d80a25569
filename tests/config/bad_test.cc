// SPDX-License-Identifier: Apache-2.0
// Bad configurations: each says what is wrong, where, and what would be right.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support.h"

namespace sterna::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Case {
  const char* name;
  std::string text;
  std::string says;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

// `line` as the fourth line of a file, in an otherwise sound account.
Case in_account(const char* name, std::string_view line, std::string says) {
  return {name, std::string(kMinimal) + std::string(line) + "\n", "c.toml:4:" + std::move(says)};
}

class BadConfiguration : public ::testing::TestWithParam<Case> {};

TEST_P(BadConfiguration, IsRefusedWithItsPlace) {
  EXPECT_EQ(problems_of(GetParam().text), GetParam().says + "\n");
}

std::string name_of(const ::testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    Document, BadConfiguration,
    ::testing::Values(
        Case{"Empty", "", "c.toml: there is no account; add one as [account.NAME]"},
        Case{"UnknownTopKey", "mail_rot = \"/m\"\n" + std::string(kMinimal),
             "c.toml:1:1: unknown key `mail_rot`; did you mean `mail_root`?"},
        Case{"NearToHooks", std::string(kMinimal) + "[hook]\nafter_change = [\"x\"]\n",
             "c.toml:4:2: unknown key `hook`; did you mean `hooks`?"},
        Case{"NearToMetrics", std::string(kMinimal) + "[metric]\ntextfile = \"x\"\n",
             "c.toml:4:2: unknown key `metric`; did you mean `metrics`?"},
        Case{"LogLevel", "[log]\nlevel = \"loud\"\n" + std::string(kMinimal),
             "c.toml:2:9: `log.level` must be \"trace\", \"debug\", \"info\", \"warn\", \"error\" "
             "or "
             "\"off\", not \"loud\""},
        Case{"LogIsATable", "log = \"info\"\n" + std::string(kMinimal),
             "c.toml:1:7: `log` takes a table, written as [log]"},
        Case{"DefaultsIsATable", "defaults = 1\n" + std::string(kMinimal),
             "c.toml:1:12: `defaults` takes a table, written as [defaults]"},
        Case{"AccountIsATable", "account = 1\n",
             "c.toml:1:11: accounts are written as [account.NAME]"},
        Case{"AccountsAreNoArray", "[[account]]\naddress = \"a@b\"\n",
             "c.toml:1:1: accounts are written as [account.NAME]"},
        Case{"AccountWithoutAName", "[account]\naddress = \"a@b\"\n",
             "c.toml:2:1: accounts are written as [account.NAME]"},
        Case{"EmptyPath", "mail_root = \"\"\n" + std::string(kMinimal),
             "c.toml:1:13: `mail_root` is empty"},
        Case{"HomeOfAnother", "mail_root = \"~bob/Mail\"\n" + std::string(kMinimal),
             "c.toml:1:13: `mail_root`: of the forms with `~`, only `~/` is expanded"},
        Case{"ControlSocket", "control_socket = \"\"\n" + std::string(kMinimal),
             "c.toml:1:18: `control_socket` is empty"},
        Case{"NameOfAnAccount", "[account.\"a/b\"]\naddress = \"ann@example.org\"\nhost = \"h\"\n",
             "c.toml:1:10: `a/b` cannot be the name of an account; letters, digits, `.`, `_` and "
             "`-`, "
             "at most 64 of them"},
        Case{"DotsAsAName", "[account.\"..\"]\naddress = \"ann@example.org\"\nhost = \"h\"\n",
             "c.toml:1:10: `..` cannot be the name of an account; letters, digits, `.`, `_` and "
             "`-`, "
             "at most 64 of them"},
        Case{"NoAddress", "[account.a]\nhost = \"h\"\n",
             "c.toml:1:10: account `a` has neither `address` nor `user`"},
        Case{"NoHost", "[account.a]\naddress = \"ann@example.org\"\n",
             "c.toml:1:10: account `a` needs `host`: example.org is no provider that Sterna knows; "
             "sterna init --print ann@example.org looks for it"},
        Case{"NothingAtAll", "[account.a]\nuser = \"u\"\n",
             "c.toml:1:10: account `a` has neither `address` nor `host`"}),
    name_of);

// `line` as the first of a section, before an otherwise sound account.
Case in_section(const char* name, std::string_view section, std::string_view line,
                std::string says) {
  return {name,
          "[" + std::string(section) + "]\n" + std::string(line) + "\n" + std::string(kMinimal),
          "c.toml:2:" + std::move(says)};
}

constexpr const char* kNotACommand =
    " takes an array of strings (a program and its arguments) or a string for the shell, not empty";

INSTANTIATE_TEST_SUITE_P(
    Daemon, BadConfiguration,
    ::testing::Values(
        Case{"HooksIsATable", "hooks = \"x\"\n" + std::string(kMinimal),
             "c.toml:1:9: `hooks` takes a table, written as [hooks]"},
        Case{"MetricsIsATable", "metrics = \"x\"\n" + std::string(kMinimal),
             "c.toml:1:11: `metrics` takes a table, written as [metrics]"},
        in_section("UnknownHook", "hooks", "after_changes = [\"x\"]",
                   "1: unknown key `hooks.after_changes`; did you mean `after_change`?"),
        in_section("HookByAnotherName", "hooks", "onNewMail = \"x\"",
                   "1: unknown key `hooks.onNewMail`; did you mean `new_mail`?"),
        in_section("HookOfAnotherProgram", "hooks", "postsynchook = \"x\"",
                   "1: unknown key `hooks.postsynchook`; did you mean `after_change`?"),
        in_section("HookEmpty", "hooks", "new_mail = []",
                   "12: `hooks.new_mail`" + std::string(kNotACommand)),
        in_section("HookBlank", "hooks", "new_mail = \" \"",
                   "12: `hooks.new_mail`" + std::string(kNotACommand)),
        in_section("HookOfNumbers", "hooks", "held = [\"a\", 5]",
                   "8: `hooks.held`" + std::string(kNotACommand)),
        in_section("HookOfATable", "hooks", "error = {}",
                   "9: `hooks.error`" + std::string(kNotACommand)),
        in_section("Debounce", "hooks", "debounce = 2",
                   "12: `hooks.debounce` takes a duration such as \"90s\", \"5m\", \"12h\" or "
                   "\"30d\", not an integer"),
        in_section("Timeout", "hooks", "timeout = \"0\"",
                   "11: `hooks.timeout` must be longer than 0"),
        in_section("UnknownMetric", "metrics", "file = \"/x\"",
                   "1: unknown key `metrics.file`; did you mean `textfile`?"),
        in_section("TextfileEmpty", "metrics", "textfile = \"\"",
                   "12: `metrics.textfile` is empty"),
        in_section("TextfileIsADirectory", "metrics", "textfile = \"/usr/\"",
                   "12: this is a directory: the figures are one file; such as /usr/sterna.prom")),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Keys, BadConfiguration,
    ::testing::Values(
        in_account("Unknown", "pasword = \"x\"",
                   "1: unknown key `pasword`; did you mean `password`?"),
        in_account("UnknownAndFar", "colour = \"x\"",
                   "1: unknown key `colour`; the nearest known key is `layout`"),
        in_account("NearToOneThatIsNotSupported", "max_sise = \"1M\"",
                   "1: unknown key `max_sise`; did you mean `max_size`? (not supported by this "
                   "version)"),
        in_account("NearToPollInterval", "poll_intervall = \"5m\"",
                   "1: unknown key `poll_intervall`; did you mean `poll_interval`?"),
        in_account("NearToATable", "oauth2 = {}", "1: unknown key `oauth2`; did you mean `oauth`?"),
        in_account("NearToOneThatCanOnlyBeOff", "maxsize = \"0\"",
                   "1: unknown key `maxsize`; did you mean `max_size`? (not supported by this "
                   "version)"),
        in_account("OfTheTop", "hooks = {}",
                   "1: unknown key `hooks`; `hooks` belongs in the top of the file"),
        in_account("OfHooks", "after_change = []",
                   "1: unknown key `after_change`; `after_change` belongs in [hooks]"),
        in_account("OfAnotherTable", "pin_sha256 = []",
                   "1: unknown key `pin_sha256`; `pin_sha256` belongs in [account.NAME.tls]"),
        in_account("InTls", "tls.moed = \"none\"",
                   "5: unknown key `tls.moed`; did you mean `mode`?"),
        in_account("InRoles", "roles = { trahs = \"T\" }",
                   "11: unknown key `roles.trahs`; did you mean `trash`?"),
        in_account("InHold", "hold_deletions = { atleast = 5 }",
                   "20: unknown key `hold_deletions.atleast`; did you mean `at_least`?"),
        in_account("InARule", "rule = [{ match = [\"x\"], port = 5 }]",
                   "26: unknown key `rule.port`; `port` belongs in [account.NAME]"),
        in_account("MaxSize", "max_size = \"25M\"",
                   "1: `max_size` is not supported by this version of Sterna"),
        in_account("MaxSizeAsANumber", "max_size = 0",
                   "1: `max_size` is not supported by this version of Sterna; it takes a string, "
                   "and in this version only \"0\""),
        in_account("MaxSizeOfADuration", "max_size = \"0d\"",
                   "1: `max_size` is not supported by this version of Sterna"),
        in_account("MaxMessagesAsAString", "max_messages = \"\"",
                   "1: `max_messages` is not supported by this version of Sterna; it takes an "
                   "integer, and in this version only 0"),
        in_account("EmptyMaxAge", "max_age = \"\"",
                   "1: `max_age` is not supported by this version of Sterna"),
        in_account("MaxAgeOfASize", "max_age = \"0K\"",
                   "1: `max_age` is not supported by this version of Sterna"),
        in_account("MaxAgeInARule", "rule = [{ match = [\"x\"], max_age = \"180d\" }]",
                   "26: `rule.max_age` is not supported by this version of Sterna")),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Login, BadConfiguration,
    ::testing::Values(
        in_account("BooleanAsString", "enabled = \"no\"",
                   "11: `enabled` takes true or false, not a string"),
        in_account("StringAsNumber", "port = \"993\"",
                   "8: `port` takes a whole number, not a string"),
        in_account("PortRange", "port = 65536", "8: `port` must be from 1 to 65535, not 65536"),
        in_account("PortDate", "port = 2001-01-01", "8: `port` takes a whole number, not a date"),
        in_account("ConnectionsRange", "connections = 0",
                   "15: `connections` must be from 1 to 32, not 0"),
        in_account("ControlCharacters", "user = \"a\\nb\"", "8: `user` holds a control character"),
        in_account("EmptyUser", "user = \"\"", "8: `user` is empty"),
        in_account(
            "AuthWord", "auth = \"kerberos\"",
            "8: `auth` must be \"auto\", \"plain\", \"login\", \"cram-md5\", \"scram-sha-1\", "
            "\"scram-sha-256\", \"oauth\" or \"external\", not \"kerberos\""),
        in_account(
            "ExternalWithoutACertificate", "auth = \"external\"",
            "8: `auth = \"external\"` needs `tls.client_cert`; it shows the server a certificate "
            "instead of a password"),
        in_account("ProxyOfAnotherKind", "proxy = \"http://x:1\"",
                   "9: `proxy` takes socks5h://HOST:PORT; with a login of its own: "
                   "socks5h://USER:PASSWORD@HOST:PORT, other characters than letters and digits "
                   "as %XX; the proxy looks up the name of the server"),
        in_account("ProxyWithoutAPort", "proxy = \"socks5h://x\"",
                   "9: `proxy` takes socks5h://HOST:PORT; with a login of its own: "
                   "socks5h://USER:PASSWORD@HOST:PORT, other characters than letters and digits "
                   "as %XX; the proxy looks up the name of the server"),
        in_account("ProxyAsAnArray", "proxy = []", "9: `proxy` takes a string, not an array"),
        in_account(
            "TunnelOfNothing", "tunnel = \"\"",
            "10: `tunnel` takes an array of strings (a program and its arguments) or a string "
            "for the shell, not empty"),
        in_account("CredentialWithAPath", "credential = \"a/b\"",
                   "14: `credential` takes the name of a credential of the unit; such as mail for "
                   "LoadCredential=mail:/etc/sterna/mail"),
        in_account("KeyringAsAString", "keyring = \"yes\"",
                   "11: `keyring` takes true or false, not a string"),
        in_account("NoPresetOfThatKind", "preset = \"example\"",
                   "10: there is no preset `example`; leave it out: the domain of `address` gives "
                   "it"),
        in_account("PresetNearToAnotherName", "preset = \"gmail2\"",
                   "10: there is no preset `gmail2`; did you mean `gmail`?"),
        in_account("ShortPresetNearToNone", "preset = \"ab\"",
                   "10: there is no preset `ab`; leave it out: the domain of `address` gives it"),
        in_account("UnknownPreset", "preset = \"gogle\"",
                   "10: there is no preset `gogle`; did you mean `google`?"),
        in_account("TwoSecrets", "password_command = \"x\"\npassword_file = \"/nowhere\"",
                   "20: two sources for one password: `password_file` and `password_command`; keep "
                   "one of them"),
        in_account("EmptyPassword", "password = \"\"",
                   "12: `password` takes a string that is not empty"),
        in_account("PasswordNumber", "password = 12345",
                   "12: `password` takes a string that is not empty"),
        in_account("EmptyCommand", "password_command = []",
                   "20: `password_command` takes an array of strings (a program and its arguments) "
                   "or a string for the shell, not empty"),
        in_account("TlsIsATable", "tls = true",
                   "7: `tls` takes a table, such as [account.NAME.tls]"),
        in_account("TlsMode", "tls.mode = \"ssl\"",
                   "12: `tls.mode` must be \"implicit\", \"starttls\" or \"none\", not \"ssl\""),
        in_account("OldTls", "tls.min_version = \"1.1\"",
                   "19: `tls.min_version` must be \"1.2\" or \"1.3\", not \"1.1\""),
        in_account("Plaintext", "tls.mode = \"none\"",
                   "12: `tls.mode = \"none\"` would send everything in the clear to "
                   "imap.example.org; encrypt, or say allow_plaintext = true"),
        in_account("Pin", "tls.pin_sha256 = [\"sha256//abc\"]",
                   "19: `tls.pin_sha256` takes SHA-256 digests in base64 (44 characters)")),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    LoginOfAnAccount, BadConfiguration,
    ::testing::Values(
        Case{"KeyWithoutCertificate", std::string(kMinimal) + "tls.client_key = \"/nowhere\"\n",
             "c.toml:1:10: `tls.client_key` needs `tls.client_cert`"},
        Case{"Address", "[account.a]\naddress = \"ann\"\nhost = \"h\"\n",
             "c.toml:2:11: `ann` is no mail address; `address` takes one such as ann@example.org; "
             "a mere login name is `user`"},
        Case{"HostWithPort", "[account.a]\nuser = \"u\"\nhost = \"h:993\"\n",
             "c.toml:3:8: `host` takes the name or the address of a server; its port is the key "
             "`port`"},
        Case{"HostAsUrl", "[account.a]\nuser = \"u\"\nhost = \"imaps://h\"\n",
             "c.toml:3:8: `host` takes the name or the address of a server"},
        Case{"EmptyHost", "[account.a]\nuser = \"u\"\nhost = \"\"\n",
             "c.toml:3:8: `host` takes the name or the address of a server"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Mail, BadConfiguration,
    ::testing::Values(
        in_account("Layout", "layout = \"mbox\"",
                   "10: `layout` must be \"fs\" or \"maildir++\", not \"mbox\""),
        in_account(
            "InboxOutside", "inbox = \"../other\"",
            "9: `inbox` takes the name of a folder inside the maildir, or \"\" for its root"),
        in_account(
            "InboxReserved", "inbox = \"cur\"",
            "9: `inbox` takes the name of a folder inside the maildir, or \"\" for its root"),
        in_account("MailboxesAsString", "mailboxes = \"*\"",
                   "13: `mailboxes` takes an array of strings, not a string"),
        in_account("MailboxesOfNumbers", "mailboxes = [\"*\", 5]",
                   "19: `mailboxes` takes strings without control characters"),
        in_account("NothingSelected", "mailboxes = [\"!Spam\"]",
                   "13: `mailboxes` selects nothing; begin with a pattern that includes, such as "
                   "\"*\""),
        in_account("EmptyPattern", "mailboxes = [\"*\", \"!\"]",
                   "13: `mailboxes` has an empty pattern"),
        in_account("WatchAsString", "watch = \"INBOX\"",
                   "9: `watch` takes an array of strings, not a string"),
        in_account("WatchThatSelectsNothing", "watch = [\"!Lists/*\"]",
                   "9: `watch` selects nothing; begin with a pattern that includes, such as "
                   "\"*\""),
        in_account("PollIntervalAsNumber", "poll_interval = 300",
                   "17: `poll_interval` takes a duration such as \"90s\", \"5m\", \"12h\" or "
                   "\"30d\", not an integer"),
        in_account("PollIntervalTooShort", "poll_interval = \"9s\"",
                   "17: `poll_interval` must be at least \"10s\""),
        in_account(
            "RenameTwice", "rename = { A = \"X\", B = \"X\" }",
            "21: `rename.A` and `rename.B` cannot both be renamed: they would be one mailbox"),
        in_account("RenameInbox", "rename = { Inbox = \"X\" }",
                   "12: INBOX cannot be renamed; its local folder is the key `inbox`"),
        in_account("RenameToNothing", "rename = { A = \"\" }",
                   "16: `rename.A` takes the name of a mailbox: it is empty"),
        in_account("RenameWithEmptyComponent", "rename = { \"A//B\" = \"X\" }",
                   "12: `rename` has local names of mailboxes as keys: it has an empty component"),
        in_account("Role", "roles.trash = \"/Trash\"",
                   "15: `roles.trash` takes the name of a mailbox: it has an empty component"),
        in_account("RolesIsATable", "roles = \"Trash\"", "9: `roles` takes a table, not a string"),
        in_account("Direction", "direction = \"up\"",
                   "13: `direction` must be \"both\", \"pull\" or \"push\", not \"up\""),
        in_account("Share", "hold_deletions.share = 1.5",
                   "24: `hold_deletions.share` takes a number from 0 to 1"),
        in_account("AtLeast", "hold_deletions.at_least = 0",
                   "27: `hold_deletions.at_least` must be at least 1, not 0"),
        in_account("Within", "hold_deletions.within = \"0\"",
                   "25: `hold_deletions.within` must be longer than 0"),
        in_account(
            "DurationUnit", "undo = \"2 weeks\"",
            "8: `undo` takes a duration such as \"90s\", \"5m\", \"12h\" or \"30d\", not \"2 "
            "weeks\""),
        in_account("DurationNumber", "undo = 14",
                   "8: `undo` takes a duration such as \"90s\", \"5m\", \"12h\" or \"30d\", not an "
                   "integer"),
        in_account("RuleIsAnArray", "rule = { match = [\"x\"] }",
                   "8: rules are written as [[account.NAME.rule]]"),
        in_account("RuleWithoutMatch", "rule = [{ direction = \"pull\" }]",
                   "9: a rule without `match` matches nothing"),
        in_account("RuleOfExclusions", "rule = [{ match = [\"!x\"] }]",
                   "19: `rule.match` selects nothing; begin with a pattern that includes, such as "
                   "\"*\"")),
    name_of);

TEST(BadConfigurations, AllProblemsAreToldInTheirOrder) {
  EXPECT_EQ(problems_of("[account.a]\nport = 0\naddress = \"ann@example.org\"\nhots = "
                        "\"h\"\n[account.b]\nproxy = \"x\"\nuser = \"b\"\nhost = \"h\"\n"),
            "c.toml:1:10: account `a` needs `host`: example.org is no provider that Sterna knows; "
            "sterna init --print ann@example.org looks for it\n"
            "c.toml:2:8: `port` must be from 1 to 65535, not 0\n"
            "c.toml:4:1: unknown key `hots`; did you mean `host`?\n"
            "c.toml:6:9: `proxy` takes socks5h://HOST:PORT; with a login of its own: "
            "socks5h://USER:PASSWORD@HOST:PORT, other characters than letters and digits as %XX; "
            "the proxy looks up the name of the server\n");
}

TEST(BadConfigurations, AMistakeInDefaultsIsToldOnce) {
  const std::string b = "[account.b]\nuser = \"b\"\nhost = \"h\"\n";
  EXPECT_EQ(problems_of("[defaults]\nport = 0\nfsnc = true\n" + std::string(kMinimal) + b),
            "c.toml:2:8: `port` must be from 1 to 65535, not 0\n"
            "c.toml:3:1: unknown key `fsnc`; did you mean `fsync`?\n");
}

TEST(BadConfigurations, AMistakeInDefaultsIsToldThoughEveryAccountOverridesIt) {
  EXPECT_EQ(problems_of("[defaults]\nport = 0\n" + std::string(kMinimal) + "port = 993\n"),
            "c.toml:2:8: `port` must be from 1 to 65535, not 0\n");
}

// What follows from the absence of a key is no problem where the key is there and was refused.
TEST(BadConfigurations, AKeyThatWasRefusedIsToldOnceAndNothingElseFollows) {
  struct Told {
    std::string text;
    std::string place;
  };
  const std::string host = "host = \"h\"\n";
  const std::string address = "address = \"ann@example.org\"\n";
  const std::string minimal(kMinimal);
  const std::string b = "[account.b]\nuser = \"b\"\n" + host;
  for (const auto& [text, place] : {
           Told{"[account.a]\naddress = 3\n" + host, "2:11: `address` takes"},
           Told{"[account.a]\naddress = 3\n", "2:11: `address` takes"},
           Told{"[account.a]\naddress = \"\"\n", "2:11: `` is no mail address"},
           Told{"[account.a]\nuser = 3\n" + host, "2:8: `user` takes"},
           Told{"[defaults]\naddress = \"ann\"\n[account.v]\n", "2:11: `ann` is no mail"},
           Told{"[account.a]\npreset = \"gogle\"\n" + address, "2:10: there is no preset"},
           Told{"[account.a]\npreset = 3\nuser = \"u\"\n", "2:10: `preset` takes"},
           Told{minimal + "maildir = \"\"\n", "4:11: `maildir` is empty"},
           Told{minimal + "maildir = 3\n" + b, "4:11: `maildir` takes"},
           Told{"state_dir = \"\"\n" + minimal + "maildir = \"~\"\n", "1:13: `state_dir` is"},
           Told{"mail_root = \"\"\n" + minimal + b + "maildir = \"~/Mail\"\n",
                "1:13: `mail_root` is"},
           Told{minimal + "enabled = 0\n" + b + "maildir = \"~/Mail/a\"\n", "4:11: `enabled`"},
           Told{"[account.\"..\"]\n" + address + host + b, "1:10: `..` cannot be the name"},
           Told{minimal + "allow_plaintext = 1\ntls.mode = \"none\"\n", "4:19: `allow_plaint"},
           Told{minimal + "tls = { allow_plaintext = 1, mode = \"none\" }\n", "4:27: `tls.allow_"},
           Told{"[account.a]\nuser = \"u\"\nhost = \"h:1\"\ntls.mode = \"none\"\n",
                "3:8: `host` takes"},
           Told{minimal + "tls = { client_cert = \"\", client_key = \"/nowhere\" }\n",
                "4:23: `tls.client_cert` is empty"},
       }) {
    const std::string problems = problems_of(text);
    EXPECT_THAT(problems, ::testing::StartsWith("c.toml:" + place)) << text;
    EXPECT_EQ(std::ranges::count(problems, '\n'), 1) << problems;
  }
}

TEST(BadConfigurations, APresetWithoutAHostDoesNotBlameTheDomain) {
  EXPECT_EQ(problems_of("[account.a]\npreset = \"dovecot\"\naddress = \"ann@example.org\"\n"),
            "c.toml:1:10: account `a` needs `host`: the preset `dovecot` has none\n");
}

TEST(BadConfigurations, SyntaxHasItsPlace) {
  EXPECT_EQ(problems_of("[account.a]\naddress = ann@example.org\n"),
            "c.toml:2:11: not valid TOML: a value of text must stand in quotes\n");
  EXPECT_THAT(problems_of("a = 1\na = 2\n"), HasSubstr("c.toml:2:"));
  EXPECT_THAT(problems_of("a = \"\xff\"\n"), HasSubstr("c.toml:1:"));
}

// The library asserts what it checks a line later.
TEST(BadConfigurations, ATableWithoutANameIsToldWithItsPlace) {
  for (const std::string_view header : {"[=]", "[%]", "[[[a]]]"}) {
    EXPECT_THAT(problems_of(header), HasSubstr("c.toml:1:")) << header;
    EXPECT_THAT(problems_of(header), HasSubstr("expected bare key")) << header;
  }
}

TEST(BadConfigurations, OtherCharactersThanAsciiStandInStringsAndCommentsOnly) {
  for (const std::string_view text : {"\n[ä]", "\nhost\xef\xbb\xbe = 1", "\n\xef\xbb = 1"}) {
    EXPECT_THAT(problems_of(text), HasSubstr("not valid TOML: outside strings"));
  }
  EXPECT_THAT(problems_of("\n[ä]"), HasSubstr("c.toml:2:2: "));
  EXPECT_THAT(problems_of("\nhost\xef\xbb\xbf = 1"), HasSubstr("c.toml:2:5: "));
  EXPECT_THAT(problems_of("\xef\xbb\xbf"
                          "a = \"ä\" ä"),
              HasSubstr("c.toml:1:9: "));
  EXPECT_THAT(problems_of("\xef\xbb\xbf# ä\nlog.file = \"/tmp/ä\"\n"), Not(HasSubstr("TOML")));
}

// The library reads on in a value that is none, and asks of each character whether it ends it.
TEST(BadConfigurations, QuotesBeginAStringOnlyWhereAStringMayStand) {
  for (const std::string_view text :
       {"a = 0\"\"\"\u00e9\"\"\"", "a = 0 '\u00e9'", "a = x.\"\u00e9\"", "a = 1.'\u00e9'",
        "a\"\u00e9\" = 1", "a = [\n  x.\"\u00e9\"]", "a = \"b\"\"\u00e9\"",
        "a = {b = 1.\"\u00e9\"}", "a = -[\"\u00e9\"", "a = [-[[\"\"\"\u00e9\"\"\"",
        "a = 1{\"\u00e9\"", "a = 1=\"\u00e9\"", "a = {b = 1=\"\u00e9\"}", "a = [b=\"\u00e9\"]"}) {
    EXPECT_THAT(problems_of(text), HasSubstr("only ASCII")) << text;
  }
  for (const std::string_view text :
       {"\"\u00e9\" = 1", "[a.'\u00e9'.\"\u00e9\"]", "a.\"\u00e9\" = 1",
        "a = ['\u00e9', # \u00e9\n '\u00e9']",
        "a = [[\"\u00e9\"], [\"\u00e9\"], {b = [\"\u00e9\"], c = {d = '\u00e9'}}]\nb = '\u00e9'",
        "a = {}\nb = {}\nc = [ ]\n\"\u00e9\" = '\u00e9'",
        "a = {b = '\u00e9', 'c\u00e9' = \"\u00e9\"}\n'\u00e9'.\"\u00e9\" = ''"}) {
    EXPECT_THAT(problems_of(text), Not(HasSubstr("TOML"))) << text;
  }
}

// toml++ asks of each character there whether it is white space, which for many is undefined.
TEST(BadConfigurations, NoCharacterBeyondAsciiStandsWhereABackslashWouldTakeIt) {
  EXPECT_THAT(problems_of("a = \"\"\"\n\\\u00bb\"\"\""),
              HasSubstr("c.toml:2:2: not valid TOML here: after a backslash"));
  EXPECT_THAT(problems_of("a = \"\\\u00bb\""), HasSubstr("c.toml:1:7: not valid TOML here"));
  for (const std::string_view space : {"\n", "\r\n", " \t\n", "\n\n  "}) {
    EXPECT_THAT(problems_of("a = \"\"\"b\\" + std::string(space) + "\u00e9\"\"\""),
                HasSubstr("write the character as \\uXXXX"));
  }
  EXPECT_THAT(problems_of("a = \"\"\"\"\"\u00e9\"\"\"\"\" \u00e9"), HasSubstr("c.toml:1:17: "));
  for (const std::string_view value :
       {"\"\"\"\\n\u00e9\\\n  x\u00e9\"\"\"", "'''\\\u00e9\n\\\n\u00e9'''",
        "\"\"\"\\\\\u00e9\"\"\"\"\"", "\"\\\"\u00e9\""}) {
    EXPECT_THAT(problems_of("log.file = " + std::string(value) + "\n"), Not(HasSubstr("TOML")))
        << value;
  }
}

TEST(BadConfigurations, TypographicQuotesAreToldWhereTheyStand) {
  for (const std::string_view value : {"\u201ca@b.org\u201d", "\u2019a\u2019", "\u00aba\u00bb"}) {
    EXPECT_EQ(problems_of("[account.a]\naddress = " + std::string(value) + "\n"),
              "c.toml:2:11: not valid TOML: outside strings and comments, only ASCII characters "
              "may stand; text stands in straight quotes, \" or '\n");
  }
}

TEST(BadConfigurations, TextWithoutQuotesIsToldAsThat) {
  struct Line {
    std::string_view text;
    std::string_view column;
  };
  for (const auto& [text, column] : {
           Line{"password = hunter2", "12"},
           Line{"password_command = pass show mail", "20"},
           Line{"password_command = [\"pass\", show]", "29"},
           Line{"maildir = ~/Mail", "11"},
           Line{"undo = 14d", "8"},
           Line{"host = imap.example.org", "8"},
           Line{"auth = true1", "8"},
           Line{"rename = { Sent = Sent Items }", "19"},
           Line{"mailboxes = [\"ä, b\", Spam]", "22"},
       }) {
    EXPECT_THAT(problems_of(text),
                HasSubstr("not valid TOML: a value of text must stand in quotes"))
        << text;
    EXPECT_THAT(problems_of(text), ::testing::StartsWith("c.toml:1:" + std::string(column)))
        << text;
  }
}

TEST(BadConfigurations, OtherMistakesAreNotTakenForTextWithoutQuotes) {
  for (const std::string_view text :
       {"user = \"ann, bob", "port = 99999999999999999999", "enabled = False", "user",
        "user =", "user = # ann", "user = 'a' b", "tls = { mode }", "[account.a",
        "undo = 2001-13-01", "port = 0xg", "a = 1 # b = c\nd", "rename = { A B = \"x\" }"}) {
    EXPECT_THAT(problems_of(text), HasSubstr("not valid TOML: Error")) << text;
  }
}

TEST(Syntax, WhatIsSetTwiceIsSaidAndNotShown) {
  const std::string text =
      "[account.a]\nuser = \"u\"\npassword = \"first\"\npassword = \"second\"\n";
  const std::string said = problems_of(text);
  EXPECT_THAT(said, HasSubstr("c.toml:4:"));
  EXPECT_THAT(said,
              HasSubstr("what stands here is set twice; a key may stand once in its section"));
  EXPECT_THAT(said, Not(HasSubstr("second")));
  EXPECT_THAT(problems_of("[account.a]\nuser = \"u\"\n[account.a]\n"), HasSubstr("is set twice"));
}

TEST(BadConfigurations, NoMessageShowsASecret) {
  for (const std::string line : {
           "password = hunter2",
           "password = 99999999999999999999999hunter2",
           "password = \"hunter2",
           "password = { hunter2 = 1 }",
           "password = [\"hunter2\"]",
           "password = \"hunter2\\u0000\"",
           "password = \"hunter2\"\npassword_command = \"echo hunter2\"",
           "password_command = [\"hunter2\", 5]",
           "password_command = { hunter2 = 5 }",
           "client_secret = hunter2",
           "password_command = [\n  \"echo\",\n  fhunter2 ]",
           "password_command = [\n  \"echo\",\n  \"x=\" hunter2 ]",
       }) {
    const std::string problems = problems_of(std::string(kMinimal) + line + "\n");
    EXPECT_NE(problems, "") << line;
    EXPECT_THAT(problems, Not(HasSubstr("hunter2"))) << line;
    EXPECT_THAT(problems, Not(HasSubstr("99999"))) << line;
  }
}

TEST(BadConfigurations, AbsurdNestingIsRefusedBeforeItIsParsed) {
  std::string dots = "x";
  for (int i = 0; i < 100000; ++i) dots += ".x";
  EXPECT_EQ(problems_of("# fine\n" + dots + " = 1\n"), "c.toml:2:34: tables nest too deeply\n");
  EXPECT_EQ(problems_of("[" + dots + "]\n"), "c.toml:1:35: tables nest too deeply\n");
  std::string mixed;
  for (int i = 0; i < 60; ++i) mixed += "a = { b = [\n";
  EXPECT_NE(problems_of(mixed), "");
  std::string closed = "1";
  for (int i = 0; i < 100; ++i) closed = "[" + closed + "]";
  EXPECT_EQ(problems_of("x = " + closed + "\n"), "c.toml:1:37: tables nest too deeply\n");
}

TEST(BadConfigurations, DotsInStringsAndCommentsAreNoNesting) {
  const std::string dots(100, '.');
  EXPECT_EQ(problems_of(std::string(kMinimal) + "# " + dots +
                        "\npassword_command = \"\"\"\necho \\\" " + dots + "\n" + dots +
                        "\"\"\"\nuser = '" + dots + "'\nmaildir = \"\\\"" + dots + "\"\n"),
            "");
}

TEST(BadConfigurations, AHugeFileIsRefused) {
  EXPECT_EQ(problems_of(std::string(256 * 1024 + 1, '\n')), "c.toml: larger than 262144 octets\n");
}

TEST(BadConfigurations, AsOneErrorEachHasItsLine) {
  const Home home;
  LoadOptions options = home.options();
  options.file = home.write("c.toml", "[account.a]\nuser = \"u\"\nhost = \"h\"\nx = 1\nport = 0\n");
  const auto loaded = load(options);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), ErrorCode::config);
  EXPECT_EQ(loaded.error().message(),
            home.at("c.toml") + ":4:1: unknown key `x`; the nearest known key is `tls`\n" +
                home.at("c.toml") + ":5:8: `port` must be from 1 to 65535, not 0");
}

}  // namespace
}  // namespace sterna::config
