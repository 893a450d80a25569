// SPDX-License-Identifier: Apache-2.0
// sterna import: the configuration of mbsync or of OfflineIMAP becomes ours, on the standard
// output or in a new file; what is not the same goes to the standard error output.
#include "import.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <system_error>
#include <utility>

#include "commands.h"
#include "init_files.h"
#include "json.h"
#include "settle.h"
#include "sterna/base/bytes.h"
#include "sterna/config/place.h"
#include "sterna/importer/importer.h"

namespace sterna::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFoldersMax = 100'000;
constexpr std::size_t kDepthMax = 64;
constexpr std::size_t kRemarkColumnsMax = 100;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string expanded(std::string_view path) {
  const bool below_home = path == "~" || path.starts_with("~/");
  return below_home ? variable("HOME") + std::string(path.substr(1)) : std::string(path);
}

// Where the program itself looks, in its order.
std::vector<std::string> usual_files(ForeignTool tool) {
  const std::string xdg = variable("XDG_CONFIG_HOME");
  const std::string config = xdg.empty() ? variable("HOME") + "/.config" : xdg;
  const std::string home = variable("HOME");
  if (tool == ForeignTool::mbsync) return {config + "/isyncrc", home + "/.mbsyncrc"};
  return {config + "/offlineimap/config", home + "/.offlineimaprc"};
}

Result<std::string> find_file(const ImportArguments& arguments) {
  if (!arguments.file.empty()) return arguments.file;
  const std::vector<std::string> files = usual_files(arguments.tool);
  for (const std::string& file : files) {
    std::error_code error;
    if (fs::exists(file, error)) return file;
  }
  return fail(
      Error(ErrorCode::not_found, fmt::format("neither {} nor {} is there", files[0], files[1]))
          .with_hint(fmt::format("name it: sterna import {} FILE", to_string(arguments.tool))));
}

Result<WipedString> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(Error::of_file(errno, "cannot read", path));
  WipedString text;
  std::array<char, 4096> piece{};
  while (in.read(piece.data(), piece.size()) || in.gcount() > 0) {
    text.append(piece.data(), static_cast<std::size_t>(in.gcount()));
    if (text.size() > importer::kForeignOctetsMax) break;
  }
  if (in.bad() || (text.empty() && fs::is_directory(path)))
    return fail(Error(ErrorCode::io, fmt::format("cannot read {}: is it a file?", path)));
  return text;
}

// Walks directories for Maildirs. What cannot be read counts as not there: the configuration is
// only as good as what was seen, and the first sync looks for itself.
class FolderWalk {
 public:
  explicit FolderWalk(fs::path root) : root_(std::move(root)) {}

  std::vector<std::string> run() {
    look_into(root_, "", 0);
    return std::move(found_);
  }

 private:
  void look_into(const fs::path& directory, const std::string& below, std::size_t depth) {
    struct stat stat{};
    if (::stat(directory.c_str(), &stat) != 0 || found_.size() >= kFoldersMax) return;
    if (depth > kDepthMax || !visited_.emplace(stat.st_dev, stat.st_ino).second) return;
    std::error_code error;
    if (fs::is_directory(directory / "cur", error)) found_.push_back(below);
    std::vector<std::string> names;
    for (fs::directory_iterator at(directory, error), end; !error && at != end;
         at.increment(error)) {
      const std::string name = at->path().filename().string();
      if (name == "cur" || name == "new" || name == "tmp") continue;
      std::error_code ignored;
      if (at->is_directory(ignored)) names.push_back(name);
    }
    std::ranges::sort(names);
    for (const std::string& name : names)
      look_into(directory / name, below.empty() ? name : below + "/" + name, depth + 1);
  }

  fs::path root_;
  std::set<std::pair<dev_t, ino_t>> visited_;
  std::vector<std::string> found_;
};

std::vector<std::string> folders_below(std::string_view directory) {
  const std::string path = expanded(directory);
  if (!path.starts_with('/')) return {};
  return FolderWalk(path).run();
}

// Lines of at most so many columns, those after the first indented.
std::string wrapped(std::string_view text, std::size_t columns) {
  std::string out = "  - ";
  std::size_t used = 4;
  for (const std::string_view word : split(text, ' ')) {
    const bool breaks = used > 4 && used + word.size() > columns;
    if (breaks) used = 4;
    if (used > 4) out += ' ';
    if (breaks) out += "\n    ";
    out += word;
    used += word.size() + 1;
  }
  return out + "\n";
}

// Who may see what is printed, where it holds a password. `own`: it is a file that was made here.
enum class Door : std::uint8_t { closed, screen, open, own };

// A file is closed to others before a password is written into it.
Door close_door() {
  if (::isatty(STDOUT_FILENO) == 1) return Door::screen;
  struct stat stat{};
  if (::fstat(STDOUT_FILENO, &stat) != 0) return Door::open;
  if (!S_ISREG(stat.st_mode) || (stat.st_mode & 077) == 0) return Door::closed;
  return ::fchmod(STDOUT_FILENO, stat.st_mode & 0700) == 0 ? Door::closed : Door::open;
}

std::string what_of_password(Door door) {
  switch (door) {
    case Door::closed:
      return "a password stands in what was printed: keep the file at mode 0600 (Sterna reads it "
             "only so), or write a password_command instead";
    case Door::screen:
      return "a password was left out, since this is a terminal: it is written into a file, "
             "`sterna import ... --write`; better is a password_command";
    case Door::own:
      return "a password stands in the file, which you alone can read (mode 0600); better is a "
             "password_command";
    case Door::open:
      break;
  }
  return "a password was left out, since others may read the output: write a password_command, or "
         "print into a file of your own";
}

void say_remarks(Console& console, std::string_view tool, std::string_view file,
                 const std::vector<std::string>& remarks) {
  if (console.quiet() || remarks.empty()) return;
  const std::size_t columns = std::min(console.error_width(), kRemarkColumnsMax);
  std::string text = fmt::format("sterna: from {}; what to know, and what differs from {}:\n",
                                 printable(file), tool);
  for (const std::string& remark : remarks) text += wrapped(remark, columns);
  console.err(text);
}

// What was made of a foreign configuration.
struct Made {
  WipedString toml;
  bool holds_password = false;
  std::vector<std::string> remarks;
};

Result<Made> make_configuration(ForeignTool tool, const std::string& file) {
  STERNA_TRY(const WipedString text, read_file(file));
  auto imported = tool == ForeignTool::mbsync ? importer::import_mbsync(text, folders_below)
                                              : importer::import_offlineimap(text, folders_below);
  if (!imported) {
    Error error = std::move(imported).error();
    error.add_context(printable(file));
    return fail(std::move(error));
  }
  Settled settled = settle(imported->toml);
  Made made{std::move(settled.toml), imported->holds_password, std::move(imported->remarks)};
  made.remarks.insert(made.remarks.end(), settled.remarks.begin(), settled.remarks.end());
  return made;
}

void print_configuration(Console& console, Made& made) {
  if (made.holds_password) {
    const Door door = close_door();
    if (door != Door::closed) made.toml = without_passwords(made.toml);
    made.remarks.push_back(what_of_password(door));
  }
  if (console.json()) {
    console.out(import_json(made.toml, made.remarks));
  } else {
    console.out(made.toml);
  }
}

// Never over a file that is there. Gives the path of the new one, which is sound beside the others.
Result<std::string> write_configuration(const ImportArguments& arguments, Made& made) {
  config::LoadOptions options;
  options.file = arguments.config_file;
  STERNA_TRY(const config::ConfigPlace place, config::find_place(options));
  const std::string tool(to_string(arguments.tool));
  auto path = place.file_for(tool);
  if (!path) {
    return fail(std::move(path).error().with_hint(fmt::format(
        "move it away; or sterna import {} prints what belongs into it, to be added by hand",
        tool)));
  }
  const WipedString shown = without_passwords(made.toml);  // these are in no other file
  STERNA_CHECK(load_with(options, place, *path, shown));
  STERNA_CHECK(write_new_file(*path, made.toml));
  if (std::string remark = superseded_text(place, *path); !remark.empty())
    made.remarks.push_back(std::move(remark));
  if (made.holds_password) made.remarks.push_back(what_of_password(Door::own));
  made.toml = shown;
  return path;
}

void say_next(Console& console, ForeignTool tool, const std::string& written) {
  if (!written.empty()) {
    if (console.quiet()) return;
    console.err(
        fmt::format("The configuration is in {}\n"
                    "Next: stop {}, then: sterna check, sterna sync --dry-run\n",
                    printable(written), to_string(tool)));
  } else if (console.talkative() && ::isatty(STDOUT_FILENO) == 1) {
    console.err(
        fmt::format("\nStop {0}, then: sterna import {0} --write, sterna check, "
                    "sterna sync --dry-run\n",
                    to_string(tool)));
  }
}

Exit failed(Console& console, const Error& error) {
  console.error(error);
  const Exit exit = exit_of(error);
  if (console.json()) console.out(errors_json({error}, exit));
  return exit;
}

}  // namespace

std::string_view to_string(ForeignTool tool) {
  return tool == ForeignTool::mbsync ? "mbsync" : "offlineimap";
}

Exit import_configuration(Console& console, const ImportArguments& arguments) {
  const auto file = find_file(arguments);
  if (!file) return failed(console, file.error());
  auto made = make_configuration(arguments.tool, *file);
  if (!made) return failed(console, made.error());
  std::string written;
  if (arguments.write) {
    auto path = write_configuration(arguments, *made);
    if (!path) return failed(console, path.error());
    written = std::move(*path);
    if (console.json()) console.out(import_json(made->toml, made->remarks));
  } else {
    print_configuration(console, *made);
  }
  say_remarks(console, arguments.tool == ForeignTool::mbsync ? "mbsync" : "OfflineIMAP", *file,
              made->remarks);
  say_next(console, arguments.tool, written);
  return Exit::done;
}

}  // namespace sterna::cli
