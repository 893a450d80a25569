// SPDX-License-Identifier: Apache-2.0
#include "describe.h"

#include <fmt/format.h>

#include "sterna/base/assert.h"
#include "sterna/base/bytes.h"

namespace sterna::imap::testing {
namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};

std::string with_text(std::string line, const ResponseCode& code, const std::string& text) {
  if (const std::string described = describe(code); !described.empty()) line += ' ' + described;
  if (!text.empty()) line += ' ' + printable(text);
  return line;
}

template <class T>
std::string number(std::string_view name, const std::optional<T>& value) {
  if (!value) return "";
  if constexpr (requires { value->value; }) {
    return fmt::format(" {}={}", name, value->value);
  } else {
    return fmt::format(" {}={}", name, *value);
  }
}

std::string word(std::string_view name, const std::string& value) {
  return value.empty() ? "" : fmt::format(" {}={}", name, printable(value));
}

std::string delimiter(char c) {
  return c == '\0' ? "NIL" : std::string(1, c);
}

std::string body(const FetchBody& body) {
  std::string line =
      fmt::format(" {}[{}]", body.binary ? "binary" : "body", printable(body.section));
  if (body.origin) line += fmt::format("<{}>", *body.origin);
  if (body.source == FetchBody::Source::nil) return line + "=NIL";
  return line + fmt::format("=#{}:{}", body.id.value, body.size);
}

std::string attributes(const ListAttributes& a) {
  std::string text;
  const auto add = [&text](bool on, std::string_view name) {
    if (!on) return;
    if (!text.empty()) text += ' ';
    text += name;
  };
  add(a.no_select, "noselect");
  add(a.non_existent, "nonexistent");
  add(a.no_inferiors, "noinferiors");
  add(a.has_children, "haschildren");
  add(a.has_no_children, "hasnochildren");
  add(a.marked, "marked");
  add(a.subscribed, "subscribed");
  add(a.remote, "remote");
  add(a.role != Role::none, to_string(a.role));
  return text;
}

std::string entries(const std::vector<NamespaceEntry>& list) {
  std::string text = "(";
  for (const auto& entry : list) {
    if (text.size() > 1) text += ' ';
    text += printable(entry.prefix) + '|' + delimiter(entry.delimiter);
  }
  return text + ")";
}

std::string describe_list(const List& list) {
  std::string line =
      fmt::format("{} ({}) {} {}", list.lsub ? "LSUB" : "LIST", attributes(list.attributes),
                  delimiter(list.delimiter), printable(list.name.octets));
  if (list.old_name) line += " oldname=" + printable(list.old_name->octets);
  for (const std::string& info : list.child_info) line += " child=" + printable(info);
  return line;
}

std::string describe_status(const MailboxStatus& s) {
  return "STATUS " + printable(s.name.octets) + number("messages", s.messages) +
         number("uidnext", s.uid_next) + number("uidvalidity", s.uid_validity) +
         number("unseen", s.unseen) + number("deleted", s.deleted) +
         number("modseq", s.highest_modseq) + number("size", s.size) +
         number("appendlimit", s.append_limit) + word("id", s.mailbox_id);
}

std::string describe_esearch(const ESearch& s) {
  return "ESEARCH" + word("tag", s.tag) + (s.uid ? " uid" : "") + word("all", s.all.to_string()) +
         number("min", s.min) + number("max", s.max) + number("count", s.count) +
         number("modseq", s.modseq);
}

std::string describe_fetch(const Fetch& f) {
  std::string line = f.number ? fmt::format("FETCH {}", f.number.value) : "UIDFETCH";
  line += number("uid", f.uid);
  if (f.flags) {
    line +=
        fmt::format(" flags=({}{})", printable(f.flags->to_string()), f.recent ? " \\Recent" : "");
  }
  line += number("modseq", f.modseq) + number("size", f.size) + number("date", f.internal_date) +
          word("emailid", f.email_id) + number("gm", f.gm_msgid);
  for (const FetchBody& b : f.bodies) line += body(b);
  return line;
}

std::string describe_id(const Id& id) {
  std::string line = "ID";
  for (const auto& [key, value] : id.fields) {
    line += ' ' + printable(key) + '=' + printable(value);
  }
  return line;
}

std::string describe_copy(const CopyUid& copied) {
  std::string text = fmt::format("{}", copied.uidvalidity.value);
  for (const CopyUid::Run& run : copied.runs) {
    text += fmt::format(" {}>{}*{}", run.source.value, run.target.value, run.count);
  }
  return text;
}

std::string describe_data(const ResponseCode& code) {
  return std::visit(Overloaded{
                        [](std::monostate) { return std::string(); },
                        [](const AppendUid& a) {
                          return fmt::format(" {} {}", a.uidvalidity.value, a.uids.to_string());
                        },
                        [](const CopyUid& c) { return ' ' + describe_copy(c); },
                        [](const Capabilities& c) { return ' ' + printable(c.to_string()); },
                        [](const std::string& s) { return ' ' + printable(s); },
                        [](const MessageLimit& m) {
                          return fmt::format(" {}{}", m.limit, number("last", m.last_uid));
                        },
                        [](const UidSet& s) { return ' ' + s.to_string(); },
                        [](const PermanentFlags& p) {
                          return fmt::format(" ({}{})", printable(p.flags.to_string()),
                                             p.new_keywords ? " \\*" : "");
                        },
                        [](const auto& id) { return fmt::format(" {}", id.value); },
                    },
                    code.data);
}

}  // namespace

std::string describe(const ResponseCode& code) {
  if (code.is(Code::none)) return "";
  return fmt::format("[{}{}]", printable(code.name), describe_data(code));
}

std::string describe(const Response& response) {
  return std::visit(
      Overloaded{
          [](const Tagged& t) {
            return with_text(fmt::format("{} {}", printable(t.tag), to_string(t.status)), t.code,
                             t.text);
          },
          [](const UntaggedStatus& s) {
            return with_text(std::string(to_string(s.status)), s.code, s.text);
          },
          [](const Continuation& c) { return "+ " + printable(c.text); },
          [](const Capabilities& c) { return "CAPABILITY " + printable(c.to_string()); },
          [](const Flags& f) { return fmt::format("FLAGS ({})", printable(f.flags.to_string())); },
          [](const List& l) { return describe_list(l); },
          [](const MailboxStatus& s) { return describe_status(s); },
          [](const Search& s) {
            return "SEARCH" + word("set", s.numbers.to_string()) + number("modseq", s.modseq);
          },
          [](const ESearch& s) { return describe_esearch(s); },
          [](const Exists& e) { return fmt::format("EXISTS {}", e.count); },
          [](const Recent& r) { return fmt::format("RECENT {}", r.count); },
          [](const Expunge& e) { return fmt::format("EXPUNGE {}", e.number.value); },
          [](const Vanished& v) {
            return fmt::format("VANISHED{} {}", v.earlier ? " earlier" : "", v.uids.to_string());
          },
          [](const Fetch& f) { return describe_fetch(f); },
          [](const Enabled& e) { return "ENABLED " + printable(e.extensions.to_string()); },
          [](const Namespace& n) {
            return fmt::format("NAMESPACE {} {} {}", entries(n.personal), entries(n.others),
                               entries(n.shared));
          },
          [](const Id& id) { return describe_id(id); },
          [](const MyRights& r) {
            return "MYRIGHTS " + printable(r.name.octets) + ' ' + printable(r.rights);
          },
          [](const Ignored& i) { return "ignored " + printable(i.name); },
      },
      response);
}

namespace {

std::string place(const Context& context) {
  return fmt::format(" @{}/{}", context.oldest.value, context.selection.value);
}

}  // namespace

void Recorder::on_greeting(const UntaggedStatus& greeting) {
  events.push_back("greeting " + describe(Response(greeting)));
}

void Recorder::on_response(const Response& response, const Context& context) {
  events.push_back(describe(response) + place(context));
}

void Recorder::on_body_begin(const BodyBegin& body, const Context& context) {
  STERNA_ASSERT(!open_);
  open_ = body.id;
  body_.clear();
  std::string line = fmt::format("body #{} {}", body.id.value, body.number.value);
  line += number("uid", body.uid) + fmt::format(" [{}]", printable(body.section));
  if (body.origin) line += fmt::format("<{}>", *body.origin);
  events.push_back(line + fmt::format(" {} octets", body.size) + place(context));
}

void Recorder::on_body_chunk(BodyId id, std::string_view octets) {
  STERNA_ASSERT(open_ == id && !octets.empty());
  body_ += octets;
}

void Recorder::on_body_end(BodyId id) {
  STERNA_ASSERT(open_ == id);
  open_ = BodyId{};
  events.push_back(fmt::format("octets #{} {}", id.value, printable(body_)));
}

void Recorder::on_done(const Done& done) {
  events.push_back(with_text(
      fmt::format("done {} {} {}", done.id.value, to_string(done.kind), to_string(done.status)),
      done.code, done.text));
}

void Recorder::on_challenge(CommandId id, std::string_view challenge) {
  events.push_back(fmt::format("challenge {} \"{}\"", id.value, printable(challenge)));
}

void Recorder::on_idling(CommandId id) {
  events.push_back(fmt::format("idling {}", id.value));
}

void Recorder::on_bye(const UntaggedStatus& bye, bool expected) {
  events.push_back(describe(Response(bye)) + (expected ? " (expected)" : ""));
}

void Recorder::on_bad_response(const Error& error, const Context& context) {
  events.push_back("bad response: " + error.message() + place(context));
}

}  // namespace sterna::imap::testing
