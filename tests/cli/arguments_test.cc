// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.h"

#include <gmock/gmock.h>

namespace sterna::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Words = std::vector<std::string>;

Invocation parsed(const Words& words) {
  auto result = parse_arguments(words);
  if (const auto* answer = std::get_if<Answer>(&result)) {
    ADD_FAILURE() << answer->err;
    return {};
  }
  return std::get<Invocation>(result);
}

template <class Command>
Command command_of(const Words& words) {
  return std::get<Command>(parsed(words).command);
}

Answer answer_to(const Words& words) {
  auto result = parse_arguments(words);
  if (!std::holds_alternative<Answer>(result)) {
    ADD_FAILURE() << "was accepted";
    return {};
  }
  return std::get<Answer>(result);
}

TEST(Arguments, SyncTakesTargetsAndDryRun) {
  const auto sync = command_of<SyncArguments>({"sync", "work", "home/INBOX", "--dry-run"});
  EXPECT_THAT(sync.targets, ElementsAre("work", "home/INBOX"));
  EXPECT_TRUE(sync.dry_run);
  EXPECT_THAT(command_of<SyncArguments>({"sync"}).targets, IsEmpty());
}

TEST(Arguments, AccountsMayBeCalledLikeCommands) {
  EXPECT_THAT(command_of<SyncArguments>({"sync", "status", "run"}).targets,
              ElementsAre("status", "run"));
}

TEST(Arguments, GlobalOptionsStandBeforeOrAfterTheCommand) {
  for (const Words& words :
       {Words{"-c", "f.toml", "--json", "--no-input", "-v", "-v", "status"},
        Words{"status", "-vv", "--config", "f.toml", "--json", "--no-input"}}) {
    const GlobalOptions options = parsed(words).options;
    EXPECT_EQ(options.config_file, "f.toml");
    EXPECT_TRUE(options.json);
    EXPECT_TRUE(options.no_input);
    EXPECT_EQ(options.verbosity, 2);
  }
  EXPECT_EQ(parsed({"-q", "status"}).options.verbosity, -1);
  EXPECT_EQ(parsed({"status"}).options.verbosity, 0);
}

TEST(Arguments, ColorIsOneOfThreeWords) {
  EXPECT_EQ(parsed({"status"}).options.color, ColorWhen::automatic);
  EXPECT_EQ(parsed({"--color", "auto", "status"}).options.color, ColorWhen::automatic);
  EXPECT_EQ(parsed({"--color", "always", "status"}).options.color, ColorWhen::always);
  EXPECT_EQ(parsed({"status", "--color=never"}).options.color, ColorWhen::never);
  const Answer answer = answer_to({"--color", "sometimes", "status"});
  EXPECT_EQ(answer.status, Exit::usage);
  EXPECT_THAT(answer.err, HasSubstr("sometimes is neither auto nor always nor never"));
  for (const char c : answer.err) EXPECT_TRUE(c == '\n' || c >= ' ') << answer.err;
}

TEST(Arguments, TheOtherCommandsTakeTheirOwn) {
  EXPECT_TRUE(command_of<CheckArguments>({"check", "--offline", "work"}).offline);
  EXPECT_EQ(command_of<MailboxesArguments>({"mailboxes", "work"}).account, "work");
  const auto verify = command_of<VerifyArguments>({"verify", "--deep", "work", "home"});
  EXPECT_TRUE(verify.deep);
  EXPECT_THAT(verify.accounts, ElementsAre("work", "home"));
  EXPECT_EQ(command_of<AdoptArguments>({"adopt", "work"}).account, "work");
  const auto history = command_of<HistoryArguments>({"history", "work", "/mail/x", "-n", "7"});
  EXPECT_THAT(history.words, ElementsAre("work", "/mail/x"));
  EXPECT_EQ(history.limit, 7U);
  EXPECT_EQ(command_of<HistoryArguments>({"history"}).limit, 50U);
}

TEST(Arguments, AuthDoesOneThing) {
  const auto action = [](std::vector<std::string> words) {
    words.insert(words.begin(), {"auth", "work"});
    return command_of<AuthArguments>(words).action;
  };
  EXPECT_EQ(command_of<AuthArguments>({"auth", "work"}).account, "work");
  EXPECT_EQ(action({}), AuthAction::browser);
  EXPECT_EQ(action({"--device"}), AuthAction::device);
  EXPECT_EQ(action({"--paste"}), AuthAction::paste);
  EXPECT_EQ(action({"--status"}), AuthAction::status);
  EXPECT_EQ(action({"--logout"}), AuthAction::logout);
  EXPECT_EQ(action({"--token"}), AuthAction::token);
  EXPECT_EQ(answer_to({"auth"}).status, Exit::usage);
  EXPECT_EQ(answer_to({"auth", "work", "--token", "--status"}).status, Exit::usage);
  EXPECT_EQ(answer_to({"auth", "work", "home"}).status, Exit::usage);
}

TEST(Arguments, StatusHasItsForms) {
  const auto usual = command_of<StatusArguments>({"status"});
  EXPECT_EQ(usual.form, StatusForm::usual);
  EXPECT_FALSE(usual.watch);
  const auto bar = command_of<StatusArguments>({"status", "--waybar", "--watch"});
  EXPECT_EQ(bar.form, StatusForm::waybar);
  EXPECT_TRUE(bar.watch);
  EXPECT_EQ(command_of<StatusArguments>({"status", "--metrics"}).form, StatusForm::metrics);
  EXPECT_EQ(answer_to({"status", "--metrics", "--watch"}).status, Exit::usage);
  EXPECT_EQ(answer_to({"status", "--metrics", "--waybar"}).status, Exit::usage);
}

TEST(Arguments, APauseLastsUntilItIsResumedUnlessATimeIsGiven) {
  const auto pause = command_of<PauseArguments>({"pause", "work", "home"});
  EXPECT_THAT(pause.accounts, ElementsAre("work", "home"));
  EXPECT_FALSE(pause.lasts);
  EXPECT_EQ(command_of<PauseArguments>({"pause", "--for", "2h"}).lasts, std::chrono::hours(2));
  for (const char* text : {"", "2", "0s", "-2h", "soon", "2 h"}) {
    EXPECT_EQ(answer_to({"pause", "--for", text}).status, Exit::usage) << text;
  }
  EXPECT_THAT(command_of<ResumeArguments>({"resume", "work"}).accounts, ElementsAre("work"));
}

TEST(Arguments, RunTakesAccounts) {
  EXPECT_THAT(command_of<RunArguments>({"run"}).accounts, IsEmpty());
  EXPECT_THAT(command_of<RunArguments>({"run", "work", "home"}).accounts,
              ElementsAre("work", "home"));
}

TEST(Arguments, HeldListsUnlessItIsToldToDecide) {
  EXPECT_EQ(command_of<HeldArguments>({"held"}).action, HeldAction::list);
  EXPECT_EQ(command_of<HeldArguments>({"held", "apply"}).action, HeldAction::apply);
  const auto restore = command_of<HeldArguments>({"held", "restore", "work/Lists"});
  EXPECT_EQ(restore.action, HeldAction::restore);
  EXPECT_EQ(restore.target, "work/Lists");
  const auto account = command_of<HeldArguments>({"held", "work"});
  EXPECT_EQ(account.action, HeldAction::list);
  EXPECT_EQ(account.target, "work");
  EXPECT_THAT(answer_to({"held", "destroy", "work"}).err, HasSubstr("destroy"));
  const auto one = command_of<HeldArguments>({"held", "apply", "work/INBOX", "12", "<a@b>"});
  EXPECT_EQ(one.target, "work/INBOX");
  EXPECT_THAT(one.messages, ElementsAre("12", "<a@b>"));
}

TEST(Arguments, UndoListsWhereNothingElseIsSaid) {
  EXPECT_EQ(command_of<UndoArguments>({"undo"}).action, UndoAction::list);
  const auto listed = command_of<UndoArguments>({"undo", "work", "12"});
  EXPECT_EQ(listed.action, UndoAction::list);
  EXPECT_EQ(listed.target, "work");
  const auto restored =
      command_of<UndoArguments>({"undo", "restore", "work/Lists", "3", "4", "--into", "INBOX"});
  EXPECT_EQ(restored.action, UndoAction::restore);
  EXPECT_EQ(restored.target, "work/Lists");
  EXPECT_THAT(restored.messages, ElementsAre("3", "4"));
  EXPECT_EQ(restored.into, "INBOX");
}

TEST(Arguments, UndoRestoresNothingThatIsNotNamed) {
  EXPECT_THAT(answer_to({"undo", "restore"}).err, HasSubstr("ACCOUNT[/MAILBOX] is missing"));
  EXPECT_THAT(answer_to({"undo", "purge", "work"}).err, HasSubstr("purge"));
  EXPECT_THAT(answer_to({"undo", "work", "--into", "INBOX"}).err, HasSubstr("--into"));
}

TEST(Arguments, WrongUsageIsTwoAndSaysWhatHelps) {
  EXPECT_EQ(answer_to({}).status, Exit::usage);
  EXPECT_EQ(answer_to({"sync", "--no-such-option"}).status, Exit::usage);
  EXPECT_THAT(answer_to({"sync", "--no-such-option"}).err, HasSubstr("--no-such-option"));
  EXPECT_THAT(answer_to({"mailboxes"}).err, HasSubstr("sterna mailboxes --help"));
  EXPECT_EQ(answer_to({"history", "-n", "0"}).status, Exit::usage);
  EXPECT_EQ(answer_to({"history", "a", "b", "c"}).status, Exit::usage);
  EXPECT_EQ(answer_to({"-v", "-q", "status"}).status, Exit::usage);
  const Answer unknown = answer_to({"stauts"});
  EXPECT_EQ(unknown.status, Exit::usage);
  EXPECT_THAT(unknown.err, HasSubstr("there is no command stauts"));
  EXPECT_THAT(unknown.err, HasSubstr("did you mean status?"));
  EXPECT_THAT(answer_to({"frobnicate"}).err, HasSubstr("sterna --help"));
}

TEST(Arguments, WhatIsWrongIsSaidInOurWords) {
  const std::pair<Words, const char*> kSaid[] = {
      {{"-c"}, "sterna: --config needs a value\n  see sterna --help\n"},
      {{"status", "--config"}, "sterna: --config needs a value\n  see sterna --help\n"},
      {{"-c", "a", "-c", "b", "status"},
       "sterna: --config is given more than once\n  see sterna --help\n"},
      {{"--color", "blue", "status"},
       "sterna: --color: blue is neither auto nor always nor never\n  see sterna --help\n"},
      {{"mailboxes"}, "sterna: mailboxes: ACCOUNT is missing\n  see sterna mailboxes --help\n"},
      {{"mailboxes", "a", "b"},
       "sterna: mailboxes: too many arguments\n  see sterna mailboxes --help\n"},
      {{"history", "a", "b", "c"},
       "sterna: history: too many arguments\n  see sterna history --help\n"},
      {{"history", "-n"}, "sterna: history: --lines needs a value\n  see sterna history --help\n"},
      {{"history", "-n", "none"},
       "sterna: history: --lines: none is no number from 1 to 1000000\n"
       "  see sterna history --help\n"},
      {{"sync", "--dry-rn"},
       "sterna: sync: there is no option --dry-rn\n  did you mean --dry-run?\n"},
      {{"sync", "--xyzzy=1"},
       "sterna: sync: there is no option --xyzzy\n  see sterna sync --help\n"}};
  for (const auto& [words, said] : kSaid) EXPECT_EQ(answer_to(words).err, said);
}

TEST(Arguments, AMistypedCommandIsGuessed) {
  for (const auto& [typed, meant] :
       {std::pair("snyc", "sync"), {"SYNC", "sync"}, {"hist", "history"}, {"verfy", "verify"}}) {
    EXPECT_THAT(answer_to({typed}).err, HasSubstr(std::string("did you mean ") + meant + "?"));
    EXPECT_THAT(answer_to({"help", typed}).err,
                HasSubstr(std::string("did you mean ") + meant + "?"));
  }
}

TEST(Arguments, WhatIsWrongIsAnErrorToo) {
  const Answer answer = answer_to({"sync", "--xyzzy", "--json"});
  EXPECT_TRUE(answer.json);
  ASSERT_TRUE(answer.error);
  EXPECT_TRUE(answer.error->is(ErrorCode::usage));
  EXPECT_EQ(answer.error->message(), "sync: there is no option --xyzzy");
  for (const Words& words : {Words{"--json"}, {"--json", "search"}, {"frobnicate", "--json"}}) {
    EXPECT_TRUE(answer_to(words).json);
    EXPECT_TRUE(answer_to(words).error);
  }
  EXPECT_FALSE(answer_to({"sync", "--xyzzy"}).json);
  EXPECT_FALSE(answer_to({"--help", "--json"}).error);
}

TEST(Arguments, WhatALaterVersionHasIsRefusedAsSuch) {
  for (const char* name : {"search", "fetch"}) {
    const Answer answer = answer_to({name, "anything", "--at", "all"});
    EXPECT_EQ(answer.status, Exit::usage);
    EXPECT_EQ(answer.err, "sterna " + std::string(name) + ": not supported by this version\n");
    EXPECT_EQ(answer_to({"help", std::string(name)}).err, answer.err);
  }
}

TEST(Arguments, ImportTakesAProgramAndAFile) {
  const auto import = command_of<ImportArguments>({"import", "offlineimap", "rc"});
  EXPECT_EQ(import.tool, ForeignTool::offlineimap);
  EXPECT_EQ(import.file, "rc");
  EXPECT_EQ(command_of<ImportArguments>({"import", "mbsync"}).file, "");
  EXPECT_FALSE(import.write);
  EXPECT_EQ(answer_to({"import"}).status, Exit::usage);
  EXPECT_THAT(answer_to({"import", "mutt"}).err, HasSubstr("neither mbsync nor offlineimap"));
  EXPECT_EQ(answer_to({"import", "mbsync", "a", "b"}).status, Exit::usage);
}

TEST(Arguments, ImportWritesWhereTheConfigurationIs) {
  const auto import = command_of<ImportArguments>({"import", "mbsync", "--write"});
  EXPECT_TRUE(import.write);
  EXPECT_EQ(import.config_file, std::nullopt);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"-c", "own.toml", "import", "mbsync", "--write"},
        std::vector<std::string>{"import", "--write", "mbsync", "-c", "own.toml"}})
    EXPECT_EQ(command_of<ImportArguments>(words).config_file, "own.toml");
}

TEST(Arguments, HelpAndVersionAreData) {
  EXPECT_EQ(answer_to({"--version"}).out, "sterna 0.1.0\n");
  EXPECT_EQ(answer_to({"--version"}).status, Exit::done);
  const Answer help = answer_to({"--help"});
  EXPECT_EQ(help.status, Exit::done);
  for (std::string_view name : command_names()) {
    EXPECT_THAT(help.out, HasSubstr("\n  " + std::string(name) + " "));
    const Answer of_command = answer_to({std::string(name), "--help"});
    EXPECT_THAT(of_command.out, HasSubstr("Usage: sterna " + std::string(name)));
    EXPECT_EQ(of_command.out, help_text(name));
  }
  EXPECT_THAT(help.out, testing::Not(HasSubstr("__accounts")));
  EXPECT_THAT(help.out, testing::Not(HasSubstr("fetch")));
}

TEST(Arguments, HelpIsACommandToo) {
  EXPECT_EQ(answer_to({"help"}).out, answer_to({"--help"}).out);
  EXPECT_EQ(answer_to({"help", "held"}).out, answer_to({"held", "--help"}).out);
  EXPECT_EQ(answer_to({"help", "help"}).out, answer_to({"--help"}).out);
  EXPECT_EQ(answer_to({"help", "nothing"}).status, Exit::usage);
}

TEST(Arguments, NoLineOfHelpIsWiderThanATerminal) {
  std::vector<std::string_view> names = command_names();
  names.emplace_back("");
  for (std::string_view name : names) {
    const std::string help = help_text(name);
    std::string_view rest = help;
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      EXPECT_LE(end, 80U) << rest.substr(0, end);
      rest.remove_prefix(end + 1);
    }
  }
}

}  // namespace
}  // namespace sterna::cli
