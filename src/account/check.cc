// SPDX-License-Identifier: Apache-2.0
// `sterna check`: the way from the disk to the logged-in session, one line a step. A step that
// fails carries its Error and how to mend it; the steps that need it are skipped. Nothing is
// changed, but for a probe directory that is gone again.
#include <fmt/format.h>

#include <algorithm>

#include "engine.h"
#include "inspect_parts.h"
#include "login.h"
#include "sterna/account/inspect.h"
#include "sterna/base/bytes.h"

namespace sterna::account {
namespace {

constexpr std::uint64_t kSpaceLow = 512'000'000;
constexpr std::uint64_t kSpaceNone = 16'000'000;
constexpr std::int64_t kExpiryWarningDays = 14;
constexpr std::int64_t kDaySeconds = 86'400;

std::string hint_for(const Error& error) {
  if (!error.hint().empty()) return error.hint();
  switch (error.code()) {
    case ErrorCode::permission:
      return "give the user who runs Sterna the right to read and write there (chown, chmod), and "
             "see that it is not mounted read-only";
    case ErrorCode::no_space:
      return "make room on that disk, or raise the quota";
    case ErrorCode::resolve:
      return "check host, and that this machine can resolve names";
    case ErrorCode::connect:
    case ErrorCode::timeout:
      return "check host, port and tls.mode, the network and firewalls";
    case ErrorCode::tls:
      return "check port and tls.mode: 993 is implicit, 143 is starttls";
    case ErrorCode::certificate:
      return "check the clock and the host name; for an authority of your own set tls.ca_file, for "
             "one known certificate tls.pin_sha256";
    case ErrorCode::login:
      return "check user and password";
    case ErrorCode::secret:
      return "if it comes from a password command, run that by hand, as the same user";
    case ErrorCode::locked:
      return "another Sterna is at work with this account; wait for it";
    case ErrorCode::corrupt:
      return "move the account's state away: the next sync adopts what is there";
    default:
      return {};
  }
}

class Findings {
 public:
  void ok(std::string what, std::string detail) {
    lines.push_back({std::move(what), CheckStatus::ok, std::move(detail), {}, {}});
  }
  void warn(std::string what, std::string detail, std::string hint) {
    lines.push_back(
        {std::move(what), CheckStatus::warning, std::move(detail), std::move(hint), {}});
  }
  void failed(std::string what, Error error) {
    std::string hint = hint_for(error);
    std::string detail = error.describe();
    lines.push_back({std::move(what), CheckStatus::failed, std::move(detail), std::move(hint),
                     std::move(error)});
  }
  void skipped(std::string what) {
    lines.push_back({std::move(what), CheckStatus::skipped, {}, {}, {}});
  }

  std::vector<CheckLine> lines;
};

// --- the disk
// --------------------------------------------------------------------------------------

Status write_probe(io::Directory& directory) {
  auto written = [&directory]() -> Status {
    STERNA_TRY(const auto file, directory.create_file("temporary"));
    STERNA_CHECK(file->write("Sterna looks whether it can write here.\n"));
    STERNA_CHECK(file->sync());
    return directory.place(*file, "placed");
  }();
  if (!written) return fail_in(std::move(written), "writing a file and flushing it (fsync)");
  auto renamed = directory.rename_at("placed", directory, "renamed");
  if (!renamed) return fail_in(std::move(renamed), "renaming a file");
  if (auto synced = directory.sync(); !synced) {
    return fail_in(std::move(synced), "flushing a directory (fsync)");
  }
  return {};
}

// Makes, renames and flushes a file in a directory of its own, and takes both away again.
Status probe(io::Directory& where, const std::string& name) {
  if (auto made = where.make_directory(name); !made) {
    return fail_in(std::move(made), "making a directory");
  }
  Status result;
  if (auto inside = where.open_directory(name)) {
    result = write_probe(**inside);
    // Whichever of the two names the probe got to; the other is not there.
    for (const char* file : {"placed", "renamed"}) {
      auto removed = (*inside)->unlink_at(file);
      if (!removed && !removed.error().is(ErrorCode::not_found) && result) {
        result = std::move(removed);
      }
    }
  } else {
    result = fail(std::move(inside).error());
  }
  auto removed = where.remove_directory(name);
  return result ? std::move(removed) : std::move(result);
}

struct Place {
  std::string path;  // that exists
  std::unique_ptr<io::Directory> directory;
};

// The directory, or the nearest one above it that exists. Something else in its place is an error.
Result<Place> nearest(io::FileSystem& files, std::string path) {
  std::string below;
  for (;;) {
    auto opened = files.open_root(path, false);
    if (opened) {
      if (below.empty() || !(*opened)->stat_at(below)) {
        return Place{std::move(path), std::move(*opened)};
      }
      return fail(ErrorCode::exists,
                  fmt::format("{} is no directory", printable(path + "/" + below)));
    }
    const std::size_t slash = path.rfind('/');
    if (!opened.error().is(ErrorCode::not_found) || path == "/" || slash == std::string::npos) {
      return fail(std::move(opened).error());
    }
    below = path.substr(slash + 1);
    path = slash == 0 ? "/" : path.substr(0, slash);
  }
}

void check_space(Findings& findings, const std::string& what, io::Directory& directory) {
  auto free = directory.free_bytes();
  if (!free) {
    findings.failed(what, std::move(free).error());
  } else if (*free < kSpaceNone) {
    findings.failed(what, Error(ErrorCode::no_space, human_bytes(*free) + " free"));
  } else if (*free < kSpaceLow) {
    findings.warn(what, human_bytes(*free) + " free",
                  "downloads stop when the disk is nearly full: make room on it");
  } else {
    findings.ok(what, human_bytes(*free) + " free");
  }
}

void check_maildir(Findings& findings, const Settings& settings, io::Directory& directory,
                   bool exists, const std::string& probe_name) {
  const std::string where = printable(settings.maildir);
  auto probed = probe(directory, probe_name);
  auto network = directory.is_network_file_system();
  if (!probed) {
    findings.failed("Maildir", std::move(probed).error().with_context(where));
  } else if (!network) {
    findings.failed("Maildir", std::move(network).error().with_context(where));
  } else if (*network) {
    findings.warn("Maildir", where + " is on a network file system",
                  "it works, but every directory is listed at every sync, and what other machines "
                  "change is noticed late");
  } else {
    findings.ok("Maildir", where + (exists ? ": rename and fsync work" : " can be made"));
  }
}

void check_state_dir(Findings& findings, const Settings& settings, const Place& place,
                     const std::string& probe_name) {
  const std::string where = printable(settings.state_dir);
  auto probed = probe(*place.directory, probe_name);
  auto network = place.directory->is_network_file_system();
  if (!probed) {
    findings.failed("state", std::move(probed).error().with_context(where));
  } else if (!network) {
    findings.failed("state", std::move(network).error().with_context(where));
  } else if (*network) {
    findings.failed("state", Error(ErrorCode::unsupported, where + " is on a network file system")
                                 .with_hint("set state_dir to a directory on a local disk"));
  } else {
    findings.ok("state", where + (place.path == settings.state_dir ? "" : " can be made"));
  }
}

// A Maildir is made by a first sync alone; later ones stop where it is gone.
void check_absence(Findings& findings, const Settings& settings, store::Store* base) {
  if (!base) return;
  const auto tree = stored_id(*base, "tree");
  const auto pending = base->get("marker_pending");
  if (!tree || *tree == 0 || (pending && *pending)) return;
  findings.failed("marker",
                  Error(ErrorCode::marker, fmt::format("{} is not there, although this account "
                                                       "has a state; is its disk mounted?",
                                                       printable(settings.maildir)))
                      .with_hint(fmt::format("mount it; or, to begin anew, move {} away",
                                             printable(settings.state_dir))));
}

void check_base(Findings& findings, const Services& services, const Settings& settings,
                io::Directory* root) {
  auto base = open_base(settings);
  if (!base) {
    findings.failed("database", std::move(base).error());
    return;
  }
  findings.ok("database", *base ? "can be read" : "none yet: the first sync makes it");
  if (!root) {
    check_absence(findings, settings, base->get());
    return;
  }
  auto judged = judge_marker(*root, settings.name, services.files.machine_id(), base->get());
  if (judged) {
    findings.ok("marker", *base ? "of this account's state" : "none in the way");
  } else {
    findings.failed("marker", std::move(judged).error());
  }
}

Result<std::uint64_t> watches_allowed(io::FileSystem& files) {
  STERNA_TRY(const auto directory, files.open_root("/proc/sys/fs/inotify", false));
  STERNA_TRY(const auto file, directory->open_file("max_user_watches"));
  std::string text;
  STERNA_TRY(const std::size_t octets, file->read(text, 64));
  const auto number = parse_number(trim(text));
  if (octets == 0 || !number) return fail(ErrorCode::corrupt, "max_user_watches is no number");
  return *number;
}

// A mailbox takes two watches; the limit is shared with everything else that the user runs.
void check_watches(Findings& findings, const Services& services, const Settings& settings,
                   io::Directory* root) {
  std::uint64_t mailboxes = 0;
  if (root) {
    auto folders = list_local(*root, settings, {});
    if (!folders) {
      findings.failed("mailboxes", std::move(folders).error());
      return;
    }
    mailboxes = folders->size();
  }
  const std::uint64_t needed = 2 * mailboxes + 1;
  auto allowed = watches_allowed(services.files);
  if (!allowed) {
    findings.warn("inotify", allowed.error().describe(),
                  "without inotify local changes are noticed by polling only");
    return;
  }
  std::string detail = fmt::format("{} local mailbox{} need {} of {} watches", mailboxes,
                                   mailboxes == 1 ? "" : "es", needed, *allowed);
  if (needed > *allowed / 2) {
    findings.warn("inotify", std::move(detail),
                  fmt::format("raise the limit: sysctl fs.inotify.max_user_watches={}",
                              std::max<std::uint64_t>(524'288, needed * 4)));
  } else {
    findings.ok("inotify", std::move(detail));
  }
}

void check_folders(Findings& findings, const Settings& settings, io::Directory& root) {
  const maildir::Layout layout(settings.layout, settings.inbox);
  auto found = maildir::discover(root, layout);
  if (!found) {
    findings.failed("folders", std::move(found).error());
    return;
  }
  bool readable = found->unreadable.empty();
  for (const maildir::MailboxPath& path : found->unreadable) {
    findings.failed("folders", unreadable_folder(settings, path));
  }
  for (const maildir::LocalMailbox& mailbox : found->mailboxes) {
    auto counted = count_local(root, mailbox.path);
    if (counted) continue;
    readable = false;
    findings.failed("folders", std::move(counted).error().with_context(
                                   printable(maildir::to_string(mailbox.path))));
  }
  if (readable) findings.ok("folders", "all of them can be read");
}

void check_disk(Findings& findings, const Services& services, const Settings& settings,
                const std::string& probe_name) {
  std::unique_ptr<io::Directory> root;
  auto mail = nearest(services.files, settings.maildir);
  if (mail) {
    const bool exists = mail->path == settings.maildir;
    check_maildir(findings, settings, *mail->directory, exists, probe_name);
    check_space(findings, "space for mail", *mail->directory);
    if (exists) root = std::move(mail->directory);
  } else {
    findings.failed("Maildir", std::move(mail).error());
  }
  auto state = nearest(services.files, settings.state_dir);
  if (state) {
    check_state_dir(findings, settings, *state, probe_name);
    check_space(findings, "space for state", *state->directory);
    check_base(findings, services, settings, root.get());
  } else {
    findings.failed("state", std::move(state).error());
  }
  if (root) check_folders(findings, settings, *root);
  check_watches(findings, services, settings, root.get());
}

// --- the server
// ------------------------------------------------------------------------------------

bool has_context(const Error& error, std::string_view text) {
  return std::ranges::find(error.context(), text) != error.context().end();
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

void report_unencrypted(Findings& findings, const io::Endpoint& endpoint) {
  if (!endpoint.tunnel.empty()) {
    findings.ok("TLS", "left to the tunnel");
  } else if (is_loopback(endpoint.host)) {
    findings.ok("TLS", "none, within this machine");
  } else {
    findings.warn("TLS", "the line is not encrypted", "set tls.mode = \"implicit\"");
  }
}

void report_tls(Findings& findings, const Services& services, const io::TlsInfo& info) {
  const std::int64_t now = services.clock.wall_ns() / 1'000'000'000;
  const std::int64_t days = (info.expires - now) / kDaySeconds;
  std::string detail =
      fmt::format("{}, {}, certificate of {} by {}, valid for {} more day{}", info.version,
                  info.cipher, info.subject, info.issuer, days, days == 1 ? "" : "s");
  if (days < kExpiryWarningDays) {
    findings.warn("TLS", std::move(detail), "the server's certificate is to be renewed soon");
  } else {
    findings.ok("TLS", std::move(detail));
  }
}

std::string printable_endpoint(const io::Endpoint& endpoint) {
  if (!endpoint.tunnel.empty()) return "tunnel " + printable(endpoint.tunnel.front());
  return fmt::format("{}:{}", printable(endpoint.host), endpoint.port);
}

// Which of the steps of open_line() failed follows from the error.
void report_no_line(Findings& findings, Error error, const io::Endpoint& endpoint) {
  if (error.is(ErrorCode::tls) || error.is(ErrorCode::certificate)) {
    findings.ok("connect", printable_endpoint(endpoint));
    findings.failed("TLS", std::move(error));
    findings.skipped("greeting");
  } else if (has_context(error, "greeting") || error.is(ErrorCode::protocol)) {
    findings.ok("connect", printable_endpoint(endpoint));
    findings.failed("greeting", std::move(error));
  } else {
    findings.failed(error.is(ErrorCode::resolve) ? "DNS" : "connect", std::move(error));
    findings.skipped("TLS");
    findings.skipped("greeting");
  }
  findings.skipped("login");
  findings.skipped("server");
}

// How log_in() will go about it.
std::string mechanism_name(const Connection& connection, const Settings& settings) {
  const auth::Offer offer{connection.capabilities().auth_mechanisms(),
                          connection.has(imap::Capability::login_disabled)};
  const bool encrypted = settings.endpoint.tls_mode != io::TlsMode::none;
  const auth::Link link = encrypted                  ? auth::Link::encrypted
                          : settings.allow_plaintext ? auth::Link::plaintext_allowed
                                                     : auth::Link::plaintext;
  const auto mechanism = auth::choose_mechanism(offer, settings.auth, link);
  return mechanism ? std::string(auth::to_string(*mechanism)) : std::string();
}

void report_changes(Findings& findings, const Connection& connection) {
  if (connection.qresync) {
    findings.ok("changes", "QRESYNC: only what changed is asked for");
  } else if (connection.condstore) {
    findings.ok("changes",
                "CONDSTORE: only changed flags are asked for, deletions by comparing UIDs");
  } else {
    findings.ok("changes",
                "neither QRESYNC nor CONDSTORE: where a mailbox may have changed, its "
                "flags are asked for");
  }
  findings.ok("sweep", connection.has(imap::Capability::list_status)
                           ? "LIST-STATUS: all mailboxes in one answer"
                           : "STATUS of each mailbox");
}

void report_removals(Findings& findings, const Connection& connection) {
  const bool uidplus =
      connection.has(imap::Capability::uidplus) && !connection.quirks.no_uid_expunge;
  findings.ok("deletions", uidplus ? "UIDPLUS: exactly the message that is meant"
                                   : "EXPUNGE, with the marks of other clients taken away for that "
                                     "moment (no UIDPLUS that can be used)");
  findings.ok("moves", connection.has(imap::Capability::move) ? "MOVE" : "COPY, then a deletion");
}

void report_transfer(Findings& findings, const Connection& connection, const Settings& settings) {
  if (!connection.has(imap::Capability::idle)) {
    findings.ok("push", "none: the server has no IDLE, mailboxes are polled");
  } else {
    findings.ok("push",
                connection.quirks.idle_unreliable ? "IDLE, with polling beside it" : "IDLE");
  }
  std::string uploads = connection.has(imap::Capability::literal_plus) ||
                                connection.has(imap::Capability::literal_minus)
                            ? "without waiting for the server (LITERAL+)"
                            : "after the server's go-ahead";
  if (const auto limit = connection.capabilities().append_limit()) {
    uploads += fmt::format(", at most {} a message", human_bytes(*limit));
  }
  findings.ok("uploads", std::move(uploads));
  const bool can_deflate = connection.has(imap::Capability::compress_deflate);
  if (settings.compress == Compress::yes && !can_deflate) {
    findings.warn("compression", "the server has no COMPRESS=DEFLATE",
                  "leave out compress = \"yes\"");
  } else if (settings.compress == Compress::no || !can_deflate) {
    findings.ok("compression", can_deflate ? "switched off" : "none");
  } else {
    findings.ok("compression",
                settings.compress == Compress::yes ? "DEFLATE" : "DEFLATE, on slow lines");
  }
}

void report_names(Findings& findings, const Connection& connection) {
  const imap::NameRules& names = connection.names;
  std::string detail = connection.has(imap::Capability::special_use)
                           ? "roles from SPECIAL-USE"
                           : "roles from the settings and the usual names";
  if (!names.prefix.empty()) detail += fmt::format(", below {}", printable(names.prefix));
  findings.ok("mailboxes", std::move(detail));
}

coro::Task<void> check_login(Findings& findings, const Settings& settings,
                             const Result<Secret>& password, Connection& connection) {
  const bool preauth = connection.client().authenticated();
  std::string how = preauth ? std::string("PREAUTH") : mechanism_name(connection, settings);
  Status in;
  if (!password && !preauth) {
    in = fail(password.error());
  } else {
    const Secret secret = password ? *password : Secret();
    in = co_await log_in(connection, settings, secret);
  }
  if (in) in = co_await connection.settle();
  if (!in) {
    findings.failed("login", std::move(in).error());
    findings.skipped("server");
    co_return;
  }
  findings.ok("login", fmt::format("{} with {}", printable(settings.user), how));
  report_changes(findings, connection);
  report_removals(findings, connection);
  report_transfer(findings, connection, settings);
  report_names(findings, connection);
}

coro::Task<void> check_server(Findings& findings, Services services, const Settings& settings,
                              Log log) {
  // First, since a person may be asked, and servers do not wait long for a login.
  const Result<Secret> password = co_await settings.password();
  const auto before = services.clock.monotonic();
  auto connection = co_await open_line(services, settings, std::move(log));
  if (!connection) {
    report_no_line(findings, std::move(connection).error(), settings.endpoint);
    co_return;
  }
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(services.clock.monotonic() - before);
  findings.ok("connect", printable_endpoint(settings.endpoint));
  if (const auto info = (*connection)->transport().tls_info()) {
    report_tls(findings, services, *info);
  } else {
    report_unencrypted(findings, settings.endpoint);
  }
  findings.ok("greeting", fmt::format("after {} ms, connecting included", took.count()));
  co_await check_login(findings, settings, password, **connection);
  co_await (*connection)->logout();
}

}  // namespace

coro::Task<std::vector<CheckLine>> check_account(Services services, Settings settings, bool offline,
                                                 Log log) {
  const std::string probe_name = ".sterna-check-" + services.random.hex(8);
  Findings findings = co_await on_worker(services, [&services, &settings, &probe_name] {
    Findings disk;
    check_disk(disk, services, settings, probe_name);
    return disk;
  });
  if (!offline) co_await check_server(findings, services, settings, std::move(log));
  co_return std::move(findings.lines);
}

}  // namespace sterna::account
