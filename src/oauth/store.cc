// SPDX-License-Identifier: Apache-2.0
#include "sterna/oauth/store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "seal.h"
#include "sterna/base/bytes.h"
#include "token_text.h"

namespace sterna::oauth {
namespace {

constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;
constexpr std::size_t kFileOctetsMax = 512 * 1024;
constexpr std::string_view kCredential = "sterna-token-key";
constexpr std::size_t kKeyOctetsMin = 32;
constexpr std::size_t kKeyOctetsMax = 4096;

std::unexpected<Error> failed(std::string_view doing, const std::string& path) {
  return fail(Error::of_file(errno, doing, path).with_scope(ErrorScope::account));
}

// All of it, at most `max` octets and one more.
Result<WipedString> read_all(int fd, const std::string& path, std::size_t max) {
  WipedString text;
  text.resize(max + 1);
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = ::read(fd, text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("reading", path);
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  text.resize(size);
  return text;
}

Status write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("writing", path);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Status make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), kDirectoryMode) == 0 || errno == EEXIST) return {};
  const std::size_t slash = path.find_last_of('/');
  if (errno != ENOENT || slash == std::string::npos || slash == 0) return failed("making", path);
  STERNA_CHECK(make_directory(path.substr(0, slash)));
  if (::mkdir(path.c_str(), kDirectoryMode) == 0 || errno == EEXIST) return {};
  return failed("making", path);
}

Status flush_directory(const std::string& path) {
  const UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) return failed("making durable", path);
  return {};
}

std::string about(const std::string& account) {
  return "sterna tokens of account " + account;
}

Error no_key(const std::string& path, std::string_view why) {
  return Error(ErrorCode::secret, fmt::format("the tokens in {} are encrypted, and {}", path, why))
      .with_hint(fmt::format("run it where systemd hands out the credential {}, or log in anew",
                             kCredential))
      .with_scope(ErrorScope::account);
}

}  // namespace

Result<std::optional<Secret>> token_key_of_environment() {
  const char* directory = ::secure_getenv("CREDENTIALS_DIRECTORY");
  if (!directory || *directory == '\0') return std::optional<Secret>();
  const std::string path = fmt::format("{}/{}", directory, kCredential);
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file && errno == ENOENT) return std::optional<Secret>();
  if (!file)
    return fail(Error(ErrorCode::secret, Error::of_file(errno, "opening", path).message()));
  STERNA_TRY(const WipedString text, read_all(file.get(), path, kKeyOctetsMax));
  const std::string_view key = trim(text);
  if (key.size() < kKeyOctetsMin || text.size() > kKeyOctetsMax) {
    return fail(
        Error(ErrorCode::secret, fmt::format("the credential {} is no key: it has {} octets",
                                             kCredential, text.size()))
            .with_hint("make one with: openssl rand -base64 32"));
  }
  return std::optional(Secret(std::string(key)));
}

TokenStore::TokenStore(std::string state_dir, std::string account,
                       Result<std::optional<Secret>> key)
    : state_dir_(std::move(state_dir)),
      account_(std::move(account)),
      path_(state_dir_ + "/tokens"),
      key_(std::move(key)) {}

Result<std::optional<Tokens>> TokenStore::read() const {
  const UniqueFd file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  if (!file && (errno == ENOENT || errno == ENOTDIR)) return std::optional<Tokens>();
  if (!file) return failed("opening", path_);
  struct stat stat{};
  if (::fstat(file.get(), &stat) != 0) return failed("looking at", path_);
  if (!S_ISREG(stat.st_mode) || (stat.st_mode & 077) != 0) {
    return fail(Error(ErrorCode::secret, path_ + ": can be read by the group or by others")
                    .with_hint(fmt::format(
                        "chmod 600 {}; whoever may have read it can read the mail", path_))
                    .with_scope(ErrorScope::account));
  }
  STERNA_TRY(const WipedString text, read_all(file.get(), path_, kFileOctetsMax));
  auto found = read_token_text(text);
  if (const auto* sealed = std::get_if<Sealed>(&found)) {
    if (!key_) return fail(key_.error());
    if (!*key_) return fail(no_key(path_, "this process was given no key"));
    const auto opened = unseal(**key_, about(account_), *sealed);
    if (!opened) return fail(no_key(path_, "not with this key"));
    found = read_token_text(opened->reveal());
  }
  if (auto* tokens = std::get_if<Tokens>(&found)) return std::optional(std::move(*tokens));
  return fail(Error(ErrorCode::corrupt, path_ + " holds no tokens that this version can read")
                  .with_hint(fmt::format("log in anew: sterna auth {}", account_))
                  .with_scope(ErrorScope::account));
}

bool TokenStore::is_encrypted() const {
  const UniqueFd file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  if (!file) return false;
  const auto text = read_all(file.get(), path_, kFileOctetsMax);
  return text && std::holds_alternative<Sealed>(read_token_text(*text));
}

Status TokenStore::write(const Tokens& tokens) const {
  if (!key_) return fail(key_.error());
  Secret text = write_tokens(tokens);
  if (*key_) {
    STERNA_TRY(const Sealed sealed, seal(**key_, about(account_), text));
    text = write_sealed(sealed);
  }
  STERNA_CHECK(make_directory(state_dir_));
  const std::string beside = path_ + ".new";
  if (::unlink(beside.c_str()) != 0 && errno != ENOENT) return failed("removing", beside);
  const UniqueFd file(
      ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kFileMode));
  if (!file) return failed("making", beside);
  STERNA_CHECK(write_all(file.get(), text.reveal(), beside));
  if (::fsync(file.get()) != 0) return failed("making durable", beside);
  if (::rename(beside.c_str(), path_.c_str()) != 0) return failed("renaming", beside);
  return flush_directory(state_dir_);
}

Status TokenStore::forget() const {
  const std::string beside = path_ + ".new";
  if (::unlink(beside.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR)
    return failed("removing", beside);
  if (::unlink(path_.c_str()) == 0) return flush_directory(state_dir_);
  if (errno == ENOENT || errno == ENOTDIR) return {};
  return failed("removing", path_);
}

Result<std::optional<TokenStore::Lock>> TokenStore::try_lock() const {
  STERNA_CHECK(make_directory(state_dir_));
  const std::string path = path_ + ".lock";
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kFileMode));
  if (!file) return failed("opening", path);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return std::optional(Lock(std::move(file)));
  if (errno == EWOULDBLOCK) return std::optional<Lock>();
  return failed("locking", path);
}

}  // namespace sterna::oauth
