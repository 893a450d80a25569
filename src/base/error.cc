// SPDX-License-Identifier: Apache-2.0
#include "sterna/base/error.h"

#include <array>
#include <cerrno>
#include <cstring>

#include "sterna/base/bytes.h"

namespace sterna {
namespace {

struct Defaults {
  std::string_view name;
  ErrorScope scope;
  Disposition disposition;
};

// In the order of ErrorCode.
constexpr std::array kDefaults = {
    Defaults{"internal", ErrorScope::account, Disposition::give_up},
    Defaults{"usage", ErrorScope::process, Disposition::needs_user},
    Defaults{"config", ErrorScope::process, Disposition::needs_user},
    Defaults{"io", ErrorScope::mailbox, Disposition::retry},
    Defaults{"no_space", ErrorScope::account, Disposition::needs_user},
    Defaults{"permission", ErrorScope::mailbox, Disposition::needs_user},
    Defaults{"not_found", ErrorScope::message, Disposition::retry},
    Defaults{"exists", ErrorScope::message, Disposition::retry},
    Defaults{"changed", ErrorScope::message, Disposition::retry},
    Defaults{"corrupt", ErrorScope::account, Disposition::needs_user},
    Defaults{"locked", ErrorScope::account, Disposition::retry},
    Defaults{"marker", ErrorScope::account, Disposition::needs_user},
    Defaults{"resolve", ErrorScope::account, Disposition::retry},
    Defaults{"connect", ErrorScope::account, Disposition::retry},
    Defaults{"disconnected", ErrorScope::account, Disposition::retry},
    Defaults{"timeout", ErrorScope::account, Disposition::retry},
    Defaults{"tls", ErrorScope::account, Disposition::retry},
    Defaults{"certificate", ErrorScope::account, Disposition::needs_user},
    Defaults{"login", ErrorScope::account, Disposition::needs_user},
    Defaults{"secret", ErrorScope::account, Disposition::needs_user},
    Defaults{"protocol", ErrorScope::account, Disposition::retry},
    Defaults{"server_no", ErrorScope::mailbox, Disposition::retry},
    Defaults{"server_bad", ErrorScope::mailbox, Disposition::give_up},
    Defaults{"too_big", ErrorScope::message, Disposition::needs_user},
    Defaults{"over_quota", ErrorScope::message, Disposition::needs_user},
    Defaults{"day_limit", ErrorScope::account, Disposition::retry},
    Defaults{"unsupported", ErrorScope::mailbox, Disposition::give_up},
    Defaults{"cancelled", ErrorScope::process, Disposition::cancelled},
};
static_assert(kDefaults.size() == static_cast<std::size_t>(ErrorCode::cancelled) + 1);

const Defaults& defaults(ErrorCode code) {
  return kDefaults[static_cast<std::size_t>(code)];
}

ErrorCode code_of_errno(int number) {
  switch (number) {
    case ENOSPC:
    case EDQUOT:
      return ErrorCode::no_space;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::permission;
    case ENOENT:
    case ENOTDIR:
      return ErrorCode::not_found;
    case EEXIST:
    case ENOTEMPTY:
      return ErrorCode::exists;
    case ETIMEDOUT:
      return ErrorCode::timeout;
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
      return ErrorCode::connect;
    case ECONNRESET:
    case EPIPE:
    case ECONNABORTED:
      return ErrorCode::disconnected;
    case EXDEV:
    case EOPNOTSUPP:
      return ErrorCode::unsupported;
    case ECANCELED:
      return ErrorCode::cancelled;
    default:
      return ErrorCode::io;
  }
}

// What whoever meets it can do.
std::string_view mend_of(int number) {
  switch (number) {
    case EACCES:
    case EPERM:
      return "give the user who runs Sterna the right to read and write there (chown, chmod u+rwx)";
    case EROFS:
      return "mount its file system so that it can be written to";
    case ENOSPC:
      return "free some space; the next sync goes on where this one stopped";
    case EDQUOT:
      return "free some space or raise the quota; the next sync goes on where this one stopped";
    case ENOENT:
    case ENOTDIR:
      return "see that it is there, and that its disk is mounted";
    case EEXIST:
    case ENOTEMPTY:
      return "move away what is there";
    case EMFILE:
    case ENFILE:
      return "allow more open files: ulimit -n";
    case EIO:
    case ENODEV:
    case ENXIO:
      return "see what the kernel says of its disk: dmesg";
    case ESTALE:
      return "mount its file system anew";
    default:
      return "the next sync tries again";
  }
}

constexpr std::size_t kPathShown = 4096;  // PATH_MAX: the end says which file it is

}  // namespace

std::string_view to_string(ErrorCode code) {
  return defaults(code).name;
}

std::string_view to_string(ErrorScope scope) {
  constexpr std::array names = {"message", "mailbox", "account", "process"};
  return names[static_cast<std::size_t>(scope)];
}

std::string_view to_string(Disposition disposition) {
  constexpr std::array names = {"retry", "needs_user", "give_up", "cancelled"};
  return names[static_cast<std::size_t>(disposition)];
}

struct Error::Words {
  std::string message;
  std::string hint;
  std::vector<std::string> context;
};

void Error::FreeWords::operator()(Words* words) const noexcept {
  delete words;
}

Error::Error(ErrorCode code, std::string message)
    : code_(code),
      scope_(defaults(code).scope),
      disposition_(defaults(code).disposition),
      words_(new Words{.message = std::move(message), .hint = {}, .context = {}}) {}

Error::Error(const Error& other)
    : code_(other.code_),
      scope_(other.scope_),
      disposition_(other.disposition_),
      words_(other.words_ ? new Words(*other.words_) : nullptr) {}

Error& Error::operator=(const Error& other) {
  return *this = Error(other);
}

const Error::Words& Error::words() const {
  static const Words none;
  return words_ ? *words_ : none;
}

Error::Words& Error::own_words() {
  if (!words_) words_.reset(new Words);
  return *words_;
}

Error Error::from_errno(int number, std::string_view what) {
  std::string text(what);
  text += ": ";
  text += std::strerror(number);
  return Error(code_of_errno(number), std::move(text));
}

Error Error::of_file(int number, std::string_view doing, std::string_view path) {
  std::string what(doing);
  what += ' ';
  what += printable(path, kPathShown);
  return from_errno(number, what).with_hint(std::string(mend_of(number)));
}

Error Error::cancelled() {
  return Error(ErrorCode::cancelled, "cancelled");
}

Error&& Error::with_context(std::string what) && {
  add_context(std::move(what));
  return std::move(*this);
}

Error&& Error::with_scope(ErrorScope scope) && {
  scope_ = scope;
  return std::move(*this);
}

Error&& Error::with_disposition(Disposition disposition) && {
  disposition_ = disposition;
  return std::move(*this);
}

Error&& Error::with_hint(std::string hint) && {
  own_words().hint = std::move(hint);
  return std::move(*this);
}

void Error::add_context(std::string what) {
  own_words().context.push_back(std::move(what));
}

const std::string& Error::message() const {
  return words().message;
}

const std::string& Error::hint() const {
  return words().hint;
}

const std::vector<std::string>& Error::context() const {
  return words().context;
}

std::string Error::describe() const {
  std::string text;
  for (auto it = context().rbegin(); it != context().rend(); ++it) {
    text += *it;
    text += ": ";
  }
  text += message();
  return text;
}

}  // namespace sterna
