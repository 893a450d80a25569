// SPDX-License-Identifier: Apache-2.0
// The command line as values. One struct a command; what a user types is checked here as far as it
// can be without the configuration.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "exit_status.h"
#include "sterna/base/error.h"

namespace sterna::cli {

enum class ColorWhen : std::uint8_t { automatic, always, never };

struct GlobalOptions {
  std::optional<std::string> config_file;
  int verbosity = 0;  // -1 with -q, else the number of -v
  bool json = false;
  ColorWhen color = ColorWhen::automatic;
  bool no_input = false;
};

struct SyncArguments {
  std::vector<std::string> targets;
  bool dry_run = false;
};
struct CheckArguments {
  std::vector<std::string> accounts;
  bool offline = false;
};
struct MailboxesArguments {
  std::string account;
};
struct VerifyArguments {
  std::vector<std::string> accounts;
  bool deep = false;
};
struct RunArguments {
  std::vector<std::string> accounts;
};
enum class StatusForm : std::uint8_t { usual, waybar, metrics };
struct StatusArguments {
  StatusForm form = StatusForm::usual;
  bool watch = false;
};
struct PauseArguments {
  std::vector<std::string> accounts;
  std::optional<std::chrono::seconds> lasts;  // none: until it is resumed
};
struct ResumeArguments {
  std::vector<std::string> accounts;
};
struct HistoryArguments {
  std::vector<std::string> words;  // [ACCOUNT] [PATH]; which is which shows with the configuration
  std::size_t limit = 50;
  std::uint32_t uid = 0;             // 0: any
  std::optional<std::string> since;  // as typed; parse_moment() reads them
  std::optional<std::string> until;
};
enum class HeldAction : std::uint8_t { list, apply, restore };
struct HeldArguments {
  HeldAction action = HeldAction::list;
  std::string target;                 // "" for all
  std::vector<std::string> messages;  // of the target; none: all (message_words.h)
};
enum class UndoAction : std::uint8_t { list, restore };
struct UndoArguments {
  UndoAction action = UndoAction::list;
  std::string target;  // "" for all; never with restore
  std::vector<std::string> messages;
  std::string into;  // a mailbox; "": where each was
};
struct AdoptArguments {
  std::string account;
};
enum class ForeignTool : std::uint8_t { mbsync, offlineimap };
std::string_view to_string(ForeignTool tool);
struct ImportArguments {
  ForeignTool tool = ForeignTool::mbsync;
  std::string file;  // "": where the tool itself looks
  bool write = false;
  std::optional<std::string> config_file;  // of -c: what is written
};
// Each option answers a question.
struct InitArguments {
  std::string address;  // "" to be asked
  std::string name;
  std::string preset;
  std::string host;
  std::optional<std::uint16_t> port;
  std::string tls;
  std::string user;
  std::string auth;  // "password" or "oauth"
  std::string client_id;
  std::string client_secret_file;
  std::string authorize_url;  // of a provider that is not known here, as the next three
  std::string token_url;
  std::string device_url;
  std::string scope;
  std::string password_command;
  std::string password_file;
  bool password_from_input = false;
  std::string keep;  // "file" or "keyring": where a password that is typed goes
  std::string pin;
  std::string maildir;
  bool database = false;
  bool offline = false;
  bool untested = false;
  bool print = false;
  bool enable = false;
};
enum class AuthAction : std::uint8_t { browser, device, paste, status, logout, token };
struct AuthArguments {
  std::string account;
  AuthAction action = AuthAction::browser;
};
// Prints the names of the accounts, a line each: for the shells' completions.
struct NamesArguments {};

using CommandArguments =
    std::variant<SyncArguments, RunArguments, CheckArguments, MailboxesArguments, VerifyArguments,
                 StatusArguments, PauseArguments, ResumeArguments, HistoryArguments, HeldArguments,
                 UndoArguments, AdoptArguments, InitArguments, AuthArguments, ImportArguments,
                 NamesArguments>;

struct Invocation {
  GlobalOptions options;
  CommandArguments command;
};

// What was asked for is already known: help, the version, or what is wrong with the command line.
struct Answer {
  Exit status = Exit::done;
  std::string out;
  std::string err;
  std::optional<Error> error;  // what `err` says, if something is wrong
  bool json = false;           // it is to be told as JSON, too
};

// `arguments` without the program's name.
std::variant<Invocation, Answer> parse_arguments(const std::vector<std::string>& arguments);

std::string program_version();

// The commands that --help lists, in its order.
std::vector<std::string_view> command_names();

// What --help says of such a command, or of the program with "".
std::string help_text(std::string_view command);

}  // namespace sterna::cli
