// SPDX-License-Identifier: Apache-2.0
// Http: single questions to web servers, over TLS alone.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sterna/base/result.h"
#include "sterna/base/secret.h"
#include "sterna/coro/task.h"
#include "sterna/io/transport.h"

namespace sterna::io {

struct HttpRequest {
  std::string url;                  // https
  std::optional<Secret> form = {};  // POST of application/x-www-form-urlencoded; none: GET
  std::string accept = "application/json";
  // HOST:PORT:TO_HOST:TO_PORT each: where a connection to the first goes instead. TLS still wants
  // the certificate of the first.
  std::vector<std::string> connect_to = {};
  // By which the server is reached, whatever the environment says.
  Proxy proxy = {};
  std::string ca_file = {};  // authorities that are trusted beside the system's, or empty
  std::size_t octets_max = 256 * 1024;  // of the body
  std::chrono::milliseconds limit = std::chrono::seconds(30);
};

struct HttpAnswer {
  int status = 0;
  std::string content_type = {};
  std::string redirect = {};  // of a redirect: the URL that it leads to, whole; foreign text
  std::optional<std::chrono::seconds> retry_after = {};  // not negative
  WipedString body = {};
};

class Http {
 public:
  virtual ~Http() = default;
  // Any answer that is whole, whatever its status; redirects are answers. Where the request names
  // no proxy, the one that the environment names is used. Errors: resolve, connect, tls,
  // certificate, login (the proxy refuses its user), disconnected, timeout, too_big, cancelled,
  // unsupported (there is no such library). They name the host and the path, and the request's
  // proxy, and never what stands behind the path or in the form.
  virtual coro::Task<Result<HttpAnswer>> send(HttpRequest request) = 0;
};

}  // namespace sterna::io
