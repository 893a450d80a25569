// SPDX-License-Identifier: Apache-2.0
// Error: what went wrong in the world, how far the damage reaches, and what may be done about it.
//
// The code says what happened; *scope* and *disposition* decide what the engine does (give up this
// message, this mailbox, this account; try again or wait for the user). `context` grows outwards as
// the error travels: each layer adds what it was doing and to what. Text that came from a server is
// stripped of control characters before it is stored here. Secrets never enter an Error.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sterna {

enum class ErrorCode : std::uint8_t {
  internal,      // a broken assumption of ours, found in time
  usage,         // the command line
  config,        // the configuration file
  io,            // a file operation failed for a reason not named below
  no_space,      // ENOSPC, EDQUOT, or the reserve was reached
  permission,    // EACCES, EPERM, EROFS
  not_found,     // ENOENT, or a mailbox or message that is not there
  exists,        // EEXIST: a name is taken
  changed,       // what was to be acted on is no longer what was seen: look again
  corrupt,       // a database or a file that cannot be what it claims to be
  locked,        // another instance holds the lock
  marker,        // the Maildir's marker is missing, foreign or of another state
  resolve,       // name resolution
  connect,       // no address could be reached, or refused
  disconnected,  // the line was cut, BYE included
  timeout,       // a deadline passed
  tls,           // handshake or protocol of TLS
  certificate,   // trust in the certificate: expired, wrong host, unknown issuer
  login,         // the server refused the credentials
  secret,        // the secret could not be had (command failed, file missing)
  protocol,      // the server broke the grammar or a limit
  server_no,     // a tagged NO
  server_bad,    // a tagged BAD
  too_big,       // the server refuses the size; also a limit of ours on foreign data
  over_quota,    // OVERQUOTA
  day_limit,     // the server lets no more through today
  unsupported,   // the server or this version cannot do it
  cancelled,     // asked to stop
};

// How much of the work is lost with it.
enum class ErrorScope : std::uint8_t { message, mailbox, account, process };

// What can be done about it.
enum class Disposition : std::uint8_t { retry, needs_user, give_up, cancelled };

// The stable word for a code, such as "no_space"; used in logs and JSON.
std::string_view to_string(ErrorCode code);
std::string_view to_string(ErrorScope scope);
std::string_view to_string(Disposition disposition);

class [[nodiscard]] Error {
 public:
  Error(ErrorCode code, std::string message);
  Error(const Error& other);
  Error& operator=(const Error& other);
  // What was moved from keeps its code, and has no words.
  Error(Error&& other) noexcept = default;
  Error& operator=(Error&& other) noexcept = default;
  ~Error() = default;

  // errno as an Error: "<what>: <strerror>"; the code follows from the number.
  static Error from_errno(int number, std::string_view what);
  // The same of a file or a directory: "<doing> <path>: <strerror>", with what mends it as the
  // hint. The path may hold any octets.
  static Error of_file(int number, std::string_view doing, std::string_view path);
  static Error cancelled();

  // Builders, so that an error reads as one expression.
  Error&& with_context(std::string what) &&;
  Error&& with_scope(ErrorScope scope) &&;
  Error&& with_disposition(Disposition disposition) &&;
  Error&& with_hint(std::string hint) &&;
  void add_context(std::string what);

  ErrorCode code() const { return code_; }
  ErrorScope scope() const { return scope_; }
  Disposition disposition() const { return disposition_; }
  const std::string& message() const;
  const std::string& hint() const;
  // Innermost first.
  const std::vector<std::string>& context() const;

  bool is(ErrorCode code) const { return code_ == code; }
  bool is_cancelled() const { return code_ == ErrorCode::cancelled; }

  // "account work: mailbox INBOX: append: 4 MB are too much" (outermost context first, no hint).
  std::string describe() const;

 private:
  // The words are elsewhere, since every Result and every task that yields one has room for an
  // Error, and hardly any has words.
  struct Words;
  struct FreeWords {
    void operator()(Words* words) const noexcept;
  };

  const Words& words() const;
  Words& own_words();

  ErrorCode code_;
  ErrorScope scope_;
  Disposition disposition_;
  std::unique_ptr<Words, FreeWords> words_;
};

}  // namespace sterna
