// SPDX-License-Identifier: Apache-2.0
// The half of `sterna check` that needs no server. Nothing is changed, but for a probe directory
// that is gone again.
#include <fmt/format.h>

#include <algorithm>

#include "check_parts.h"
#include "inspect_parts.h"
#include "reserve.h"
#include "sterna/base/bytes.h"
#include "sterna/maildir/mailbox_dirs.h"
#include "walk_local.h"

namespace sterna::account {
namespace {

// More of one kind are counted, not listed.
constexpr std::size_t kLinesOfOneKind = 10;

// The probe is nobody's business: of what is said of it, the reason alone is passed on.
template <class T>
std::unexpected<Error> probe_failed(const Result<T>& failed, std::string doing) {
  const Error& error = failed.error();
  const std::string& message = error.message();
  const std::size_t colon = message.rfind(": ");
  return fail(Error(error.code(), colon == std::string::npos ? message : message.substr(colon + 2))
                  .with_hint(error.hint())
                  .with_context(std::move(doing)));
}

Status write_probe(io::Directory& directory) {
  auto written = [&directory]() -> Status {
    STERNA_TRY(const auto file, directory.create_file("temporary"));
    STERNA_CHECK(file->write("Sterna looks whether it can write here.\n"));
    STERNA_CHECK(file->sync());
    return directory.place(*file, "placed");
  }();
  if (!written) return probe_failed(written, "writing a file and flushing it (fsync)");
  auto renamed = directory.rename_at("placed", directory, "renamed");
  if (!renamed) return probe_failed(renamed, "renaming a file");
  auto synced = directory.sync();
  return synced ? Status() : probe_failed(synced, "flushing a directory (fsync)");
}

// Makes, renames and flushes a file in a directory of its own, and takes both away again.
Status probe(io::Directory& where, const std::string& name) {
  if (auto made = where.make_directory(name); !made)
    return probe_failed(made, "making a directory");
  Status result;
  if (auto inside = where.open_directory(name)) {
    result = write_probe(**inside);
    // Whichever of the two names the probe got to; the other is not there.
    for (const char* file : {"placed", "renamed"}) {
      auto removed = (*inside)->unlink_at(file);
      if (!removed && !removed.error().is(ErrorCode::not_found) && result) {
        result = probe_failed(removed, "removing a file");
      }
    }
  } else {
    result = probe_failed(inside, "opening a directory");
  }
  const auto removed = where.remove_directory(name);
  if (result && !removed) return probe_failed(removed, "removing a directory");
  return result;
}

struct Nearest {
  std::string path;  // that exists
  std::unique_ptr<io::Directory> directory;
};

Error no_directory(const std::string& path) {
  return Error(ErrorCode::exists, fmt::format("{} is no directory", printable(path)))
      .with_hint("move it away, or name another place in the configuration");
}

// The directory, or the nearest one above it that exists. Something else in its place is an error.
Result<Nearest> nearest(io::FileSystem& files, std::string path) {
  std::string below;
  for (;;) {
    auto opened = files.open_root(path, false);
    if (opened) {
      if (below.empty() || !(*opened)->stat_at(below)) {
        return Nearest{std::move(path), std::move(*opened)};
      }
      return fail(no_directory(path + "/" + below));
    }
    const std::size_t slash = path.rfind('/');
    const bool absent = opened.error().is(ErrorCode::not_found);
    if (!absent || path == "/" || slash == std::string::npos) {
      return fail(std::move(opened).error());
    }
    below = path.substr(slash + 1);
    path = slash == 0 ? "/" : path.substr(0, slash);
  }
}

void check_space(Findings& findings, const std::string& what, io::Directory& directory) {
  const auto room = room_of(directory);
  if (!room) {
    findings.failed(what, room.error());
    return;
  }
  std::string detail = human_bytes(room->free) + " free";
  if (!room->suffices()) {
    findings.failed(
        what, Error(ErrorCode::no_space, fmt::format("{}: nothing is fetched with less than {}",
                                                     detail, human_bytes(room->reserve))));
  } else if (room->is_near_its_end()) {
    findings.warn(what, std::move(detail),
                  fmt::format("with less than {} nothing is fetched: make room on that disk",
                              human_bytes(room->reserve)));
  } else {
    findings.ok(what, std::move(detail));
  }
}

// Of a probe in `place`, where `wanted` is, or is to be made.
Error probe_failure(Error error, const Nearest& place, const std::string& wanted) {
  if (place.path == wanted) return std::move(error).with_context(printable(wanted));
  return std::move(error).with_context(
      fmt::format("{}, to be made in {}", printable(wanted), printable(place.path)));
}

void check_maildir(Findings& findings, const Settings& settings, const Nearest& place,
                   const std::string& probe_name) {
  const std::string where = printable(settings.maildir);
  auto probed = probe(*place.directory, probe_name);
  auto network = place.directory->is_network_file_system();
  if (!probed) {
    findings.failed("Maildir", probe_failure(std::move(probed).error(), place, settings.maildir));
  } else if (!network) {
    findings.failed("Maildir", std::move(network).error().with_context(where));
  } else if (*network) {
    findings.warn("Maildir", where + " is on a network file system",
                  "it works, but every directory is listed at every sync, and what other machines "
                  "change is noticed late");
  } else {
    const bool exists = place.path == settings.maildir;
    findings.ok("Maildir", where + (exists ? ": rename and fsync work" : " can be made"));
  }
}

void check_state_dir(Findings& findings, const Settings& settings, const Nearest& place,
                     const std::string& probe_name) {
  const std::string where = printable(settings.state_dir);
  auto probed = probe(*place.directory, probe_name);
  auto network = place.directory->is_network_file_system();
  if (!probed) {
    findings.failed("state", probe_failure(std::move(probed).error(), place, settings.state_dir));
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
  findings.failed("marker", maildir_gone(settings));
}

struct MaildirFound {
  bool known = false;                   // whether it is there
  std::unique_ptr<io::Directory> root;  // none where it is not
};

void check_base(Findings& findings, const Services& services, const Settings& settings,
                const MaildirFound& maildir) {
  auto base = open_base(settings);
  if (!base) {
    findings.failed("database", std::move(base).error());
    return;
  }
  findings.ok("database", *base ? "can be read" : "none yet: the first sync makes it");
  if (!maildir.known) {
    findings.skipped("marker");  // "Maildir" says why
    return;
  }
  if (!maildir.root) {
    check_absence(findings, settings, base->get());
    return;
  }
  auto judged =
      judge_marker(*maildir.root, settings.name, services.files.machine_id(), base->get());
  if (judged) {
    findings.ok("marker", *base ? "of this account's state" : "none in the way");
  } else {
    findings.failed("marker", std::move(judged).error());
  }
}

// One of the kernel's limits, which all that the user runs share.
Result<std::uint64_t> inotify_limit(io::FileSystem& files, const std::string& name) {
  STERNA_TRY(const auto directory, files.open_root("/proc/sys/fs/inotify", false));
  STERNA_TRY(const auto file, directory->open_file(name));
  std::string text;
  STERNA_TRY(const std::size_t octets, file->read(text, 64));
  const auto number = parse_number(trim(text));
  if (octets == 0 || !number) return fail(ErrorCode::io, name + " is no number");
  return *number;
}

struct WatchesWanted {
  std::size_t mailboxes = 0;
  std::uint64_t watches = 0;
};

// Of the directories that lead to mailboxes, and of new and cur of these.
Result<WatchesWanted> watches_wanted(const Settings& settings, io::Directory& root) {
  const maildir::Layout layout(settings.layout, settings.inbox);
  STERNA_TRY(const maildir::Discovery found, maildir::discover(root, layout));
  const std::size_t mailboxes = found.mailboxes.size();
  return WatchesWanted{mailboxes, directories_to_watch(found).size() + 2 * mailboxes};
}

// What `sterna run` takes for this account, and the one instance that it has for all of them.
void check_watches(Findings& findings, const Services& services, const Settings& settings,
                   io::Directory* root) {
  const auto wanted = root ? watches_wanted(settings, *root) : WatchesWanted{};
  if (!wanted) return;  // "folders" says why
  const auto watches = inotify_limit(services.files, "max_user_watches");
  const auto instances = inotify_limit(services.files, "max_user_instances");
  if (!watches || !instances) {
    findings.warn("inotify", (watches ? instances : watches).error().describe(),
                  "without inotify local changes are noticed by polling only");
    return;
  }
  std::string detail = fmt::format(
      "{} local mailbox{} would take {} of {} watches, and the daemon 1 of {} instances",
      wanted->mailboxes, wanted->mailboxes == 1 ? "" : "es", wanted->watches, *watches, *instances);
  std::string raised;
  if (wanted->watches > *watches / 2) {
    raised = fmt::format(" fs.inotify.max_user_watches={}",
                         std::max<std::uint64_t>(524'288, wanted->watches * 4));
  }
  if (*instances < 2) raised += " fs.inotify.max_user_instances=1024";
  if (raised.empty()) {
    findings.ok("inotify", std::move(detail));
  } else {
    findings.warn("inotify", std::move(detail), "raise the limit: sysctl" + raised);
  }
}

// A message comes by way of tmp/ and lies in new/ or cur/; a flag renames it there.
Status check_rights(io::Directory& root, const maildir::MailboxPath& path) {
  STERNA_TRY(const maildir::HomeDirectory home, maildir::open_path(root, path));
  std::string closed;
  for (const char* name : {"cur", "new", "tmp"}) {
    auto directory = home->open_directory(name);
    if (!directory && directory.error().is(ErrorCode::not_found)) continue;  // a sync makes it
    if (directory && (*directory)->may_change()) continue;
    if (!closed.empty()) closed += ", ";
    closed += name;
  }
  if (closed.empty()) return {};
  return fail(ErrorCode::permission, fmt::format("nothing may be written to {}", closed));
}

// Whether a sync could read the mailbox and change it.
Status check_folder(io::Directory& root, const maildir::MailboxPath& path) {
  if (auto counted = count_local(root, path); !counted) return fail(std::move(counted).error());
  return check_rights(root, path);
}

// Nobody left them out, and yet nothing in them is synced.
void warn_of_unusable(Findings& findings, const Settings& settings,
                      const std::vector<maildir::UnusableFolder>& unusable) {
  for (std::size_t i = 0; i < std::min(kLinesOfOneKind, unusable.size()); ++i) {
    const Error error = unusable_folder(settings, unusable[i]);
    findings.warn("folders", error.message() + ": nothing in it is synced", error.hint());
  }
  if (unusable.size() > kLinesOfOneKind) {
    findings.warn(
        "folders",
        fmt::format("and {} more of which nothing is synced", unusable.size() - kLinesOfOneKind),
        "all of them: sterna mailboxes " + settings.name);
  }
}

void check_folders(Findings& findings, const Settings& settings, io::Directory& root) {
  const maildir::Layout layout(settings.layout, settings.inbox);
  auto found = maildir::discover(root, layout);
  if (!found) {
    findings.failed("folders", std::move(found).error());
    return;
  }
  std::vector<Error> failures;
  for (const maildir::MailboxPath& path : found->unreadable) {
    failures.push_back(unreadable_folder(settings, path));
  }
  for (const maildir::LocalMailbox& mailbox : found->mailboxes) {
    auto usable = check_folder(root, mailbox.path);
    if (usable) continue;
    const std::string where = printable(maildir::to_string(mailbox.path));
    Error error = std::move(usable).error().with_context(where.empty() ? "the root" : where);
    const bool permission = error.is(ErrorCode::permission);
    const std::string path = absolute_path(settings, maildir::to_string(mailbox.path));
    failures.push_back(permission ? std::move(error).with_hint(
                                        "chmod u+rwx " + printable(path + "/{cur,new,tmp}", 500))
                                  : std::move(error));
  }
  for (std::size_t i = 0; i < std::min(kLinesOfOneKind, failures.size()); ++i) {
    findings.failed("folders", failures[i]);
  }
  if (failures.size() > kLinesOfOneKind) {
    findings.failed("folders",
                    Error(failures[kLinesOfOneKind].code(),
                          fmt::format("and {} more", failures.size() - kLinesOfOneKind)));
  }
  std::erase_if(found->unusable,
                [](const maildir::UnusableFolder& folder) { return !folder.has_cur; });
  warn_of_unusable(findings, settings, found->unusable);
  if (failures.empty()) {
    findings.ok("folders", found->unusable.empty() ? "all of them can be read and written to"
                                                   : "all others can be read and written to");
  }
}

// What a sync could not bring over and tries again: no failure of the way, and yet not in step.
void check_parked(Findings& findings, const Services& services, const Settings& settings) {
  const auto state = read_state(services.files, settings);
  if (!state) return;  // "database" says why
  const std::vector<ParkedMessage>& parked = state->parked;
  for (std::size_t i = 0; i < std::min(kLinesOfOneKind, parked.size()); ++i) {
    std::string which = printable(parked[i].mailbox);
    if (parked[i].uid != 0) {
      which += fmt::format(", UID {}", parked[i].uid);
    } else if (!parked[i].path.empty()) {
      which += ", " + printable(parked[i].path, 500);
    }
    std::string action = parked[i].action;
    std::ranges::replace(action, '_', ' ');
    findings.warn("parked", fmt::format("{}: {}: {}", which, action, printable(parked[i].reason)),
                  i == 0
                      ? std::string("mend what it says; sterna status tells when it is tried again")
                      : std::string());
  }
  if (parked.size() > kLinesOfOneKind) {
    findings.warn("parked", fmt::format("and {} more", parked.size() - kLinesOfOneKind),
                  "all of them: sterna --json status");
  }
}

}  // namespace

void check_disk(Findings& findings, const Services& services, const Settings& settings,
                const std::string& probe_name) {
  MaildirFound maildir;
  auto mail = nearest(services.files, settings.maildir);
  if (mail) {
    check_maildir(findings, settings, *mail, probe_name);
    check_space(findings, "space for mail", *mail->directory);
    maildir.known = true;
    if (mail->path == settings.maildir) maildir.root = std::move(mail->directory);
  } else {
    findings.failed("Maildir", std::move(mail).error());
  }
  auto state = nearest(services.files, settings.state_dir);
  if (state) {
    check_state_dir(findings, settings, *state, probe_name);
    check_space(findings, "space for state", *state->directory);
    check_base(findings, services, settings, maildir);
  } else {
    findings.failed("state", std::move(state).error());
  }
  if (maildir.root) check_folders(findings, settings, *maildir.root);
  check_parked(findings, services, settings);
  check_watches(findings, services, settings, maildir.root.get());
}

}  // namespace sterna::account
