// SPDX-License-Identifier: Apache-2.0
// The file that sees CLI11, with arguments_init.cc. One definition of each command serves the
// parser and the help.
#include "arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <tuple>

#include "arguments_init.h"
#include "sterna/base/bytes.h"
#include "sterna/base/nearest.h"
#include "times.h"

namespace sterna::cli {
namespace {

struct CommandText {
  std::string_view name;
  std::string_view usage;
  std::string_view summary;
};

constexpr CommandText kCommands[] = {
    {"init", "[EMAIL] [OPTIONS]",
     "Set an account up: find the server, try the login, write the file"},
    {"sync", "[ACCOUNT[/MAILBOX]...] [--dry-run]",
     "Bring all enabled accounts, or what is named, into step once"},
    {"run", "[ACCOUNT...]", "Keep all enabled accounts, or what is named, in step as it happens"},
    {"check", "[ACCOUNT...] [--offline]",
     "Examine files, connection and login; say how to mend what fails"},
    {"mailboxes", "ACCOUNT", "List the mailboxes of both sides, and what is synced"},
    {"verify", "[ACCOUNT...] [--deep]", "Compare both sides and print every difference"},
    {"status", "[--watch] [--waybar | --metrics]",
     "Show how the accounts are, and what needs attention"},
    {"pause", "[ACCOUNT...] [--for TIME]", "Leave accounts alone, until resumed or for a time"},
    {"resume", "[ACCOUNT...]", "End a pause; by name, a wait that a server asked for, too"},
    {"history", "[ACCOUNT[/MAILBOX]] [PATH | MESSAGE-ID] [OPTIONS]",
     "Show what was changed, when, on which side, and why"},
    {"held", "[list | apply | restore] [ACCOUNT[/MAILBOX] [MESSAGE...]]",
     "Decide about deletions that were held"},
    {"undo", "[list | restore] [ACCOUNT[/MAILBOX] [MESSAGE...]]",
     "Bring back what a sync deleted here in the last days"},
    {"adopt", "ACCOUNT", "Accept a Maildir whose marker is missing or foreign"},
    {"auth", "ACCOUNT [--device | --paste | --status | --logout | --token]",
     "Log in by OAuth 2.0, and look after that login"},
    {"import", "mbsync | offlineimap [FILE] [--write]",
     "Make a configuration from that of another program"},
};

// Of the contract, and of a later version.
constexpr std::string_view kUnsupportedCommands[] = {"search", "fetch"};

constexpr std::string_view kFooter =
    "Exit status: 0 done, 1 failed, 2 wrong usage, 3 partly done, 4 login or secret\n"
    "needed, 5 network, 6 deletions are held, 11 locked, 78 bad configuration,\n"
    "130 interrupted.\n"
    "See sterna(1) and sterna.toml(5).\n";

constexpr std::size_t kCommandColumns = 12;
constexpr std::size_t kOptionColumns = 20;

std::string help_line(std::string_view left, std::size_t columns, std::string_view right) {
  return fmt::format("  {:<{}}{}\n", left, columns, right);
}

std::string options_help(const CLI::App* app) {
  std::vector<std::pair<std::string, std::string>> lines;
  std::size_t columns = kOptionColumns;
  for (const CLI::Option* option : app->get_options()) {
    if (!option->nonpositional() || option->get_group().empty()) continue;
    std::string names = option->get_name(false, true);
    if (const std::size_t comma = names.find(','); comma != std::string::npos)
      names.insert(comma + 1, " ");
    if (!option->get_option_text().empty()) names += " " + option->get_option_text();
    columns = std::max(columns, names.size() + 2);
    lines.emplace_back(std::move(names), option->get_description());
  }
  std::string text;
  for (const auto& [names, what] : lines) text += help_line(names, columns, what);
  return text;
}

std::string program_help(const CLI::App* app) {
  std::string text =
      "Usage: sterna [OPTIONS] COMMAND\n\n"
      "Keeps IMAP accounts and Maildirs in step, both ways.\n\nCommands:\n";
  for (const CommandText& command : kCommands)
    text += help_line(command.name, kCommandColumns, command.summary);
  text += "\nOptions, before or after the command:\n" + options_help(app);
  text += "\n";
  text += kFooter;
  return text;
}

std::string make_help(const CLI::App* app, const std::string&, CLI::AppFormatMode) {
  const auto* command = std::ranges::find(kCommands, app->get_name(), &CommandText::name);
  if (command == std::end(kCommands)) return program_help(app);
  return fmt::format("Usage: sterna {}{}{}\n\n{}.\n\nOptions (and those of sterna --help):\n{}",
                     command->name, command->usage.empty() ? "" : " ", command->usage,
                     command->summary, options_help(app));
}

Answer usage_error(std::string message, std::string help) {
  Answer answer{.status = Exit::usage,
                .out = "",
                .err = fmt::format("sterna: {}\n  {}\n", message, help),
                .error = {},
                .json = false};
  answer.error = Error(ErrorCode::usage, std::move(message)).with_hint(std::move(help));
  return answer;
}

Answer unsupported(std::string_view what) {
  const std::string message = fmt::format("{}: not supported by this version", what);
  return {.status = Exit::usage,
          .out = "",
          .err = fmt::format("sterna {}\n", message),
          .error = Error(ErrorCode::usage, message),
          .json = false};
}

Answer data(std::string text) {
  return {.status = Exit::done, .out = std::move(text), .err = "", .error = {}, .json = false};
}

// The command that `typed` may have meant: one that is spelt nearly like it, or begins with it.
std::string did_you_mean(std::string_view typed) {
  std::vector<std::string> names;
  for (const CommandText& command : kCommands) names.emplace_back(command.name);
  std::string meant = nearest_name(typed, names);
  if (meant.empty() && typed.size() >= 2) {
    const auto longer = std::ranges::find_if(
        names, [typed](const std::string& name) { return name.starts_with(typed); });
    if (longer != names.end()) meant = *longer;
  }
  return meant.empty() ? "see sterna --help" : fmt::format("did you mean {}?", meant);
}

// CLI11 says "NAME: what is wrong" or "NAME is required".
std::string subject_of(const std::string& phrase) {
  return phrase.substr(0, std::min(phrase.find(": "), phrase.find(" is required")));
}

constexpr std::uint64_t kLinesMax = 1'000'000;

std::string check_lines(const std::string& text) {
  const auto number = parse_number(text, kLinesMax);
  if (number && *number > 0) return {};
  return fmt::format("{} is no number from 1 to {}", printable(text, 40), kLinesMax);
}

std::string check_uid(const std::string& text) {
  const auto number = parse_number(text, UINT32_MAX);
  if (number && *number > 0) return {};
  return fmt::format("{} is no UID", printable(text, 40));
}

std::string check_duration(const std::string& text) {
  if (parse_duration(text)) return {};
  return fmt::format("{} is no time such as 90s, 30m, 2h or 3d", printable(text, 40));
}

ColorWhen color_of(const std::string& word) {
  if (word == "auto") return ColorWhen::automatic;
  if (word == "always") return ColorWhen::always;
  if (word == "never") return ColorWhen::never;
  throw CLI::ValidationError("--color", word + " is neither auto nor always nor never");
}

class Parser {
 public:
  Parser() : app_("", "sterna") {
    app_.formatter_fn(make_help);
    app_.require_subcommand(0, 1);
    app_.set_help_flag("-h,--help", "Show this help");
    app_.set_version_flag("--version", "sterna " STERNA_VERSION, "Print the version");
    add_global_options();
    add_init();
    add_sync();
    add_run();
    add_check();
    add_mailboxes();
    add_verify();
    add_status();
    add_pause();
    add_resume();
    add_history();
    add_held();
    add_undo();
    add_adopt();
    add_import();
    add_auth();
    add_hidden();
  }

  std::variant<Invocation, Answer> parse(const std::vector<std::string>& arguments) {
    // CLI11 takes them from the back.
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    try {
      app_.parse(std::move(reversed));
    } catch (const CLI::CallForHelp&) {
      return data(chosen()->help());
    } catch (const CLI::CallForVersion& version) {
      return data(version.what() + std::string("\n"));
    } catch (const CLI::ParseError& error) {
      return describe(error);
    }
    return finish();
  }

  std::string help(std::string_view command) {
    return command.empty() ? app_.help() : app_.get_subcommand(std::string(command))->help();
  }

 private:
  void add_global_options() {
    GlobalOptions& options = invocation_.options;
    app_.add_option("-c,--config", options.config_file, "Read this configuration alone")
        ->option_text("FILE");
    app_.add_flag("-v,--verbose", verbose_, "Say more; twice: say much more");
    app_.add_flag("-q,--quiet", quiet_, "Say only what went wrong");
    app_.add_flag("--json", options.json, "Print data as JSON");
    app_.add_option_function<std::string>(
            "--color", [&options](const std::string& word) { options.color = color_of(word); },
            "Whether to use colours: auto, always, never")
        ->option_text("WHEN");
    app_.add_flag("--no-input", options.no_input, "Never ask anything");
  }

  CLI::App* add_command(const std::string& name) {
    CLI::App* command = app_.add_subcommand(name);
    command->set_help_flag("-h,--help", "Show this help");
    command->fallthrough();
    return command;
  }

  void add_init() {
    CLI::App* command = add_command("init");
    add_init_options(*command, init_);
    command->callback([this] {
      problem_ = problem_of(init_);
      invocation_.command = init_;
    });
  }
  void add_sync() {
    CLI::App* command = add_command("sync");
    command->add_option("ACCOUNT[/MAILBOX]", sync_.targets);
    command->add_flag("--dry-run", sync_.dry_run, "Print the plan and change nothing");
    command->callback([this] { invocation_.command = sync_; });
  }
  void add_check() {
    CLI::App* command = add_command("check");
    command->add_option("ACCOUNT", check_.accounts);
    command->add_flag("--offline", check_.offline, "Look at the files only");
    command->callback([this] { invocation_.command = check_; });
  }
  void add_mailboxes() {
    CLI::App* command = add_command("mailboxes");
    command->add_option("ACCOUNT", mailboxes_.account)->required();
    command->callback([this] { invocation_.command = mailboxes_; });
  }
  void add_verify() {
    CLI::App* command = add_command("verify");
    command->add_option("ACCOUNT", verify_.accounts);
    command->add_flag("--deep", verify_.deep, "Compare the octets of all messages");
    command->callback([this] { invocation_.command = verify_; });
  }
  void add_status() {
    CLI::App* command = add_command("status");
    command->add_flag("--watch", status_.watch, "Go on showing it as it changes");
    CLI::Option* waybar = command->add_flag_callback(
        "--waybar", [this] { status_.form = StatusForm::waybar; },
        "Print it as a module of waybar reads it");
    command
        ->add_flag_callback(
            "--metrics", [this] { status_.form = StatusForm::metrics; },
            "Print it as Prometheus reads it")
        ->excludes(waybar);
    command->callback([this] {
      if (status_.watch && status_.form == StatusForm::metrics)
        problem_ = {"status: --metrics is of one moment", "leave --watch out"};
      invocation_.command = status_;
    });
  }
  void add_run() {
    CLI::App* command = add_command("run");
    command->add_option("ACCOUNT", run_.accounts);
    command->callback([this] { invocation_.command = run_; });
  }
  void add_pause() {
    CLI::App* command = add_command("pause");
    command->add_option("ACCOUNT", pause_.accounts);
    command
        ->add_option_function<std::string>(
            "--for", [this](const std::string& text) { pause_.lasts = parse_duration(text); },
            "End it by itself after so long (90s, 2h, 3d)")
        ->option_text("TIME")
        ->check(check_duration);
    command->callback([this] { invocation_.command = pause_; });
  }
  void add_resume() {
    CLI::App* command = add_command("resume");
    command->add_option("ACCOUNT", resume_.accounts);
    command->callback([this] { invocation_.command = resume_; });
  }
  void add_history() {
    CLI::App* command = add_command("history");
    command->add_option("ACCOUNT PATH", history_.words)->expected(0, 2);
    command->add_option("-n,--lines", history_.limit, "At most so many changes (50)")
        ->option_text("N")
        ->check(check_lines);
    command->add_option("--uid", history_.uid, "Of the message with this UID")
        ->option_text("UID")
        ->check(check_uid);
    command->add_option("--since", history_.since, "From this time on, or so long ago (2h, 3d)")
        ->option_text("TIME");
    command->add_option("--until", history_.until, "Up to this time, or so long ago")
        ->option_text("TIME");
    command->callback([this] { invocation_.command = history_; });
  }
  void add_held() {
    CLI::App* command = add_command("held");
    command->add_option("ACTION TARGET MESSAGE", held_words_);
    command->callback([this] { read_held(); });
  }
  void add_undo() {
    CLI::App* command = add_command("undo");
    command->add_option("ACTION TARGET MESSAGE", undo_words_);
    command->add_option("--into", undo_.into, "Put them into this mailbox, wherever they were")
        ->option_text("MAILBOX");
    command->callback([this] { read_undo(); });
  }
  void add_adopt() {
    CLI::App* command = add_command("adopt");
    command->add_option("ACCOUNT", adopt_.account)->required();
    command->callback([this] { invocation_.command = adopt_; });
  }
  void add_import() {
    CLI::App* command = add_command("import");
    command->add_option("mbsync|offlineimap", import_words_)->expected(0, 2);
    command->add_flag("--write", import_.write, "Write it into a new file, instead of printing it");
    command->callback([this] { read_import(); });
  }
  void add_auth() {
    CLI::App* command = add_command("auth");
    command->add_option("ACCOUNT", auth_.account)->required();
    constexpr std::tuple<const char*, AuthAction, const char*> kActions[] = {
        {"--device", AuthAction::device, "Log in by a code that is typed into a browser anywhere"},
        {"--paste", AuthAction::paste, "Log in with a browser anywhere, and paste where it ends"},
        {"--status", AuthAction::status, "Say whether there is a login, whose, and for how long"},
        {"--logout", AuthAction::logout, "Revoke the login if the provider can, and forget it"},
        {"--token", AuthAction::token, "Print an access token, for another program"}};
    std::vector<CLI::Option*> before;
    for (const auto& [name, action, what] : kActions) {
      CLI::Option* option = command->add_flag_callback(
          name, [this, chosen = action] { auth_.action = chosen; }, what);
      for (CLI::Option* other : before) option->excludes(other);
      before.push_back(option);
    }
    command->callback([this] { invocation_.command = auth_; });
  }
  void add_hidden() {
    CLI::App* help = add_command("help")->group("");
    help->add_option("COMMAND", help_of_);
    help->callback([this] { wants_help_ = true; });
    add_command("__accounts")->group("")->callback([this] {
      invocation_.command = NamesArguments{};
    });
    for (std::string_view name : kUnsupportedCommands) {
      CLI::App* command = app_.add_subcommand(std::string(name))->group("");
      command->set_help_flag();
      command->prefix_command();
      command->callback([this, name] { refused_ = name; });
    }
  }

  // The first word may be an account: then it is meant to be listed. Takes the action away.
  template <class Action, std::size_t N>
  static Action take_action(std::vector<std::string>& words,
                            const std::pair<std::string_view, Action> (&actions)[N]) {
    for (const auto& [name, action] : actions) {
      if (words.empty() || words.front() != name) continue;
      words.erase(words.begin());
      return action;
    }
    return Action::list;
  }

  static std::vector<std::string> all_but_first(const std::vector<std::string>& words) {
    return words.empty() ? words : std::vector<std::string>(words.begin() + 1, words.end());
  }

  // Where what should be one can be none, the word before is no account.
  static bool can_be_message(std::string_view word) {
    return word.find_first_of("@</") != std::string_view::npos || parse_number(word).has_value();
  }
  bool is_no_action(const std::vector<std::string>& words, std::string_view command,
                    std::string_view actions) {
    if (words.size() < 2 || can_be_message(words[1])) return false;
    problem_ = {fmt::format("{}: {} is {}", command, printable(words.front(), 80), actions),
                fmt::format("see sterna {} --help", command)};
    return true;
  }

  void read_held() {
    std::vector<std::string> words = held_words_;
    HeldArguments held;
    held.action = take_action<HeldAction>(words, {{"list", HeldAction::list},
                                                  {"apply", HeldAction::apply},
                                                  {"restore", HeldAction::restore}});
    const bool listed = words.size() == held_words_.size();
    if (listed && is_no_action(words, "held", "neither list nor apply nor restore")) return;
    if (!words.empty()) held.target = words.front();
    held.messages = all_but_first(words);
    invocation_.command = held;
  }

  // All that ever left is nothing to be brought back by a slip of the hand.
  void read_undo() {
    std::vector<std::string> words = undo_words_;
    undo_.action = take_action<UndoAction>(
        words, {{"list", UndoAction::list}, {"restore", UndoAction::restore}});
    const bool listed = words.size() == undo_words_.size();
    if (listed && is_no_action(words, "undo", "neither list nor restore")) return;
    const bool restores = undo_.action == UndoAction::restore;
    if (restores && words.empty()) {
      problem_ = {"undo restore: ACCOUNT[/MAILBOX] is missing", "see sterna undo --help"};
    } else if (!restores && !undo_.into.empty()) {
      problem_ = {"undo list: --into is for restore", "see sterna undo --help"};
    }
    if (!words.empty()) undo_.target = words.front();
    undo_.messages = all_but_first(words);
    invocation_.command = undo_;
  }

  void read_import() {
    const std::string tool = import_words_.empty() ? std::string() : import_words_.front();
    if (tool == "offlineimap") {
      import_.tool = ForeignTool::offlineimap;
    } else if (tool != "mbsync") {
      problem_ = {tool.empty() ? "import: mbsync or offlineimap is missing"
                               : fmt::format("import: {} is neither mbsync nor offlineimap",
                                             printable(tool, 80)),
                  "see sterna import --help"};
    }
    if (import_words_.size() > 1) import_.file = import_words_[1];
    import_.config_file = invocation_.options.config_file;
    invocation_.command = import_;
  }

  const CLI::App* chosen() const {
    const auto commands = app_.get_subcommands();
    return commands.empty() ? &app_ : commands.front();
  }

  // What is wrong with the words of the command, or with one of its own options.
  Answer wrong(const std::string& what) const {
    const CLI::App* command = chosen();
    if (command == &app_) return usage_error(what, "see sterna --help");
    return usage_error(fmt::format("{}: {}", command->get_name(), what),
                       fmt::format("see sterna {} --help", command->get_name()));
  }

  // The first word that nothing takes.
  Answer describe_extras() const {
    std::vector<std::string> words = app_.remaining(true);
    std::erase(words, "--");
    if (words.empty()) return wrong("too many arguments");
    const std::string& word = words.front();
    if (word.starts_with('-')) return no_such_option(word.substr(0, word.find('=')));
    if (chosen() != &app_) return wrong("too many arguments");
    return usage_error(fmt::format("there is no command {}", printable(word, 80)),
                       did_you_mean(word));
  }

  Answer no_such_option(const std::string& typed) const {
    std::vector<std::string> names;
    for (const CLI::App* app : {&app_, chosen()}) {
      for (const CLI::Option* option : app->get_options()) {
        if (option->get_group().empty()) continue;
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
      }
    }
    const std::string message = fmt::format("there is no option {}", printable(typed, 80));
    Answer answer = wrong(message);
    const std::string meant = nearest_name(typed, names);
    if (meant.empty()) return answer;
    return usage_error(answer.error->message(), fmt::format("did you mean {}?", meant));
  }

  Answer describe(const CLI::ParseError& error) const {
    if (dynamic_cast<const CLI::ExtrasError*>(&error)) return describe_extras();
    const std::string phrase = printable(error.what(), 300);
    const std::string subject = subject_of(phrase);
    const bool is_option = subject.starts_with('-');
    std::string what = phrase;
    if (dynamic_cast<const CLI::RequiredError*>(&error)) {
      what = subject + " is missing";
    } else if (dynamic_cast<const CLI::ArgumentMismatch*>(&error)) {
      what = !is_option                                    ? "too many arguments"
             : phrase.find("At Most") != std::string::npos ? subject + " is given more than once"
                                                           : subject + " needs a value";
    }
    const bool is_global = is_option && app_.get_option_no_throw(subject) != nullptr;
    return is_global ? usage_error(what, "see sterna --help") : wrong(what);
  }

  Answer help_answer() const {
    if (help_of_.empty() || help_of_ == "help") return data(program_help(&app_));
    if (std::ranges::find(kUnsupportedCommands, help_of_) != std::end(kUnsupportedCommands))
      return unsupported(help_of_);
    if (std::ranges::find(kCommands, help_of_, &CommandText::name) == std::end(kCommands)) {
      return usage_error(fmt::format("there is no command {}", printable(help_of_, 80)),
                         did_you_mean(help_of_));
    }
    return data(app_.get_subcommand(help_of_)->help());
  }

  Answer no_command() {
    Answer answer = usage_error("a command is needed", "see sterna --help");
    answer.err = "sterna: a command is needed\n\n" + app_.help();
    return answer;
  }

  std::variant<Invocation, Answer> finish() {
    if (wants_help_) return help_answer();
    if (!refused_.empty()) return unsupported(refused_);
    if (!problem_.first.empty()) return usage_error(problem_.first, problem_.second);
    if (app_.get_subcommands().empty()) return no_command();
    if (verbose_ > 0 && quiet_) return usage_error("-v and -q are opposites", "give one of them");
    invocation_.options.verbosity = quiet_ ? -1 : static_cast<int>(verbose_);
    return invocation_;
  }

  CLI::App app_;
  Invocation invocation_;
  std::int64_t verbose_ = 0;
  bool quiet_ = false;
  InitArguments init_;
  SyncArguments sync_;
  CheckArguments check_;
  MailboxesArguments mailboxes_;
  VerifyArguments verify_;
  RunArguments run_;
  StatusArguments status_;
  PauseArguments pause_;
  ResumeArguments resume_;
  HistoryArguments history_;
  std::vector<std::string> held_words_;
  UndoArguments undo_;
  std::vector<std::string> undo_words_;
  AdoptArguments adopt_;
  ImportArguments import_;
  std::vector<std::string> import_words_;
  AuthArguments auth_;
  std::string help_of_;
  bool wants_help_ = false;
  std::string refused_;                          // a command or option of a later version
  std::pair<std::string, std::string> problem_;  // and what helps
};

}  // namespace

std::variant<Invocation, Answer> parse_arguments(const std::vector<std::string>& arguments) {
  auto parsed = Parser().parse(arguments);
  // What is wrong may stand before the option.
  if (auto* answer = std::get_if<Answer>(&parsed))
    answer->json = std::ranges::find(arguments, "--json") != arguments.end();
  return parsed;
}

std::string program_version() {
  return STERNA_VERSION;
}

std::vector<std::string_view> command_names() {
  std::vector<std::string_view> names;
  for (const CommandText& command : kCommands) names.push_back(command.name);
  return names;
}

std::string help_text(std::string_view command) {
  return Parser().help(command);
}

}  // namespace sterna::cli
