// SPDX-License-Identifier: Apache-2.0
// Which files are read, how several become one, where state goes, and who may read a password.
#include "sterna/config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "sterna/config/place.h"
#include "support.h"
#include "tests/support/somebody_else.h"

namespace sterna::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string account(std::string_view name) {
  return "[account." + std::string(name) + "]\nuser = \"u\"\nhost = \"h\"\n";
}

std::string failure(const Home& home) {
  const auto loaded = home.load();
  return loaded ? std::string("it loaded") : describe(loaded.error(), home);
}

std::vector<std::string> names(const Config& config) {
  std::vector<std::string> result;
  for (const AccountConfig& one : config.accounts) result.push_back(one.name);
  return result;
}

TEST(Lookup, TheUsersOwnFileComesBeforeTheSystems) {
  const Home home;
  home.write("etc/config.toml", account("system"));
  EXPECT_THAT(names(*home.load()), ElementsAre("system"));
  home.write(".config/sterna/config.toml", account("own"));
  EXPECT_THAT(names(*home.load()), ElementsAre("own"));
}

TEST(Lookup, XdgConfigHomeMovesIt) {
  Home home;
  home.set("XDG_CONFIG_HOME", home.at("xdg"));
  home.write("xdg/sterna/config.toml", account("xdg"));
  home.write(".config/sterna/config.toml", account("own"));
  EXPECT_THAT(names(*home.load()), ElementsAre("xdg"));
  home.set("XDG_CONFIG_HOME", "relative/is/ignored");
  EXPECT_THAT(names(*home.load()), ElementsAre("own"));
}

TEST(Lookup, ConfigDIsReadBesideTheDefaultFile) {
  const Home home;
  home.write(".config/sterna/config.toml", account("m"));
  home.write(".config/sterna/config.d/20-z.toml", account("z"));
  home.write(".config/sterna/config.d/10-a.toml", account("a"));
  home.write(".config/sterna/config.d/.#lock.toml", "not = toml = at all");
  home.write(".config/sterna/config.d/notes.txt", "not = toml = at all");
  const auto config = home.load();
  ASSERT_TRUE(config) << failure(home);
  EXPECT_THAT(names(*config), ElementsAre("a", "m", "z"));
  EXPECT_THAT(config->files, ElementsAre(home.at(".config/sterna/config.toml"),
                                         home.at(".config/sterna/config.d/10-a.toml"),
                                         home.at(".config/sterna/config.d/20-z.toml")));
}

TEST(Lookup, ConfigDAloneIsEnough) {
  const Home home;
  home.write(".config/sterna/config.d/a.toml", account("a"));
  EXPECT_THAT(names(*home.load()), ElementsAre("a"));
}

TEST(Lookup, AnExplicitFileIsReadAlone) {
  Home home;
  home.write("etc/config.d/a.toml", account("system"));
  home.write("config.d/a.toml", account("beside"));
  home.set("STERNA_CONFIG", home.write("e.toml", account("environment")));
  EXPECT_THAT(names(*home.load()), ElementsAre("environment"));
  LoadOptions options = home.options();
  options.file = home.write("c.toml", account("option"));
  EXPECT_THAT(names(*load_or_problems(options)), ElementsAre("option"));
}

TEST(Lookup, NothingToReadSaysWhatToWrite) {
  const Home home;
  EXPECT_EQ(failure(home),
            "there is no configuration; sterna init writes one, from your mail address; by hand: "
            ".config/sterna/config.toml, as sterna.toml(5) says\n");
}

TEST(Place, OfAFirstAccountIsTheFileOfTheUserAndOfAFurtherOneAFileBesideIt) {
  Home home;
  auto place = find_place(home.options());
  ASSERT_TRUE(place) << place.error().describe();
  EXPECT_EQ(*place->file_for("a"), home.at(".config/sterna/config.toml"));
  home.write(".config/sterna/config.toml", account("a"));
  place = find_place(home.options());
  EXPECT_EQ(*place->file_for("b"), home.at(".config/sterna/config.d/b.toml"));
  home.write(".config/sterna/config.d/b.toml", account("b"));
  const auto taken = find_place(home.options())->file_for("b");
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code(), ErrorCode::exists);
  EXPECT_THAT(taken.error().hint(), HasSubstr("--name"));
}

TEST(Place, IsThatOfTheSystemWhereOnlyThatHasAConfiguration) {
  Home home;
  home.write("etc/config.toml", account("a"));
  EXPECT_EQ(*find_place(home.options())->file_for("b"), home.at("etc/config.d/b.toml"));
}

// What only the mode keeps us from, root or not.
class OrdinaryUser : public testing::Test {
 protected:
  void SetUp() override {
    home_.write("etc/config.toml", account("system"), 0644);
    home_.write("etc/config.d/b.toml", account("b"), 0644);
    set_mode("", 0755);  // for who is not root
  }
  void TearDown() override {
    for (const char* path : {"etc", "etc/config.d"}) set_mode(path, 0755);
  }
  void set_mode(const std::string& path, mode_t mode) const {
    ASSERT_EQ(::chmod(home_.at(path).c_str(), mode), 0) << path;
  }

  Home home_;
};

TEST_F(OrdinaryUser, HasNoPartInAConfigurationOfTheSystemThatIsClosed) {
  for (const char* closed : {"etc", "etc/config.d", "etc/config.d/b.toml", "etc/config.toml"}) {
    set_mode(closed, 0);
    {
      const test::SomebodyElse now;
      EXPECT_EQ(failure(home_),
                std::string("there is no configuration of yours, and you may not read ") + closed +
                    "; sterna init writes one, from your mail address; by hand: "
                    ".config/sterna/config.toml, as sterna.toml(5) says\n");
      const auto place = find_place(home_.options());
      ASSERT_TRUE(place) << place.error().describe();
      EXPECT_EQ(*place->file_for("a"), home_.at(".config/sterna/config.toml"));
      EXPECT_EQ(place->superseded, "");
    }
    set_mode(closed, 0755);
  }
}

TEST_F(OrdinaryUser, ReadsThatOfTheSystemAndAddsToOnesOwn) {
  for (const char* fixed : {"etc/config.d", "etc"}) set_mode(fixed, 0555);
  const test::SomebodyElse now;
  EXPECT_THAT(names(*home_.load()), ElementsAre("b", "system"));
  const auto place = find_place(home_.options());
  ASSERT_TRUE(place) << place.error().describe();
  EXPECT_EQ(*place->file_for("b"), home_.at(".config/sterna/config.toml"));
  EXPECT_EQ(place->superseded, home_.at("etc"));
  EXPECT_THAT(place->files, ElementsAre());
}

TEST(Place, IsTheFileThatIsReadAloneUnlessItIsThere) {
  Home home;
  LoadOptions options = home.options();
  options.file = home.at("c.toml");
  EXPECT_EQ(*find_place(options)->file_for("a"), home.at("c.toml"));
  home.write("c.toml", account("a"));
  const auto taken = find_place(options)->file_for("b");
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().hint(), HasSubstr("--print"));
}

TEST(Lookup, AFileThatIsNotThereIsNamed) {
  Home home;
  home.set("STERNA_CONFIG", home.at("missing.toml"));
  EXPECT_EQ(failure(home), "missing.toml: No such file or directory\n");
  home.set("STERNA_CONFIG", home.root());
  EXPECT_THAT(failure(home), HasSubstr("Is a directory"));
}

TEST(Several, TheSameAccountTwiceIsRefused) {
  const Home home;
  home.write("etc/config.toml", account("a"));
  home.write("etc/config.d/b.toml", "\n" + account("a"));
  EXPECT_EQ(failure(home), "etc/config.d/b.toml:2:10: `a` is already set in etc/config.toml:1\n");
}

TEST(Several, TheSameKeyTwiceIsRefused) {
  const Home home;
  home.write("etc/config.toml", "mail_root = \"/m\"\n[defaults]\nfsync = true\n" + account("a"));
  home.write("etc/config.d/b.toml", "mail_root = \"/m\"\n[defaults]\nfsync = false\n");
  EXPECT_EQ(failure(home),
            "etc/config.d/b.toml:1:1: `mail_root` is already set in etc/config.toml:1\n"
            "etc/config.d/b.toml:3:1: `fsync` is already set in etc/config.toml:3\n");
}

TEST(Several, DefaultsOfSeveralFilesAreUnited) {
  const Home home;
  home.write("etc/config.toml", "[defaults]\nfsync = false\ntls.min_version = \"1.3\"\n");
  home.write("etc/config.d/a.toml", account("a"));
  home.write("etc/config.d/b.toml", "[defaults]\nconnections = 2\ntls.ca_file = \"/ca\"\n");
  const auto config = home.load();
  ASSERT_TRUE(config) << failure(home);
  const AccountConfig& a = config->accounts[0];
  EXPECT_FALSE(a.fsync);
  EXPECT_EQ(a.connections, 2U);
  EXPECT_EQ(a.tls.min_version, TlsVersion::tls13);
  EXPECT_EQ(a.tls.ca_file, "/ca");
}

TEST(Several, TheProblemsOfAllFilesAreTold) {
  const Home home;
  home.write("etc/config.toml", "this is not toml\n");
  home.write("etc/config.d/a.toml", account("a") + "port = 0\n");
  const std::string problems = failure(home);
  EXPECT_THAT(problems, HasSubstr("etc/config.toml:1:"));
  EXPECT_THAT(problems, HasSubstr("etc/config.d/a.toml:4:8: `port`"));
}

TEST(Several, RelativePathsStartAtTheFileThatNamesThem) {
  const Home home;
  home.write("etc/config.toml", "mail_root = \"mail\"\n");
  home.write("etc/config.d/a.toml", account("a"));
  home.write("etc/config.d/b.toml", account("b") + "maildir = \"./b/\"\n");
  const auto config = home.load();
  ASSERT_TRUE(config) << failure(home);
  EXPECT_EQ(config->account("a")->maildir, home.at("etc/mail/a"));
  EXPECT_EQ(config->account("b")->maildir, home.at("etc/config.d/b"));
  EXPECT_EQ(config->account("c"), nullptr);
}

TEST(Directories, FollowXdg) {
  Home home;
  home.write("etc/config.toml", account("a"));
  EXPECT_EQ(home.load()->mail_root, home.at("Mail"));
  EXPECT_EQ(home.load()->state_dir, home.at(".local/state/sterna"));
  home.set("XDG_STATE_HOME", "/xs");
  EXPECT_EQ(home.load()->state_dir, "/xs/sterna");
}

TEST(Directories, OfAUnitComeFirst) {
  Home home;
  home.write("etc/config.toml", account("a"));
  home.set("XDG_STATE_HOME", "/xs");
  home.set("STATE_DIRECTORY", "/var/lib/sterna:/var/lib/other");
  EXPECT_EQ(home.load()->state_dir, "/var/lib/sterna");
}

TEST(Directories, KeysWin) {
  Home home;
  home.set("STATE_DIRECTORY", "/var/lib/sterna");
  home.write("etc/config.toml",
             "state_dir = \"~/s\"\nmail_root = \"/m\"\n[log]\nlevel = \"debug\"\n" + account("a"));
  const auto config = home.load();
  ASSERT_TRUE(config) << failure(home);
  EXPECT_EQ(config->state_dir, home.at("s"));
  EXPECT_EQ(config->accounts[0].maildir, "/m/a");
  EXPECT_EQ(config->log_level, LogLevel::debug);
}

TEST(Directories, TheControlSocketStandsWhereTheSystemHasARoomForIt) {
  Home home;
  home.write("etc/config.toml", "state_dir = \"/s\"\n" + account("a"));
  EXPECT_EQ(home.load()->control_socket, "/s/control.sock");
  home.set("XDG_RUNTIME_DIR", "/run/user/7");
  EXPECT_EQ(home.load()->control_socket, "/run/user/7/sterna/control.sock");
  home.set("RUNTIME_DIRECTORY", "/run/sterna:/run/other");
  EXPECT_EQ(home.load()->control_socket, "/run/sterna/control.sock");
  home.write("etc/config.toml", "control_socket = \"~/c\"\nstate_dir = \"/s\"\n" + account("a"));
  EXPECT_EQ(home.load()->control_socket, home.at("c"));
}

TEST(Directories, WithoutAHomeSayWhatIsMissing) {
  const Home home;
  LoadOptions options = home.options();
  options.home.clear();
  options.file = home.write("c.toml", account("a"));
  const auto loaded = load_or_problems(options);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(describe(loaded.error(), home),
            "c.toml: there is no home directory; set HOME, or give `mail_root` and `state_dir`\n");
  options.file = home.write("d.toml", "mail_root = \"/m\"\nstate_dir = \"/s\"\n" + account("a"));
  EXPECT_TRUE(load_or_problems(options));
}

TEST(Secrecy, AFileWithAPasswordMustBeClosedToOthers) {
  const Home home;
  const std::string text = account("a") + "password = \"hunter2\"\n";
  for (const mode_t mode : {0640U, 0604U, 0644U}) {
    home.write("etc/config.toml", text, mode);
    EXPECT_EQ(failure(home),
              "etc/config.toml:4:1: this file holds a password and can be read by the group or by "
              "others; chmod 600 etc/config.toml\n");
  }
  for (const mode_t mode : {0600U, 0400U, 0700U}) {
    home.write("etc/config.toml", text, mode);
    EXPECT_TRUE(home.load()) << failure(home);
  }
}

TEST(Secrecy, OnlyTheFileThatHoldsItMatters) {
  const Home home;
  home.write("etc/config.toml", account("a"), 0644);
  home.write("etc/config.d/secret.toml", "[defaults]\npassword = \"hunter2\"\n", 0600);
  EXPECT_TRUE(home.load()) << failure(home);
  home.write("etc/config.d/secret.toml", "[defaults]\npassword = \"hunter2\"\n", 0644);
  EXPECT_THAT(failure(home), HasSubstr("etc/config.d/secret.toml:2:1"));
}

TEST(Secrecy, APasswordFileOrKeyMustBeClosedToOthers) {
  const Home home;
  home.write("etc/config.toml", account("a") + "password_file = \"pw\"\n" +
                                    "tls.client_cert = \"c\"\ntls.client_key = \"k\"\n");
  EXPECT_TRUE(home.load()) << failure(home);
  home.write("etc/pw", "hunter2\n", 0640);
  home.write("etc/k", "key\n", 0604);
  EXPECT_EQ(failure(home),
            "etc/config.toml:4:17: this password file can be read by the group or by others; chmod "
            "600 etc/pw\n"
            "etc/config.toml:6:18: this private key can be read by the group or by others; chmod "
            "600 etc/k\n");
  home.write("etc/pw", "hunter2\n", 0600);
  home.write("etc/k", "key\n", 0400);
  EXPECT_TRUE(home.load()) << failure(home);
}

TEST(Secrecy, ACertificateThatHoldsItsKeyMustBeClosedToOthersToo) {
  const Home home;
  home.write("etc/config.toml", account("a") + "password = \"p\"\ntls.client_cert = \"both\"\n",
             0600);
  home.write("etc/both", "certificate and key\n", 0644);
  EXPECT_EQ(failure(home),
            "etc/config.toml:5:19: this private key can be read by the group or by others; chmod "
            "600 etc/both\n");
  home.write("etc/both", "certificate and key\n", 0600);
  EXPECT_TRUE(home.load()) << failure(home);
}

TEST(Secrecy, ADirectoryInPlaceOfAFileIsNotToBeClosed) {
  const Home home;
  home.write("etc/config.toml", account("a") + "password_file = \"pw\"\n" +
                                    "tls.client_cert = \"c\"\ntls.client_key = \"k\"\n");
  std::filesystem::create_directory(home.at("etc/pw"));
  std::filesystem::create_directory(home.at("etc/k"));
  EXPECT_EQ(failure(home),
            "etc/config.toml:4:17: this is a directory: the password is the first line of a file\n"
            "etc/config.toml:6:18: this is a directory: the key is a file\n");
}

TEST(Hooks, NoneUnlessSaid) {
  const Home home;
  home.write("etc/config.toml", account("a"));
  const auto loaded = home.load();
  ASSERT_TRUE(loaded) << failure(home);
  EXPECT_TRUE(loaded->hooks.after_change.empty());
  EXPECT_EQ(loaded->hooks.debounce, std::chrono::seconds(2));
  EXPECT_EQ(loaded->hooks.timeout, std::chrono::minutes(2));
  EXPECT_EQ(loaded->metrics.textfile, "");
}

TEST(Hooks, AreProgramsOrTextForTheShell) {
  const Home home;
  home.write("etc/config.toml", account("a") + R"(
[hooks]
before_sync = "a $x"
after_change = ["notmuch", "new"]
new_mail = ["n"]
held = ["h"]
needs_auth = ["u"]
error = ["e"]
debounce = "0"
timeout = "30s"
[metrics]
textfile = "~/sterna.prom"
)");
  const auto loaded = home.load();
  ASSERT_TRUE(loaded) << failure(home);
  const HooksConfig& hooks = loaded->hooks;
  EXPECT_THAT(hooks.before_sync, ElementsAre("/bin/sh", "-c", "a $x"));
  EXPECT_THAT(hooks.after_change, ElementsAre("notmuch", "new"));
  EXPECT_THAT(hooks.new_mail, ElementsAre("n"));
  EXPECT_THAT(hooks.held, ElementsAre("h"));
  EXPECT_THAT(hooks.needs_auth, ElementsAre("u"));
  EXPECT_THAT(hooks.error, ElementsAre("e"));
  EXPECT_EQ(hooks.debounce, std::chrono::seconds(0));
  EXPECT_EQ(hooks.timeout, std::chrono::seconds(30));
  EXPECT_EQ(loaded->metrics.textfile, home.at("sterna.prom"));
}

TEST(Maildirs, TheSameForTwoAccountsIsRefused) {
  const Home home;
  home.write("etc/config.toml",
             account("a") + "maildir = \"/m\"\n" + account("b") + "maildir = \"/./m/\"\n");
  EXPECT_EQ(failure(home), "etc/config.toml:8:11: accounts `b` and `a` have the same maildir\n");
}

TEST(Maildirs, OneInsideAnotherIsRefused) {
  const Home home;
  home.write("etc/config.toml", account("a") + account("b") + "maildir = \"~/Mail\"\n");
  EXPECT_EQ(failure(home),
            "etc/config.toml:1:10: accounts `a` and `b` have one maildir inside the other\n");
}

TEST(Maildirs, ALinkDoesNotHideIt) {
  const Home home;
  std::filesystem::create_directories(home.at("Mail/a"));
  std::filesystem::create_directory_symlink(home.at("Mail/a"), home.at("link"));
  home.write("etc/config.toml", account("a") + account("b") + "maildir = \"~/link\"\n");
  EXPECT_THAT(failure(home), HasSubstr("have the same maildir"));
}

TEST(Maildirs, ADisabledAccountMayShareOne) {
  const Home home;
  home.write("etc/config.toml", account("a") + "maildir = \"/m\"\n" + account("b") +
                                    "maildir = \"/m\"\nenabled = false\n");
  EXPECT_TRUE(home.load()) << failure(home);
}

TEST(Maildirs, NamesThatOnlyBeginAlikeAreFine) {
  const Home home;
  home.write("etc/config.toml", account("a") + account("ab"));
  EXPECT_TRUE(home.load()) << failure(home);
}

TEST(Maildirs, TheStateMustLieOutside) {
  const Home home;
  home.write("etc/config.toml", "state_dir = \"~/Mail/a/state\"\n" + account("a"));
  EXPECT_EQ(failure(home),
            "etc/config.toml:2:10: account `a`: the state in Mail/a/state would lie inside this "
            "maildir\n");
}

}  // namespace
}  // namespace sterna::config
