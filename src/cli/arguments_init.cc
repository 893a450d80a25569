// SPDX-License-Identifier: Apache-2.0
#include "arguments_init.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "sterna/base/bytes.h"

namespace sterna::cli {
namespace {

void add_server_options(CLI::App& command, InitArguments& into) {
  command.add_option("--preset", into.preset, "The provider: gmail, fastmail ...")
      ->option_text("NAME");
  command.add_option("--host", into.host, "The IMAP server; nothing is looked up then")
      ->option_text("HOST");
  command.add_option("--port", into.port, "Its port")
      ->option_text("N")
      ->check(CLI::Range(1, 65535));
  command.add_option("--tls", into.tls, "implicit, starttls, none")->option_text("MODE");
  command.add_option("--pin", into.pin, "Trust this key of the server (tls.pin_sha256)")
      ->option_text("SHA256");
  command.add_flag("--database", into.database, "Ask the central database of providers, too");
}

void add_login_options(CLI::App& command, InitArguments& into) {
  command.add_option("--user", into.user, "The user, where it is not the address")
      ->option_text("USER");
  command.add_option("--auth", into.auth, "password, oauth")->option_text("HOW");
  command.add_option("--password-command", into.password_command, "What prints the password")
      ->option_text("COMMAND");
  command.add_option("--password-file", into.password_file, "A file that holds it")
      ->option_text("FILE");
  command.add_flag("--password-stdin", into.password_from_input,
                   "Read it from the standard input, and keep it");
  command.add_option("--keep", into.keep, "Where a password is kept: file, keyring")
      ->option_text("WHERE");
  command.add_option("--client-id", into.client_id, "Of your client for OAuth 2.0")
      ->option_text("ID");
  command.add_option("--client-secret-file", into.client_secret_file, "The file with its secret")
      ->option_text("FILE");
  command.add_option("--authorize-url", into.authorize_url, "Where to log in by OAuth 2.0")
      ->option_text("URL");
  command.add_option("--token-url", into.token_url, "Where its tokens come from")
      ->option_text("URL");
  command.add_option("--device-url", into.device_url, "Where codes for devices come from")
      ->option_text("URL");
  command.add_option("--scope", into.scope, "What is asked for there")->option_text("SCOPE");
}

// One of two words, or none.
std::string wrong_word(std::string_view option, const std::string& word, std::string_view one,
                       std::string_view other) {
  if (word.empty() || word == one || word == other) return {};
  return fmt::format("init: {}: {} is neither {} nor {}", option, printable(word, 40), one, other);
}

}  // namespace

void add_init_options(CLI::App& command, InitArguments& into) {
  command.add_option("EMAIL", into.address);
  command.add_option("--name", into.name, "What the account is called here")->option_text("NAME");
  add_server_options(command, into);
  add_login_options(command, into);
  command.add_option("--maildir", into.maildir, "Where the mail goes")->option_text("DIR");
  command.add_flag("--offline", into.offline, "Ask neither web nor DNS nor server");
  command.add_flag("--no-test", into.untested, "Write it without trying the login");
  command.add_flag("--print", into.print, "Print the configuration instead of writing it");
  command.add_flag("--enable", into.enable, "Start the user's service, for good");
}

std::pair<std::string, std::string> problem_of(const InitArguments& init) {
  const int passwords = (init.password_command.empty() ? 0 : 1) +
                        (init.password_file.empty() ? 0 : 1) + (init.password_from_input ? 1 : 0);
  if (passwords > 1)
    return {"init: the password has more than one source", "give one of these options"};
  std::string wrong = wrong_word("--auth", init.auth, "password", "oauth");
  if (wrong.empty()) wrong = wrong_word("--keep", init.keep, "file", "keyring");
  if (wrong.empty()) return {};
  return {wrong, "see sterna init --help"};
}

}  // namespace sterna::cli
