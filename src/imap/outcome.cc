// SPDX-License-Identifier: Apache-2.0
#include "sterna/imap/outcome.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sterna/base/assert.h"
#include "sterna/base/bytes.h"
#include "sterna/imap/told_to_wait.h"

namespace sterna::imap {
namespace {

struct Verdict {
  Code code;
  ErrorCode error;
  ErrorScope scope;
  Disposition disposition;
  std::string_view hint = {};
};

constexpr std::string_view kLooksAnew = "the next sync looks anew at what the server has";

using enum ErrorScope;
using enum Disposition;

// What a NO means by its code. Without one that is listed it is the mailbox's, and worth another
// try later; at a login it is the credentials.
constexpr std::array kVerdicts = {
    Verdict{Code::auth_failed, ErrorCode::login, account, needs_user},
    Verdict{Code::authorization_failed, ErrorCode::login, account, needs_user},
    Verdict{Code::expired, ErrorCode::login, account, needs_user},
    Verdict{Code::privacy_required, ErrorCode::login, account, needs_user},
    Verdict{Code::contact_admin, ErrorCode::server_no, account, needs_user},
    Verdict{Code::web_alert, ErrorCode::login, account, needs_user},
    Verdict{Code::unavailable, ErrorCode::server_no, account, retry},
    Verdict{Code::server_bug, ErrorCode::server_no, mailbox, retry},
    Verdict{Code::in_use, ErrorCode::server_no, mailbox, retry},
    Verdict{Code::limit, ErrorCode::server_no, account, retry},
    Verdict{Code::throttled, ErrorCode::server_no, account, retry},
    Verdict{Code::over_quota, ErrorCode::over_quota, mailbox, needs_user,
            "make room on the server, or have the quota raised"},
    Verdict{Code::too_big, ErrorCode::too_big, message, give_up},
    Verdict{Code::non_existent, ErrorCode::not_found, mailbox, give_up, kLooksAnew},
    Verdict{Code::try_create, ErrorCode::not_found, mailbox, give_up, kLooksAnew},
    Verdict{Code::already_exists, ErrorCode::exists, mailbox, give_up, kLooksAnew},
    Verdict{Code::has_children, ErrorCode::server_no, mailbox, give_up},
    Verdict{Code::no_perm, ErrorCode::permission, mailbox, needs_user,
            "whoever runs the server may grant the right to it"},
    Verdict{Code::cannot, ErrorCode::unsupported, mailbox, give_up},
    Verdict{Code::corruption, ErrorCode::corrupt, mailbox, give_up,
            "whoever runs the server may mend it"},
    Verdict{Code::expunge_issued, ErrorCode::changed, mailbox, retry},
    Verdict{Code::modified, ErrorCode::changed, message, retry},
    Verdict{Code::message_limit, ErrorCode::too_big, mailbox, retry},
};

bool is_login(CommandKind kind) {
  return kind == CommandKind::login || kind == CommandKind::authenticate;
}

bool is_about_a_mailbox(CommandKind kind) {
  switch (kind) {
    using enum CommandKind;
    case append:
    case copy:
    case create:
    case delete_mailbox:
    case examine:
    case expunge:
    case fetch:
    case move:
    case my_rights:
    case rename:
    case search:
    case select:
    case status:
    case store:
    case subscribe:
    case unsubscribe:
      return true;
    case authenticate:
    case capability:
    case compress:
    case enable:
    case id:
    case idle:
    case list:
    case login:
    case logout:
    case lsub:
    case namespaces:
    case noop:
    case notify:
    case starttls:
    case unselect:
      return false;
  }
  return false;
}

// A limit, or what fails behind the server, may be one mailbox's: said of what is done in one, it
// stops no other.
bool reaches_as_far_as_the_command(Code code) {
  return code == Code::limit || code == Code::unavailable || code == Code::contact_admin;
}

Verdict verdict_of(const Done& done) {
  const bool bad = done.status == StatusKind::bad;
  for (Verdict verdict : kVerdicts) {
    if (bad || verdict.code != done.code.code) continue;
    const bool narrow =
        reaches_as_far_as_the_command(verdict.code) && is_about_a_mailbox(done.kind);
    if (narrow && !tells_of_limit(done.text)) verdict.scope = mailbox;
    return verdict;
  }
  const ErrorCode code = bad ? ErrorCode::server_bad : ErrorCode::server_no;
  const bool later = is_login(done.kind) ? says_later(done.text) : tells_of_limit(done.text);
  if (later) return {Code::none, code, account, retry};
  if (is_login(done.kind)) {
    return bad ? Verdict{Code::none, code, account, give_up}
               : Verdict{Code::none, ErrorCode::login, account, needs_user};
  }
  return {Code::none, code, mailbox, bad ? give_up : retry};
}

std::string said(std::string_view text) {
  return text.empty() ? std::string("without a reason") : printable(text);
}

}  // namespace

Error error_from(const Done& done) {
  STERNA_ASSERT(!done.ok());
  const Verdict verdict = verdict_of(done);
  return Error(verdict.error, fmt::format("the server refuses {} ({}): {}", to_string(done.kind),
                                          to_string(done.status), said(done.text)))
      .with_scope(verdict.scope)
      .with_disposition(verdict.disposition)
      .with_hint(std::string(verdict.hint));
}

Error error_from_bye(const UntaggedStatus& bye) {
  return Error(ErrorCode::disconnected,
               fmt::format("the server closes the connection: {}", said(bye.text)))
      .with_scope(account)
      .with_disposition(retry);
}

}  // namespace sterna::imap
