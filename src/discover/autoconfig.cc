// SPDX-License-Identifier: Apache-2.0
#include "sterna/discover/autoconfig.h"

#include <expat.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "sterna/base/bytes.h"
#include "sterna/base/library.h"

namespace sterna::discover {
namespace {

constexpr std::size_t kTextOctetsMax = 1024;  // of one element
constexpr std::size_t kUserOctetsMax = 320;
constexpr std::size_t kHostOctetsMax = 253;
constexpr std::size_t kLabelOctetsMax = 63;

// Those of its functions that are used.
struct Expat {
  decltype(&XML_ParserCreate) create = nullptr;
  decltype(&XML_ParserFree) free = nullptr;
  decltype(&XML_SetUserData) set_user_data = nullptr;
  decltype(&XML_SetElementHandler) on_element = nullptr;
  decltype(&XML_SetCharacterDataHandler) on_text = nullptr;
  decltype(&XML_SetStartDoctypeDeclHandler) on_doctype = nullptr;
  decltype(&XML_Parse) parse = nullptr;
  decltype(&XML_StopParser) stop = nullptr;
  decltype(&XML_GetCurrentLineNumber) line = nullptr;
  decltype(&XML_GetErrorCode) error_code = nullptr;
  decltype(&XML_ErrorString) error_string = nullptr;
};

Result<Expat> load_expat() {
  Expat expat;
  Library library({"libexpat.so.1", "reads the XML of providers", "libexpat1"});
  library.find("XML_ParserCreate", expat.create)
      .find("XML_ParserFree", expat.free)
      .find("XML_SetUserData", expat.set_user_data)
      .find("XML_SetElementHandler", expat.on_element)
      .find("XML_SetCharacterDataHandler", expat.on_text)
      .find("XML_SetStartDoctypeDeclHandler", expat.on_doctype)
      .find("XML_Parse", expat.parse)
      .find("XML_StopParser", expat.stop)
      .find("XML_GetCurrentLineNumber", expat.line)
      .find("XML_GetErrorCode", expat.error_code)
      .find("XML_ErrorString", expat.error_string);
  STERNA_CHECK(library.found());
  return expat;
}

const Result<Expat>& expat_library() {
  static const Result<Expat> expat = load_expat();
  return expat;
}

// One <incomingServer>, in words.
struct Offer {
  std::string type;
  std::string hostname;
  std::string port;
  std::string socket;
  std::string username;
  std::vector<std::string> authentications;
};

struct Document {
  bool is_client_config = false;
  std::vector<Offer> offers;
  std::string oauth_issuer;
};

// Where the parser stands; the callbacks of expat write into it.
class Reader {
 public:
  explicit Reader(const Expat& expat) : expat_(expat), parser_(expat.create(nullptr), expat.free) {
    if (!parser_) return;
    expat_.set_user_data(parser_.get(), this);
    expat_.on_element(parser_.get(), &Reader::on_start, &Reader::on_end);
    expat_.on_text(parser_.get(), &Reader::on_text);
    expat_.on_doctype(parser_.get(), &Reader::on_doctype);
  }

  Result<Document> read(std::string_view xml) {
    if (!parser_) return fail(ErrorCode::internal, "no parser");
    const auto status =
        expat_.parse(parser_.get(), xml.data(), static_cast<int>(xml.size()), XML_TRUE);
    if (!refused_.empty()) return fail(ErrorCode::protocol, refused_);
    if (status != XML_STATUS_OK) {
      return fail(ErrorCode::protocol,
                  fmt::format("no XML: line {}: {}", expat_.line(parser_.get()),
                              expat_.error_string(expat_.error_code(parser_.get()))));
    }
    if (!document_.is_client_config)
      return fail(ErrorCode::protocol, "no <clientConfig> in the answer");
    return std::move(document_);
  }

 private:
  static Reader& self(void* user) { return *static_cast<Reader*>(user); }

  void refuse(std::string why) {
    if (refused_.empty()) refused_ = std::move(why);
    expat_.stop(parser_.get(), XML_FALSE);
  }

  // Entities are declared in a document type alone.
  static void on_doctype(void* user, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    self(user).refuse("the answer has a document type, which is not read");
  }

  static void on_start(void* user, const XML_Char* name, const XML_Char** attributes) {
    self(user).start(name, attributes);
  }
  static void on_end(void* user, const XML_Char*) { self(user).end(); }
  static void on_text(void* user, const XML_Char* text, int length) {
    Reader& reader = self(user);
    const auto octets = static_cast<std::size_t>(length);
    if (octets > kTextOctetsMax - std::min(reader.text_.size(), kTextOctetsMax)) {
      reader.text_.resize(kTextOctetsMax + 1);  // too long to mean anything
    } else {
      reader.text_.append(text, octets);
    }
  }

  bool is_at(std::initializer_list<std::string_view> path) const {
    return std::ranges::equal(path_, path);
  }

  void start(std::string_view name, const XML_Char** attributes) {
    if (path_.size() >= kAutoconfigDepthMax) {
      refuse("the answer is nested too deeply");
      return;
    }
    path_.emplace_back(name);
    text_.clear();
    if (is_at({"clientConfig"})) document_.is_client_config = true;
    if (!is_at({"clientConfig", "emailProvider", "incomingServer"})) return;
    offer_.emplace();
    for (; *attributes; attributes += 2)
      if (std::string_view(*attributes) == "type") offer_->type = attributes[1];
  }

  void end() {
    const std::string text(text_.size() > kTextOctetsMax ? std::string_view() : trim(text_));
    text_.clear();
    if (is_at({"clientConfig", "oAuth2", "issuer"})) document_.oauth_issuer = text;
    if (is_at({"clientConfig", "emailProvider", "incomingServer"})) {
      if (document_.offers.size() < kAutoconfigServersMax)
        document_.offers.push_back(std::move(*offer_));
      offer_.reset();
    } else if (offer_ && path_.size() == 4) {
      take(path_.back(), text);
    }
    path_.pop_back();
  }

  void take(std::string_view name, const std::string& text) {
    if (name == "hostname") offer_->hostname = text;
    if (name == "port") offer_->port = text;
    if (name == "socketType") offer_->socket = text;
    if (name == "username") offer_->username = text;
    if (name == "authentication") offer_->authentications.push_back(text);
  }

  const Expat& expat_;
  std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser_;
  std::vector<std::string> path_;
  std::string text_;
  std::optional<Offer> offer_;
  Document document_;
  std::string refused_;
};

std::string filled(std::string text, const Address& address) {
  const std::pair<std::string_view, std::string> placeholders[] = {
      {"%EMAILADDRESS%", address.text()},
      {"%EMAILLOCALPART%", address.local},
      {"%EMAILDOMAIN%", address.domain}};
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view rest = std::string_view(text).substr(i);
    const auto* found = std::ranges::find_if(
        placeholders, [rest](const auto& one) { return rest.starts_with(one.first); });
    if (found == std::end(placeholders)) {
      result += text[i++];
    } else {
      result += found->second;
      i += found->first.size();
    }
  }
  return result;
}

std::optional<io::TlsMode> mode_of(std::string_view socket) {
  if (socket == "SSL") return io::TlsMode::implicit;
  if (socket == "STARTTLS") return io::TlsMode::starttls;
  return std::nullopt;
}

// "plain" and "secure" are the words of the format's first version.
std::vector<Login> logins_of(const std::vector<std::string>& authentications) {
  std::vector<Login> logins;
  for (const std::string& word : authentications) {
    const bool is_password = word == "password-cleartext" || word == "password-encrypted" ||
                             word == "plain" || word == "secure";
    if (!is_password && word != "OAuth2") continue;
    const Login login = is_password ? Login::password : Login::oauth;
    if (std::ranges::find(logins, login) == logins.end()) logins.push_back(login);
  }
  return logins;
}

bool is_user(std::string_view user) {
  return user.size() <= kUserOctetsMax && is_valid_utf8(user) &&
         std::ranges::none_of(
             user, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; });
}

std::optional<Candidate> candidate_of(const Offer& offer, const Address& address) {
  Candidate candidate;
  candidate.host = ascii_lower(filled(offer.hostname, address));
  candidate.user = filled(offer.username, address);
  const auto mode = mode_of(offer.socket);
  const auto port = parse_number(offer.port, 65535);
  candidate.logins = logins_of(offer.authentications);
  const bool usable = mode && port && *port != 0 && is_host_name(candidate.host) &&
                      is_user(candidate.user) && !candidate.logins.empty();
  if (!usable) return std::nullopt;
  candidate.port = static_cast<std::uint16_t>(*port);
  candidate.mode = *mode;
  return candidate;
}

std::string described(const Offer& offer) {
  std::string methods;
  for (const std::string& one : offer.authentications)
    methods += (methods.empty() ? "" : ", ") + printable(one, 40);
  return fmt::format("{}:{} ({}; {})", printable(offer.hostname, 100), printable(offer.port, 10),
                     printable(offer.socket, 20), methods.empty() ? "no login" : methods);
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kLabelOctetsMax && label.front() != '-' &&
         label.back() != '-' && std::ranges::all_of(label, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
         });
}

}  // namespace

bool is_host_name(std::string_view text) {
  return text.size() <= kHostOctetsMax && std::ranges::all_of(split(text, '.'), is_label);
}

Result<Address> parse_address(std::string_view text) {
  const std::size_t at = text.rfind('@');
  Address address;
  if (at != std::string_view::npos) {
    address.local = text.substr(0, at);
    address.domain = ascii_lower(text.substr(at + 1));
  }
  if (address.domain.ends_with('.')) address.domain.pop_back();
  if (!address.local.empty() && is_user(address.local) && is_host_name(address.domain) &&
      address.domain.contains('.')) {
    return address;
  }
  const bool foreign_letters = !is_host_name(address.domain) && is_valid_utf8(address.domain) &&
                               std::ranges::any_of(address.domain, [](char c) { return c < 0; });
  return fail(Error(ErrorCode::usage, fmt::format("{} is no mail address", printable(text, 200)))
                  .with_hint(foreign_letters ? "write its domain as the DNS has it: xn--..."
                                             : "such as ann@example.org"));
}

Result<std::vector<Candidate>> parse_autoconfig(std::string_view xml, const Address& address) {
  if (xml.size() > kAutoconfigOctetsMax)
    return fail(ErrorCode::too_big, "more than " + human_bytes(kAutoconfigOctetsMax));
  const Result<Expat>& expat = expat_library();
  if (!expat) return fail(expat.error());
  Reader reader(*expat);
  STERNA_TRY(const Document document, reader.read(xml));
  std::vector<Candidate> candidates;
  std::string others;
  for (const Offer& offer : document.offers) {
    if (!ascii_iequals(offer.type, "imap")) continue;
    if (auto candidate = candidate_of(offer, address)) {
      candidate->oauth_issuer = document.oauth_issuer;
      candidates.push_back(std::move(*candidate));
    } else {
      others += (others.empty() ? "" : ", ") + described(offer);
    }
  }
  if (!candidates.empty()) return candidates;
  return fail(ErrorCode::not_found, others.empty() ? std::string("no IMAP server is named")
                                                   : "no IMAP server that can be used: " + others);
}

}  // namespace sterna::discover
