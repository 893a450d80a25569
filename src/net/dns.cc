// SPDX-License-Identifier: Apache-2.0
#include "sterna/net/dns.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

#include <array>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "dns_answer.h"
#include "handover.h"
#include "sterna/base/bytes.h"

namespace sterna::net {
namespace {

constexpr std::size_t kAnswerOctetsMax = 64 * 1024;
constexpr int kSecondsATry = 2;
constexpr int kTries = 2;

using Answer = Result<std::string>;  // the octets of the answer; "" where there is nothing

class Resolver {
 public:
  Resolver() : ready_(::res_ninit(&state_) == 0) {
    state_.retrans = kSecondsATry;
    state_.retry = kTries;
  }
  ~Resolver() {
    if (ready_) ::res_nclose(&state_);
  }
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  void use(const sockaddr_in& server) {
    state_.nsaddr_list[0] = server;
    state_.nscount = 1;
  }

  Answer ask(const std::string& name, ns_type type) {
    if (!ready_) return fail(ErrorCode::resolve, "the system's resolver cannot be used");
    std::string answer(kAnswerOctetsMax, '\0');
    const int size = ::res_nquery(&state_, name.c_str(), ns_c_in, type,
                                  reinterpret_cast<unsigned char*>(answer.data()),
                                  static_cast<int>(answer.size()));
    if (size >= 0) {
      answer.resize(std::min(static_cast<std::size_t>(size), answer.size()));
      return answer;
    }
    const int why = state_.res_h_errno;
    if (why == HOST_NOT_FOUND || why == NO_DATA) return std::string();
    return fail(ErrorCode::resolve,
                fmt::format("no answer about {}: {}", printable(name, 300), ::hstrerror(why)));
  }

 private:
  struct __res_state state_{};
  bool ready_;
};

class ResolverDns final : public io::Dns {
 public:
  ResolverDns(Loop::Core& core, std::optional<sockaddr_in> server) : core_(core), server_(server) {}

  coro::Task<Result<std::vector<io::SrvRecord>>> srv(std::string name) override {
    STERNA_CO_TRY(const std::string answer, co_await ask(name, ns_t_srv));
    co_return parse_srv(answer);
  }
  coro::Task<Result<std::vector<io::MxRecord>>> mx(std::string name) override {
    STERNA_CO_TRY(const std::string answer, co_await ask(name, ns_t_mx));
    co_return parse_mx(answer);
  }

 private:
  coro::Task<Answer> ask(std::string name, ns_type type) {
    Bell bell(core_);
    auto handover = std::make_shared<Handover<Answer>>(bell);
    try {
      std::thread([handover, name, type, server = server_] {
        Resolver resolver;
        if (server) resolver.use(*server);
        handover->give(resolver.ask(name, type));
      }).detach();
    } catch (const std::system_error& error) {
      co_return fail(ErrorCode::resolve, fmt::format("no thread: {}", error.code().message()));
    }
    Status waited = co_await bell.heard().wait();
    std::optional<Answer> answer = handover->leave();
    if (answer) co_return *std::move(answer);
    co_return fail(std::move(waited).error());
  }

  Loop::Core& core_;
  std::optional<sockaddr_in> server_;
};

std::optional<sockaddr_in> parse_server(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return std::nullopt;
  const auto port = parse_number(std::string_view(text).substr(colon + 1), 65535);
  sockaddr_in server{};
  server.sin_family = AF_INET;
  if (!port || ::inet_pton(AF_INET, text.substr(0, colon).c_str(), &server.sin_addr) != 1)
    return std::nullopt;
  server.sin_port = htons(static_cast<std::uint16_t>(*port));
  return server;
}

}  // namespace

Result<std::unique_ptr<io::Dns>> make_dns(Loop& loop, const std::string& server) {
  std::optional<sockaddr_in> address;
  if (!server.empty()) {
    address = parse_server(server);
    if (!address) {
      return fail(ErrorCode::usage,
                  fmt::format("{} is no ADDRESS:PORT of a name server", printable(server, 100)));
    }
  }
  return std::make_unique<ResolverDns>(loop.core(), address);
}

}  // namespace sterna::net
