// SPDX-License-Identifier: Apache-2.0
// SCRAM (RFC 5802, RFC 7677). The password is stretched with a salt; what crosses the line proves
// that it is known, in both directions, and with -PLUS that nobody stands between.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "crypto.h"
#include "exchanges.h"
#include "gs2.h"
#include "saslprep.h"
#include "sterna/base/bytes.h"

namespace sterna::auth {
namespace {

// RFC 7677 section 4: fewer make the password easy to guess for whoever hears the exchange.
constexpr unsigned kIterationsMin = 4096;
// A second of work or so. Whoever asks for more wants the machine to be busy.
constexpr unsigned kIterationsMax = 2'000'000;
// A nonce and a salt of any sane length.
constexpr std::size_t kMessageMax = 4096;
constexpr std::size_t kServerErrorMax = 200;

// An attribute of a message: "r=..." is {'r', "..."}.
struct Attribute {
  char name = '\0';
  std::string_view value;
};

std::optional<std::vector<Attribute>> parse(std::string_view message) {
  std::vector<Attribute> attributes;
  for (const std::string_view part : split(message, ',')) {
    if (part.size() < 2 || part[1] != '=') return std::nullopt;
    attributes.push_back({part[0], part.substr(2)});
  }
  return attributes;
}

struct ServerFirst {
  std::string nonce;
  std::string salt;
  unsigned iterations = 0;
};

Error malformed(std::string_view what) {
  return Error(ErrorCode::protocol, fmt::format("the server's SCRAM message {}", what))
      .with_scope(ErrorScope::account);
}

// Somebody between, or a server that is not what it seems: no try with less follows.
Error distrusted(std::string what) {
  return Error(ErrorCode::login, std::move(what))
      .with_hint(
          "somebody may stand between, or the server is broken: do not log in another way "
          "before you know which");
}

Result<unsigned> read_iterations(std::string_view text) {
  unsigned count = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool too_many = problem == std::errc::result_out_of_range || count > kIterationsMax;
  if (!too_many &&
      (problem != std::errc() || end != text.data() + text.size() || text.starts_with('0'))) {
    return fail(malformed("has no number of iterations"));
  }
  if (too_many) {
    return fail(
        distrusted(fmt::format("the server wants the password hashed more than {} times, "
                               "which would only keep this machine busy",
                               kIterationsMax)));
  }
  if (count < kIterationsMin) {
    return fail(
        distrusted(fmt::format("the server wants the password hashed {} times only: at "
                               "least {} are safe (RFC 7677)",
                               count, kIterationsMin)));
  }
  return count;
}

Result<ServerFirst> read_server_first(std::string_view message, std::string_view our_nonce) {
  if (message.size() > kMessageMax) return fail(malformed("is too long"));
  const auto attributes = parse(message);
  // An extension in front, "m=", is one that must be understood, and there is none.
  const bool sound = attributes && attributes->size() >= 3 && (*attributes)[0].name == 'r' &&
                     (*attributes)[1].name == 's' && (*attributes)[2].name == 'i';
  if (!sound) return fail(malformed("is not one of nonce, salt and iterations"));
  ServerFirst first;
  first.nonce = (*attributes)[0].value;
  const bool printable_only =
      std::ranges::all_of(first.nonce, [](char c) { return c > ' ' && c <= '~'; });
  if (!first.nonce.starts_with(our_nonce) || first.nonce.size() == our_nonce.size() ||
      !printable_only) {
    return fail(
        distrusted("the server did not continue our nonce with one of its own, as whoever "
                   "replays an old login cannot"));
  }
  const auto salt = base64_decode((*attributes)[1].value);
  if (!salt || salt->empty()) return fail(malformed("has no salt"));
  first.salt = *salt;
  STERNA_TRY(first.iterations, read_iterations((*attributes)[2].value));
  return first;
}

class Scram final : public SaslExchange {
 public:
  Scram(Mechanism mechanism, Hash hash, Credentials credentials, Secret user)
      : name_(sasl_name(mechanism)),
        hash_(hash),
        password_(std::move(credentials.secret)),
        nonce_(std::move(credentials.nonce)),
        first_bare_(fmt::format("n={},r={}", gs2_name(user.reveal()), nonce_)) {
    const bool bound = is_bound(mechanism);
    // "y" tells a server that can bind that its offer to do so was taken away on the way.
    const bool missed = !credentials.binding.type.empty() && !credentials.binding_offered;
    const std::string flag = bound    ? "p=" + credentials.binding.type
                             : missed ? std::string("y")
                                      : std::string("n");
    header_ = gs2_header(flag, "");
    bound_ = header_;
    if (bound) bound_ += credentials.binding.data;
  }

  bool speaks_first() const override { return true; }
  bool works_long() const override { return step_ == Step::first_said; }

  Result<Secret> respond(std::string_view challenge) override {
    switch (std::exchange(step_, next(step_))) {
      case Step::begin:
        return Secret(header_ + first_bare_);
      case Step::first_said:
        if (challenge.starts_with("e=")) return take_complaint(challenge);
        return prove(challenge);
      case Step::proven:
        if (challenge.starts_with("e=")) return take_complaint(challenge);
        STERNA_CHECK(verify(challenge));
        return Secret();
      case Step::over:
        break;
    }
    return fail(asks_too_much(name_));
  }

  Status accept() const override {
    if (verified_) return {};
    if (!complaint_.empty()) {
      return fail(
          distrusted("the server refused the login, and says OK all the same: " + complaint_));
    }
    return fail(
        distrusted("the server lets us in without having proved that it knows the "
                   "password"));
  }

  bool has_shown_secret() const override { return shown_; }
  std::string complaint() const override { return complaint_; }

 private:
  enum class Step : std::uint8_t { begin, first_said, proven, over };
  static Step next(Step step) {
    return step == Step::over ? Step::over : static_cast<Step>(std::to_underlying(step) + 1);
  }

  // "e=invalid-proof", which a tagged NO follows.
  Result<Secret> take_complaint(std::string_view challenge) {
    complaint_ = printable(challenge.substr(2), kServerErrorMax);
    step_ = Step::over;
    if (complaint_ == "channel-bindings-dont-match") {
      return fail(distrusted("the server says " + complaint_ +
                             ": the TLS connection that it has is not the one that we have"));
    }
    if (complaint_ == "server-does-support-channel-binding") {
      return fail(distrusted("the server says " + complaint_ +
                             ": its offer of SCRAM with -PLUS was taken away on the way to us"));
    }
    return Secret();
  }

  // Section 3.
  Result<Secret> prove(std::string_view challenge) {
    STERNA_TRY(const ServerFirst first, read_server_first(challenge, nonce_));
    STERNA_TRY(const WipedString salted,
               stretch(hash_, password_.reveal(), first.salt, first.iterations));
    password_ = Secret();
    STERNA_TRY(const WipedString client_key, hmac(hash_, salted, "Client Key"));
    STERNA_TRY(const WipedString stored_key, digest(hash_, client_key));
    STERNA_TRY(const WipedString server_key, hmac(hash_, salted, "Server Key"));
    const std::string final_bare = fmt::format("c={},r={}", base64_encode(bound_), first.nonce);
    const std::string dialogue = fmt::format("{},{},{}", first_bare_, challenge, final_bare);
    STERNA_TRY(const WipedString signature, hmac(hash_, stored_key, dialogue));
    STERNA_TRY(expected_, hmac(hash_, server_key, dialogue));
    WipedString proof(client_key);
    for (std::size_t i = 0; i < proof.size(); ++i) {
      proof[i] = static_cast<char>(proof[i] ^ signature[i]);
    }
    shown_ = true;
    return Secret(fmt::format("{},p={}", final_bare, base64_encode(proof)));
  }

  Status verify(std::string_view challenge) {
    if (challenge.size() > kMessageMax) return fail(malformed("is too long"));
    const auto attributes = parse(challenge);
    if (!attributes || attributes->front().name != 'v') {
      return fail(malformed("has no signature of the server"));
    }
    const auto signature = base64_decode(attributes->front().value);
    if (!signature || !same(*signature, expected_)) {
      return fail(distrusted("the server's signature is wrong: it does not know the password"));
    }
    verified_ = true;
    return {};
  }

  std::string_view name_;
  Hash hash_;
  Secret password_;
  std::string nonce_;
  std::string first_bare_;
  std::string header_;
  std::string bound_;     // the header and what it names
  WipedString expected_;  // the server's signature
  std::string complaint_;
  Step step_ = Step::begin;
  bool shown_ = false;
  bool verified_ = false;
};

}  // namespace

Result<std::unique_ptr<SaslExchange>> start_scram(Mechanism mechanism, Credentials credentials) {
  const bool sha1 = mechanism == Mechanism::scram_sha_1 || mechanism == Mechanism::scram_sha_1_plus;
  STERNA_TRY(Secret user, saslprep(credentials.user, "the user name"));
  STERNA_TRY(credentials.secret, saslprep(credentials.secret.reveal(), "the password"));
  return std::make_unique<Scram>(mechanism, sha1 ? Hash::sha1 : Hash::sha256,
                                 std::move(credentials), std::move(user));
}

}  // namespace sterna::auth
