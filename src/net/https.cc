// SPDX-License-Identifier: Apache-2.0
// The only file that sees libcurl. Nothing but https is spoken, no redirect is followed, nothing is
// unpacked, and what does not end is ended.
//
// The library brings thirty others along, which take some milliseconds and megabytes. Most
// commands, and most daemons, never ask a web server: it is loaded when the first one is asked.
#include "sterna/net/https.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "bell.h"
#include "core.h"
#include "sterna/base/assert.h"
#include "sterna/base/bytes.h"
#include "sterna/base/library.h"
#include "sterna/base/wiping_heap.h"
#include "tls_context.h"

namespace sterna::net {
namespace {

// More than any endpoint says of itself.
constexpr std::size_t kHeadersMax = 64 * 1024;
constexpr long kConnectMaxMs = 15'000;
constexpr long kProxyWantsLogin = 407;
// Threads at a time; others wait.
constexpr std::size_t kRequestsMax = 8;

// Those of its functions that are used.
struct Curl {
  decltype(&curl_global_init_mem) global_init_mem = nullptr;
  decltype(&curl_easy_init) easy_init = nullptr;
  decltype(&curl_easy_setopt) easy_setopt = nullptr;
  decltype(&curl_easy_perform) easy_perform = nullptr;
  decltype(&curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&curl_easy_strerror) easy_strerror = nullptr;
  decltype(&curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&curl_slist_append) slist_append = nullptr;
  decltype(&curl_slist_free_all) slist_free_all = nullptr;
};

Result<Curl> load_curl() {
  Curl curl;
  Library library({"libcurl.so.4", "asks web servers", "libcurl4"});
  library.find("curl_global_init_mem", curl.global_init_mem)
      .find("curl_easy_init", curl.easy_init)
      .find("curl_easy_setopt", curl.easy_setopt)
      .find("curl_easy_perform", curl.easy_perform)
      .find("curl_easy_getinfo", curl.easy_getinfo)
      .find("curl_easy_strerror", curl.easy_strerror)
      .find("curl_easy_cleanup", curl.easy_cleanup)
      .find("curl_slist_append", curl.slist_append)
      .find("curl_slist_free_all", curl.slist_free_all);
  STERNA_CHECK(library.found());
  // Requests and answers hold tokens, and lie whole in what it frees.
  const CURLcode result = curl.global_init_mem(CURL_GLOBAL_DEFAULT, ::malloc, wiping_free,
                                               wiping_realloc, ::strdup, ::calloc);
  if (result == CURLE_OK) return curl;
  return fail(Error(ErrorCode::unsupported, "libcurl, which asks web servers, cannot be used")
                  .with_scope(ErrorScope::process));
}

// Once for the process; on the loop's thread.
const Result<Curl>& curl_library() {
  static const Result<Curl> curl = load_curl();
  return curl;
}

// Precondition for everything below: it was loaded.
const Curl& curl() {
  return *curl_library();
}

// What the callbacks of one request work on.
struct Exchange {
  const io::HttpRequest& request;
  std::atomic<bool>& stop;
  io::HttpAnswer answer = {};
  std::size_t header_octets = 0;
  bool too_big = false;
  bool proxy_refuses_login = false;
  Status trust = {};
};

std::size_t take_body(char* data, std::size_t, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  WipedString& body = exchange.answer.body;
  if (count > exchange.request.octets_max - body.size()) {
    exchange.too_big = true;
    return 0;
  }
  const WipedDeletes wiped;
  body.append(data, count);
  return count;
}

std::size_t take_header(char*, std::size_t, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  exchange.header_octets += count;
  exchange.too_big = exchange.too_big || exchange.header_octets > kHeadersMax;
  return exchange.too_big ? 0 : count;
}

int keep_going(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Exchange*>(user)->stop ? 1 : 0;
}

CURLcode trust(CURL*, void* context, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  exchange.trust =
      trust_authorities(static_cast<SSL_CTX*>(context), exchange.request.ca_file, "oauth.ca_file");
  return exchange.trust ? CURLE_OK : CURLE_ABORTED_BY_CALLBACK;
}

// "https://host/path", which is all of it that may be shown.
std::string shown(std::string_view url) {
  return printable(url.substr(0, url.find_first_of("?#")), 200);
}

ErrorCode code_of(CURLcode result) {
  switch (result) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return ErrorCode::resolve;
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
      return ErrorCode::connect;
    case CURLE_OPERATION_TIMEDOUT:
      return ErrorCode::timeout;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
      return ErrorCode::tls;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return ErrorCode::certificate;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return ErrorCode::config;
    case CURLE_WRITE_ERROR:
      return ErrorCode::too_big;
    default:
      return ErrorCode::disconnected;
  }
}

// What the proxy has to do with it cannot always be told, so that it is named in any case.
Error by_proxy(Error error, const io::Proxy& proxy) {
  const bool is_of_environment = proxy.host.empty();
  if (!is_of_environment)
    error.add_context(fmt::format("proxy {}:{}", printable(proxy.host), proxy.port));
  if (error.is(ErrorCode::login)) {
    return std::move(error)
        .with_disposition(Disposition::needs_user)
        .with_hint(is_of_environment
                       ? "check user and password of the proxy that the environment names"
                       : "check user and password in `proxy`: socks5h://USER:PASSWORD@HOST:PORT");
  }
  const bool unreached = error.is(ErrorCode::resolve) || error.is(ErrorCode::connect);
  if (is_of_environment || !unreached) return error;
  return std::move(error).with_hint("check `proxy`, and what it allows");
}

Error failed(CURLcode result, const Exchange& exchange, const char* detail) {
  if (!exchange.trust) return exchange.trust.error();
  if (exchange.stop) return Error::cancelled();
  const std::string asked = shown(exchange.request.url);
  if (exchange.too_big) {
    return Error(ErrorCode::too_big, fmt::format("{} answered with more than {}", asked,
                                                 human_bytes(exchange.request.octets_max)));
  }
  const std::string why =
      printable(detail && *detail != '\0' ? detail : curl().easy_strerror(result), 300);
  const ErrorCode code = exchange.proxy_refuses_login ? ErrorCode::login : code_of(result);
  Error error = by_proxy(Error(code, fmt::format("{}: {}", asked, why)), exchange.request.proxy);
  if (!error.is(ErrorCode::certificate)) return error;
  return std::move(error).with_hint(
      "if its authority is your own: name its certificate in oauth.ca_file, or in the environment "
      "as SSL_CERT_FILE");
}

struct Cleanup {
  void operator()(CURL* easy) const { curl().easy_cleanup(easy); }
  void operator()(curl_slist* list) const { curl().slist_free_all(list); }
};

class Easy {
 public:
  Easy() : easy_(curl().easy_init()) { STERNA_ASSERT(easy_); }

  template <class Value>
  void set(CURLoption option, Value value) {
    STERNA_ASSERT((*curl().easy_setopt)(easy_.get(), option, value) == CURLE_OK);
  }
  CURL* get() const { return easy_.get(); }

 private:
  std::unique_ptr<CURL, Cleanup> easy_;
};

using List = std::unique_ptr<curl_slist, Cleanup>;

List list_of(const std::vector<std::string>& lines) {
  List list;
  for (const std::string& line : lines) {
    curl_slist* longer = curl().slist_append(list.get(), line.c_str());
    STERNA_ASSERT(longer);
    static_cast<void>(list.release());
    list.reset(longer);
  }
  return list;
}

// As CURLOPT_PROXYUSERPWD, which is decoded by every libcurl. CURLOPT_PROXYUSERNAME and _PASSWORD
// are decoded by some, and taken as they are by others.
WipedString login_of(const io::Proxy& proxy) {
  const WipedString user = url_encoded(proxy.user);
  const WipedString password = url_encoded(proxy.password.reveal());
  WipedString login;
  login.reserve(user.size() + 1 + password.size());
  login += user;
  login += ':';
  login += password;
  return login;
}

void set_proxy(Easy& easy, const io::Proxy& proxy) {
  if (proxy.host.empty()) return;
  const bool is_ipv6 = proxy.host.contains(':');
  const std::string host = is_ipv6 ? fmt::format("[{}]", proxy.host) : proxy.host;
  easy.set(CURLOPT_PROXY, fmt::format("socks5h://{}:{}", host, proxy.port).c_str());
  // Else `no_proxy` of the environment would lead around it.
  easy.set(CURLOPT_NOPROXY, "");
  easy.set(CURLOPT_SOCKS5_AUTH, static_cast<long>(CURLAUTH_BASIC));
  if (!proxy.user.empty()) easy.set(CURLOPT_PROXYUSERPWD, login_of(proxy).c_str());
}

void prepare(Easy& easy, Exchange& exchange, const curl_slist* headers, curl_slist* connect_to) {
  const io::HttpRequest& request = exchange.request;
  easy.set(CURLOPT_URL, request.url.c_str());
  easy.set(CURLOPT_PROTOCOLS_STR, "https");
  easy.set(CURLOPT_FOLLOWLOCATION, 0L);
  easy.set(CURLOPT_NOSIGNAL, 1L);
  easy.set(CURLOPT_QUICK_EXIT, 1L);  // a resolver that does not answer is left behind
  easy.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  easy.set(CURLOPT_HTTPHEADER, headers);
  easy.set(CURLOPT_CONNECT_TO, connect_to);
  set_proxy(easy, request.proxy);
  easy.set(CURLOPT_USERAGENT, "sterna");
  easy.set(CURLOPT_CONNECTTIMEOUT_MS, kConnectMaxMs);
  easy.set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.limit.count()));
  easy.set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  easy.set(CURLOPT_CAINFO, static_cast<const char*>(nullptr));
  easy.set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  easy.set(CURLOPT_SSL_CTX_FUNCTION, trust);
  easy.set(CURLOPT_SSL_CTX_DATA, static_cast<void*>(&exchange));
  easy.set(CURLOPT_WRITEFUNCTION, take_body);
  easy.set(CURLOPT_WRITEDATA, static_cast<void*>(&exchange));
  easy.set(CURLOPT_HEADERFUNCTION, take_header);
  easy.set(CURLOPT_HEADERDATA, static_cast<void*>(&exchange));
  easy.set(CURLOPT_NOPROGRESS, 0L);
  easy.set(CURLOPT_XFERINFOFUNCTION, keep_going);
  easy.set(CURLOPT_XFERINFODATA, static_cast<void*>(&exchange));
  if (!request.form) return;
  const std::string_view form = request.form->reveal();
  easy.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(form.size()));
  easy.set(CURLOPT_POSTFIELDS, form.data());
}

// By SOCKS (RFC 1929; also where it takes no way to log in that was offered), or by HTTP.
bool is_refused_by_proxy(const Easy& easy) {
  long socks = CURLPX_OK;
  (*curl().easy_getinfo)(easy.get(), CURLINFO_PROXY_ERROR, &socks);
  long http = 0;
  (*curl().easy_getinfo)(easy.get(), CURLINFO_HTTP_CONNECTCODE, &http);
  return socks == CURLPX_USER_REJECTED || socks == CURLPX_NO_AUTH || http == kProxyWantsLogin;
}

void take_facts(const Easy& easy, io::HttpAnswer& answer) {
  long status = 0;
  (*curl().easy_getinfo)(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  const char* type = nullptr;
  (*curl().easy_getinfo)(easy.get(), CURLINFO_CONTENT_TYPE, &type);
  if (type) answer.content_type = type;
  const char* redirect = nullptr;
  (*curl().easy_getinfo)(easy.get(), CURLINFO_REDIRECT_URL, &redirect);
  if (redirect) answer.redirect = redirect;
  curl_off_t retry_after = 0;
  (*curl().easy_getinfo)(easy.get(), CURLINFO_RETRY_AFTER, &retry_after);
  if (retry_after > 0) answer.retry_after = std::chrono::seconds(retry_after);
}

// On a thread of its own.
Result<io::HttpAnswer> exchange_now(const io::HttpRequest& request, std::atomic<bool>& stop) {
  Easy easy;
  Exchange exchange{.request = request, .stop = stop};
  const List headers = list_of({"Accept: " + request.accept});
  const List connect_to = list_of(request.connect_to);
  char detail[CURL_ERROR_SIZE] = {};
  easy.set(CURLOPT_ERRORBUFFER, static_cast<char*>(detail));
  prepare(easy, exchange, headers.get(), connect_to.get());
  const CURLcode result = curl().easy_perform(easy.get());
  if (result != CURLE_OK) {
    exchange.proxy_refuses_login = is_refused_by_proxy(easy);
    return fail(failed(result, exchange, detail));
  }
  take_facts(easy, exchange.answer);
  return std::move(exchange.answer);
}

class CurlHttp final : public io::Http {
 public:
  explicit CurlHttp(Loop::Core& core) : core_(core) {}

  coro::Task<Result<io::HttpAnswer>> send(io::HttpRequest request) override {
    if (!curl_library()) co_return fail(curl_library().error());
    STERNA_CO_TRY(const coro::Semaphore::Permit permit, co_await requests_.hold());
    Result<io::HttpAnswer> answer = fail(ErrorCode::internal, "not asked");
    std::atomic<bool> stop = false;
    Bell bell(core_);
    std::thread thread;
    try {
      thread = std::thread([&request, &stop, &answer, &bell] {
        answer = exchange_now(request, stop);
        wipe_leftovers();
        bell.ring();
      });
    } catch (const std::system_error& error) {
      co_return fail(ErrorCode::io, fmt::format("no thread: {}", error.code().message()));
    }
    const Status heard = co_await bell.heard().wait();
    if (!heard) {
      stop = true;
      static_cast<void>(co_await bell.heard().wait_regardless());
    }
    thread.join();
    co_return answer;
  }

 private:
  Loop::Core& core_;
  coro::Semaphore requests_{kRequestsMax};
};

}  // namespace

std::unique_ptr<io::Http> make_http(Loop& loop) {
  return std::make_unique<CurlHttp>(loop.core());
}

}  // namespace sterna::net
