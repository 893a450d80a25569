// SPDX-License-Identifier: Apache-2.0
#include "init_password.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "sterna/base/bytes.h"

namespace sterna::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShownMax = 8192;  // a command that is cut is none

// A command that mentions the file may read it, in whatever way.
bool may_read(const config::AccountConfig& account, const std::string& path) {
  if (const auto* file = std::get_if<config::PasswordFile>(&account.secret)) {
    std::error_code ignored;
    return file->path == path || fs::equivalent(file->path, path, ignored);
  }
  const auto* command = std::get_if<config::PasswordCommand>(&account.secret);
  const std::string name = "passwords/" + fs::path(path).filename().string();
  return command != nullptr && std::ranges::any_of(command->argv, [&name](const std::string& word) {
           return word.contains(name);
         });
}

// As a shell reads it as one word.
std::string shell_word(const std::string& text) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-+@%=,";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

}  // namespace

std::string password_path(const config::ConfigPlace& place, const std::string& account) {
  const std::string directory =
      place.alone.empty() ? place.directory : fs::absolute(place.alone).parent_path().string();
  return fmt::format("{}/passwords/{}", directory, account);
}

PasswordFileState look_at_password_file(const config::ConfigPlace& place, const std::string& path,
                                        const std::vector<config::AccountConfig>& accounts) {
  struct stat about{};
  if (::lstat(path.c_str(), &about) != 0) return PasswordFileState::absent;
  // Beside a file that is read alone there may be others, with accounts of the same name.
  const bool ours = place.alone.empty() && S_ISREG(about.st_mode) && about.st_uid == ::geteuid() &&
                    (about.st_mode & 07777) == 0600 && about.st_nlink == 1;
  const bool read = std::ranges::any_of(
      accounts, [&path](const config::AccountConfig& one) { return may_read(one, path); });
  return ours && !read ? PasswordFileState::left_over : PasswordFileState::taken;
}

Error password_file_is_there(const std::string& path) {
  return Error(ErrorCode::exists,
               fmt::format("{} is there already, where a password that is typed would go", path))
      .with_hint(fmt::format("if nothing reads it any more: rm {}; else give the account another "
                             "name with --name",
                             shell_word(path)));
}

std::string keep_by_hand_text(const Draft& draft, bool file_is_there) {
  constexpr std::string_view kNothing = "Nothing was written, the password neither.";
  if (const auto* file = std::get_if<FromFile>(&draft.secret)) {
    if (file_is_there) {
      return fmt::format(
          "{} The account reads it from {}, which is there already: see that it is in there\n",
          kNothing, printable(file->path, kShownMax));
    }
    const std::string directory = fs::path(file->path).parent_path().string();
    return fmt::format(
        "{} The account reads it from a file that this makes (type it, Enter, Ctrl-D):\n"
        "  (umask 077; mkdir -p {} && cat > {})\n",
        kNothing, printable(shell_word(directory), kShownMax),
        printable(shell_word(file->path), kShownMax));
  }
  std::string command = "secret-tool store " + shell_word("--label=Sterna: " + draft.address);
  for (const std::string& word : keyring_attributes(draft.name)) command += " " + shell_word(word);
  return fmt::format("{} The account asks the keyring for it, where this puts it:\n  {}\n",
                     kNothing, printable(command, kShownMax));
}

}  // namespace sterna::cli
