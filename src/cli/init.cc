// SPDX-License-Identifier: Apache-2.0
// The answers are gathered, then tried, and only then is anything written: first the password, then
// the configuration that says where it is.
#include "init.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "commands.h"
#include "init_draft.h"
#include "init_files.h"
#include "init_password.h"
#include "init_server.h"
#include "init_try.h"
#include "json.h"
#include "prompt.h"
#include "runner.h"
#include "sterna/base/bytes.h"
#include "sterna/config/password_file.h"
#include "sterna/config/place.h"
#include "sterna/net/program.h"

namespace sterna::cli {
namespace {

constexpr int kTriesMax = 4;
constexpr std::chrono::seconds kProgramMax{60};
constexpr std::string_view kService = "sterna.service";

bool is_in_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  for (const std::string_view directory : split(path ? path : "", ':')) {
    if (directory.empty()) continue;
    if (::access(fmt::format("{}/{}", directory, program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

std::vector<std::string> own_environment() {
  std::vector<std::string> all;
  for (char** one = environ; *one != nullptr; ++one) all.emplace_back(*one);
  return all;
}

class Init {
 public:
  Init(Console& console, const GlobalOptions& options, const InitArguments& arguments)
      : console_(console), prompt_(console), options_(options), arguments_(arguments) {
    load_.file = options.config_file;
  }

  Exit run() {
    const Status done = set_up();
    if (done) return login_;
    const Error& error = done.error();
    const Exit exit = error.is_cancelled() ? Exit::interrupted : exit_of(error);
    if (!error.is_cancelled()) console_.error(error);
    if (console_.json()) console_.out(errors_json({error}, exit));
    return exit;
  }

 private:
  Status set_up() {
    STERNA_CHECK(ask_address());
    STERNA_CHECK(look_at_what_is_there());
    STERNA_TRY(server_, choose_server(console_, prompt_, arguments_, draft_.address));
    show_server();
    take_server();
    STERNA_CHECK(choose_maildir());
    STERNA_CHECK(choose_secret());
    STERNA_CHECK(try_and_mend());
    if (arguments_.print) {
      console_.out(toml_of(draft_));
      say_what_is_not_kept();
      return {};
    }
    STERNA_CHECK(write());
    STERNA_TRY(const bool ready, log_in_at_provider());
    return offer_service(ready);
  }

  void say(const std::string& text) {
    if (!console_.quiet() && !console_.json()) console_.err(text + "\n");
  }

  // ---- what there is

  Status ask_address() {
    draft_.address = arguments_.address;
    if (!draft_.address.empty()) return {};
    if (!prompt_.may_ask()) {
      return fail(Error(ErrorCode::usage, "init: the mail address is missing")
                      .with_hint("sterna init ann@example.org"));
    }
    STERNA_TRY(draft_.address, prompt_.line("Your mail address"));
    return {};
  }

  // An account that is there is never touched.
  Status look_at_what_is_there() {
    STERNA_TRY(place_, config::find_place(load_));
    std::vector<std::string> taken;
    std::vector<config::AccountConfig> accounts;
    if (!place_.files.empty() && !arguments_.print) {
      STERNA_TRY(config::Config config, config::load(load_));
      accounts = std::move(config.accounts);
    }
    for (const config::AccountConfig& account : accounts) {
      taken.push_back(account.name);
      if (account.name == arguments_.name || ascii_iequals(account.address, draft_.address))
        STERNA_CHECK(is_free(account));
    }
    const std::string domain = draft_.address.substr(draft_.address.rfind('@') + 1);
    draft_.name = arguments_.name.empty() ? account_name(domain, taken) : arguments_.name;
    password_path_ = password_path(place_, draft_.name);
    password_file_ = look_at_password_file(place_, password_path_, accounts);
    if (arguments_.print) {
      path_ = place_.alone.empty() ? place_.directory + "/config.toml" : place_.alone;
      return {};
    }
    STERNA_TRY(path_, place_.file_for(draft_.name));
    if (const std::string text = superseded_text(place_, path_); !text.empty())
      say("Note: " + text);
    // At a terminal there are other ways to choose from.
    const bool goes_there = arguments_.password_from_input && arguments_.keep != "keyring";
    if (goes_there && password_file_ != PasswordFileState::absent)
      return fail(password_file_is_there(password_path_));
    return {};
  }

  Status is_free(const config::AccountConfig& account) {
    const bool by_name = account.name == arguments_.name;
    if (!by_name && !arguments_.name.empty()) return {};  // meant as a second one
    return fail(Error(ErrorCode::exists,
                      by_name ? fmt::format("there is an account {} already", account.name)
                              : fmt::format("{} is there already, as the account {}",
                                            draft_.address, account.name))
                    .with_hint(fmt::format("sterna check {} looks whether it is well; to set it up "
                                           "anew take it out of the configuration ({}), to have "
                                           "another one give it a --name",
                                           account.name, place_.files.front())));
  }

  // ---- the server

  void show_server() {
    if (!server_.agreed_to) say(fmt::format("{}\n  {}", server_text(server_), server_.found_by));
    if (server_.preset == nullptr) return;
    const config::Preset& preset = *server_.preset;
    if (!preset.help.empty()) say(fmt::format("  {}:\n  {}", preset.help, preset.help_url));
    if (preset.download_mb_a_day != 0) {
      say(fmt::format(
          "  It lets {} MB be fetched in a day: a first sync of more is spread over days",
          preset.download_mb_a_day));
    }
    if (!preset.habit.empty()) say(fmt::format("  {}", preset.habit));
  }

  void take_server() {
    draft_.user = server_.user;
    draft_.preset = server_.preset;
    draft_.preset_by_address = server_.preset_by_address;
    const bool of_preset = draft_.preset != nullptr && draft_.preset->host == server_.host;
    draft_.host = of_preset ? "" : server_.host;
    draft_.port = server_.port;
    draft_.mode = server_.mode;
    draft_.found_by = server_.found_by;
    if (!arguments_.pin.empty()) draft_.pins = {arguments_.pin};
  }

  Status choose_maildir() {
    draft_.maildir = arguments_.maildir;
    if (!draft_.maildir.empty() || !prompt_.may_ask()) return {};
    STERNA_TRY(const config::AccountConfig account, account_of(load_draft()));
    STERNA_TRY(std::string chosen, prompt_.line("Maildir", account.maildir));
    if (chosen != account.maildir) draft_.maildir = std::move(chosen);
    return {};
  }

  // ---- the password

  bool wants_oauth() const {
    if (!arguments_.auth.empty()) return arguments_.auth == "oauth";
    return !arguments_.client_id.empty() || has_endpoints() ||
           std::ranges::find(server_.logins, discover::Login::password) == server_.logins.end();
  }

  Status choose_secret() {
    if (wants_oauth()) return choose_client();
    if (!arguments_.password_command.empty()) {
      draft_.secret = FromCommand{arguments_.password_command};
      return {};
    }
    if (!arguments_.password_file.empty()) {
      draft_.secret =
          FromFile{std::filesystem::absolute(arguments_.password_file).lexically_normal().string()};
      return {};
    }
    if (arguments_.password_from_input) {
      STERNA_TRY(typed_, secret_from_input());
      keep_typed(arguments_.keep == "keyring");
      return {};
    }
    if (prompt_.may_ask()) return ask_secret();
    return fail(Error(ErrorCode::secret, "there is no password and nobody to ask for it")
                    .with_hint("--password-command 'pass show mail/ann' runs a command for it, "
                               "--password-file FILE reads a file, --password-stdin takes it from "
                               "the standard input and keeps it"));
  }

  void keep_typed(bool in_keyring) {
    if (in_keyring) {
      draft_.secret = FromKeyring{};
    } else {
      draft_.secret = FromFile{password_path_};
    }
  }

  // What is there is lost only if a person agrees.
  Result<bool> may_keep_in_file() {
    if (arguments_.print || replaces_ || password_file_ == PasswordFileState::absent) return true;
    if (password_file_ == PasswordFileState::left_over) {
      STERNA_TRY(replaces_, prompt_.yes(fmt::format("{} is there, and no account of the "
                                                    "configuration reads it. Replace it?",
                                                    password_path_),
                                        false));
    }
    if (!replaces_) console_.error(password_file_is_there(password_path_));
    return replaces_;
  }

  std::string user() const { return draft_.user.empty() ? draft_.address : draft_.user; }

  Status ask_secret() {
    enum class Way { file, keyring, command, oauth };
    std::vector<Way> ways = {Way::file};
    const std::string_view kept =
        arguments_.print ? "type it now, to try it; it is kept nowhere, and will be looked for in"
                         : "type it now; it is kept in";
    std::vector<std::string> answers = {fmt::format(
        "{} {}{}", kept, password_path_, arguments_.print ? "" : ", for you alone to read")};
    if (is_in_path("secret-tool")) {
      ways.push_back(Way::keyring);
      answers.push_back(fmt::format("{} the keyring", kept));
    }
    ways.push_back(Way::command);
    answers.emplace_back("a command prints it, such as: pass show mail/ann");
    if (draft_.preset != nullptr && !draft_.preset->oauth.empty()) {
      ways.push_back(Way::oauth);
      answers.emplace_back("none: OAuth 2.0, with a client of your own");
    }
    const std::string question = fmt::format("The password of {}:", user());
    STERNA_TRY(std::size_t chosen, prompt_.choice(question, answers));
    while (ways[chosen] == Way::file) {
      STERNA_TRY(const bool agreed, may_keep_in_file());
      if (agreed) break;
      STERNA_TRY(chosen, prompt_.choice(question, answers));
    }
    if (ways[chosen] == Way::oauth) return choose_client();
    if (ways[chosen] == Way::command) {
      STERNA_TRY(std::string command, prompt_.line("Command"));
      draft_.secret = FromCommand{std::move(command)};
      return {};
    }
    keep_typed(ways[chosen] == Way::keyring);
    return type_password();
  }

  Status type_password() {
    do {
      STERNA_TRY(typed_, prompt_.secret("Password"));
    } while (typed_->empty());
    return {};
  }

  bool has_endpoints() const {
    return !arguments_.token_url.empty() &&
           (!arguments_.authorize_url.empty() || !arguments_.device_url.empty());
  }

  Status choose_client() {
    const bool known = draft_.preset != nullptr && !draft_.preset->oauth.empty();
    if (!known && !has_endpoints()) {
      return fail(Error(ErrorCode::unsupported,
                        fmt::format("{} is to be logged in to by OAuth 2.0, and the endpoints of "
                                    "its provider are not known here",
                                    server_.host))
                      .with_hint("give --authorize-url, --token-url and --scope; its "
                                 "administrators know them"));
    }
    // Endpoints that are given go over those of the provider, which keeps its scope.
    ByOAuth client{known ? std::string(draft_.preset->oauth) : std::string(),
                   arguments_.client_id,
                   Secret(),
                   arguments_.authorize_url,
                   arguments_.token_url,
                   arguments_.device_url,
                   arguments_.scope};
    if (client.client_id.empty() && !prompt_.may_ask()) {
      return fail(
          Error(ErrorCode::secret, fmt::format("{} wants OAuth 2.0, and no client id is given",
                                               known ? draft_.preset->title : server_.host))
              .with_hint("--client-id ID, of a client that you register with the provider "
                         "(docs/oauth.md)"));
    }
    if (client.client_id.empty()) {
      STERNA_TRY(client.client_id, prompt_.line("Client id, of your own registration"));
      STERNA_TRY(client.client_secret, prompt_.secret("Client secret, or Enter if it has none"));
    }
    if (!arguments_.client_secret_file.empty()) {
      STERNA_TRY(client.client_secret, config::read_password_file(arguments_.client_secret_file));
    }
    draft_.secret = std::move(client);
    return {};
  }

  // ---- the try

  Result<config::Config> load_draft() {
    return load_with(load_, arguments_.print ? without_files() : place_, path_, toml_of(draft_));
  }

  // What is printed may be meant for elsewhere.
  config::ConfigPlace without_files() const {
    config::ConfigPlace place = place_;
    place.files.clear();
    return place;
  }

  Result<config::AccountConfig> account_of(Result<config::Config> config) {
    if (!config) return fail(std::move(config).error());
    const config::AccountConfig* account = config->account(draft_.name);
    if (account == nullptr) return fail(ErrorCode::internal, "the account is not there");
    return *account;
  }

  Status try_and_mend() {
    for (int tries = 1;; ++tries) {
      STERNA_TRY(const config::Config config, load_draft());
      const config::AccountConfig* account = config.account(draft_.name);
      if (account == nullptr) return fail(ErrorCode::internal, "the account is not there");
      if (!is_testable()) return {};
      say(fmt::format("Logging in at {} as {}", account->host, printable(account->user, 200)));
      STERNA_TRY(const auto lines, try_account(config, *account, typed_));
      const account::CheckLine* failure = first_failure(lines);
      if (failure == nullptr) return show_mailboxes(config, *account, lines);
      if (guess_another_port(*failure)) continue;
      STERNA_TRY(const bool again, mend(*failure, tries));
      if (!again) return give_up(*failure);
    }
  }

  bool is_testable() const {
    return !arguments_.untested && !arguments_.offline &&
           !std::holds_alternative<ByOAuth>(draft_.secret);
  }

  Status give_up(const account::CheckLine& failure) {
    std::string hint = failure.hint;
    if (const std::string pin = pin_in(hint); !pin.empty()) hint += "; here: --pin " + pin;
    Error error = failure.error ? *failure.error : Error(ErrorCode::io, failure.detail);
    return fail(std::move(error).with_hint(std::move(hint)).with_context(failure.what));
  }

  static bool has_code(const account::CheckLine& line, std::initializer_list<ErrorCode> codes) {
    return line.error && std::ranges::find(codes, line.error->code()) != codes.end();
  }

  // Of a host that somebody named without its port.
  bool guess_another_port(const account::CheckLine& failure) {
    if (!server_.port_is_guessed || draft_.mode != config::TlsMode::implicit) return false;
    if (!has_code(failure, {ErrorCode::connect, ErrorCode::timeout, ErrorCode::disconnected}))
      return false;
    draft_.port = 143;
    draft_.mode = config::TlsMode::starttls;
    say("  nothing answers at port 993; trying 143 with STARTTLS");
    return true;
  }

  // Whether it is worth another try.
  Result<bool> mend(const account::CheckLine& failure, int tries) {
    if (!prompt_.may_ask() || tries == kTriesMax) return false;
    const bool login = has_code(failure, {ErrorCode::login, ErrorCode::secret});
    const std::string pin = has_code(failure, {ErrorCode::certificate}) ? pin_in(failure.hint) : "";
    if (!login && pin.empty()) return false;
    console_.err(fmt::format("{}: {}\n  {}\n", failure.what, failure.detail, failure.hint));
    if (!pin.empty()) return accept_pin(pin);
    if (draft_.preset != nullptr && !draft_.preset->help.empty())
      console_.err(fmt::format("  {}:\n  {}\n", draft_.preset->help, draft_.preset->help_url));
    STERNA_TRY(const std::string again, prompt_.line("User", user()));
    draft_.user = again;
    if (typed_) {
      STERNA_CHECK(type_password());
    } else {
      STERNA_CHECK(ask_secret());
    }
    return true;
  }

  Result<bool> accept_pin(const std::string& pin) {
    STERNA_TRY(const bool agreed,
               prompt_.yes(fmt::format("The server's key is {}. If you have compared it: trust it "
                                       "from now on, and no other?",
                                       pin),
                           false));
    if (agreed) draft_.pins = {pin};
    return agreed;
  }

  Status show_mailboxes(const config::Config& config, const config::AccountConfig& account,
                        const std::vector<account::CheckLine>& lines) {
    if (const account::CheckLine* login = find_well(lines, "login"))
      say(fmt::format("  logged in: {}", login->detail));
    for (const account::CheckLine& line : lines) {
      if (line.status == account::CheckStatus::warning)
        say(fmt::format("  {}: {}{}{}", line.what, line.detail, line.hint.empty() ? "" : "; ",
                        line.hint));
    }
    STERNA_TRY(const auto mailboxes, list_account(config, account, typed_));
    if (!console_.quiet() && !console_.json())
      console_.err("Mailboxes on the server:\n" + mailboxes_found_text(mailboxes));
    return {};
  }

  // ---- what is written

  void say_what_is_not_kept() {
    if (!typed_ || std::holds_alternative<ByOAuth>(draft_.secret)) return;
    // Not a matter of being quiet: without it, what was printed does not work.
    console_.err(keep_by_hand_text(draft_, password_file_ != PasswordFileState::absent));
  }

  Status write() {
    const auto* file = std::get_if<FromFile>(&draft_.secret);
    const bool own_file = typed_ && file != nullptr;
    if (own_file) {
      WipedString line;
      line.reserve(typed_->reveal().size() + 1);
      line.append(typed_->reveal()).append("\n");
      STERNA_CHECK(replaces_ ? replace_file(file->path, line) : write_new_file(file->path, line));
      say(fmt::format("The password is in {}", file->path));
    }
    if (typed_ && std::holds_alternative<FromKeyring>(draft_.secret)) {
      STERNA_CHECK(into_keyring());
    }
    if (auto written = write_new_file(path_, toml_of(draft_)); !written) {
      if (own_file) ::unlink(file->path.c_str());
      return written;
    }
    say(fmt::format("The configuration is in {}", path_));
    if (console_.json()) console_.out(init_json(draft_.name, path_, server_.found_by));
    return {};
  }

  Status run_program(std::vector<std::string> argv, std::string input, std::string doing) {
    Runner runner;
    std::string said;
    net::Program program;
    program.argv = std::move(argv);
    program.environment = own_environment();
    program.input = std::move(input);
    program.deadline = kProgramMax;
    program.on_line = [&said](const std::string& line) {
      said += (said.empty() ? "" : "; ") + printable(line, 300);
    };
    Status done = runner.run(net::run_program(runner.loop(), std::move(program)));
    if (done) return {};
    Error error = std::move(done).error();
    if (!said.empty()) error.add_context(said);
    error.add_context(std::move(doing));
    return fail(std::move(error));
  }

  Status into_keyring() {
    std::vector<std::string> argv = {"secret-tool", "store",
                                     fmt::format("--label=Sterna: {}", draft_.address)};
    for (std::string& word : keyring_attributes(draft_.name)) argv.push_back(std::move(word));
    return run_program(std::move(argv), std::string(typed_->reveal()),
                       "putting the password into the keyring");
  }

  // ---- what comes next

  static bool has_systemd() { return ::access("/run/systemd/system", F_OK) == 0; }

  // By OAuth, once the account is written whose tokens they are. False: still to be done.
  Result<bool> log_in_at_provider() {
    if (!std::holds_alternative<ByOAuth>(draft_.secret)) return true;
    const bool is_apart = arguments_.untested || arguments_.offline || console_.json();
    if (is_apart || !prompt_.may_ask()) return false;
    STERNA_TRY(const bool now, prompt_.yes("Log in at the provider now?", true));
    if (!now) return false;
    STERNA_TRY(const config::Config config, config::load(load_));
    const Context context{.options = options_, .config = config, .console = console_};
    login_ = run_command(context, AuthArguments{.account = draft_.name});
    if (login_ == Exit::interrupted) return fail(Error::cancelled());
    if (login_ != Exit::done) return false;  // it has said why
    STERNA_TRY(const config::AccountConfig account, account_of(config));
    STERNA_TRY(const auto lines, try_account(config, account, std::nullopt));
    if (const account::CheckLine* failure = first_failure(lines))
      return fail(give_up(*failure).error());
    STERNA_CHECK(show_mailboxes(config, account, lines));
    return true;
  }

  // An account that nobody has logged in to waits for that, and the service with it.
  Status offer_service(bool ready) {
    bool wanted = arguments_.enable;
    if (ready && !wanted && prompt_.may_ask() && has_systemd() && is_in_path("systemctl")) {
      STERNA_TRY(wanted,
                 prompt_.yes("Keep it in step from now on, with a service of systemd?", false));
    }
    if (wanted) {
      STERNA_CHECK(enable_service());
      say("The service runs: sterna status --watch shows it at work");
    }
    if (!ready) {
      say(fmt::format("Next: sterna auth {} logs in at the provider; then sterna sync",
                      draft_.name));
    }
    if (wanted || !ready) return {};
    say("Next: sterna sync fetches the mail; systemctl --user enable --now sterna keeps it in "
        "step");
    return {};
  }

  // One that runs already reads the new account.
  Status enable_service() {
    const std::string service(kService);
    STERNA_CHECK(
        run_program({"systemctl", "--user", "enable", service}, "", "enabling the service"));
    return run_program({"systemctl", "--user", "reload-or-restart", service}, "",
                       "starting the service");
  }

  Console& console_;
  Prompt prompt_;
  const GlobalOptions& options_;
  const InitArguments& arguments_;
  config::LoadOptions load_;
  config::ConfigPlace place_;
  std::string path_;  // of what is written
  std::string password_path_;
  PasswordFileState password_file_ = PasswordFileState::absent;
  bool replaces_ = false;  // what is there of an earlier account
  Server server_;
  Draft draft_;
  std::optional<Secret> typed_;
  Exit login_ = Exit::done;  // how that at the provider ended
};

}  // namespace

Exit init_account(Console& console, const GlobalOptions& options, const InitArguments& arguments) {
  return Init(console, options, arguments).run();
}

}  // namespace sterna::cli
