// SPDX-License-Identifier: Apache-2.0
#include "peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "sterna/base/assert.h"

namespace sterna::net::test {
namespace {

sockaddr_in address_of(const std::string& address, std::uint16_t port) {
  sockaddr_in made{};
  made.sin_family = AF_INET;
  made.sin_port = htons(port);
  STERNA_ASSERT(::inet_pton(AF_INET, address.c_str(), &made.sin_addr) == 1);
  return made;
}

UniqueFd listen_on(const std::string& address, std::uint16_t port, int backlog) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in name = address_of(address, port);
  STERNA_ASSERT(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0);
  STERNA_ASSERT(::listen(fd.get(), backlog) == 0);
  return fd;
}

std::uint16_t port_of(int fd) {
  sockaddr_in name{};
  socklen_t length = sizeof name;
  STERNA_ASSERT(::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &length) == 0);
  return ntohs(name.sin_port);
}

}  // namespace

Connection::Connection(UniqueFd fd) : fd_(std::move(fd)) {
  const timeval bound{.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound);
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof bound);
}

bool Connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t sent = 0;
    if (ssl_) {
      if (SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent) != 1) return false;
    } else {
      const ssize_t count = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count < 0) return false;
      sent = static_cast<std::size_t>(count);
    }
    bytes.remove_prefix(sent);
  }
  return true;
}

std::size_t Connection::receive(char* data, std::size_t size) {
  std::size_t received = 0;
  if (ssl_) return SSL_read_ex(ssl_.get(), data, size, &received) == 1 ? received : 0;
  const ssize_t count = ::recv(fd_.get(), data, size, 0);
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

std::string Connection::receive_until(std::string_view end) {
  std::string text;
  char octet = 0;
  while (!text.ends_with(end) && receive(&octet, 1) == 1) text.push_back(octet);
  return text;
}

std::string Connection::receive_exactly(std::size_t octets) {
  std::string text(octets, '\0');
  std::size_t place = 0;
  while (place < octets) {
    const std::size_t count = receive(text.data() + place, octets - place);
    if (count == 0) break;
    place += count;
  }
  text.resize(place);
  return text;
}

bool Connection::start_tls(const Identity& identity, int maximum) {
  context_.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* context = context_.get();
  if (maximum != 0) {
    // Old versions are for tests of refusal; today's security level would not offer them.
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context, maximum);
  }
  SSL_CTX_use_certificate(context, identity.certificate.get());
  SSL_CTX_use_PrivateKey(context, identity.key.get());
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
  ssl_.reset(SSL_new(context));
  SSL_set_fd(ssl_.get(), fd_.get());
  const bool done = SSL_accept(ssl_.get()) == 1;
  ERR_clear_error();
  if (!done) ssl_.reset();
  return done;
}

std::string Connection::client_name() const {
  X509* certificate = SSL_get0_peer_certificate(ssl_.get());
  if (!certificate) return {};
  std::array<char, 256> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(),
                            static_cast<int>(name.size()));
  return name.data();
}

void Connection::end_tls() {
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

bool Connection::got_close_notify() const {
  return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

void Connection::wait_for_end() {
  std::array<char, 4096> chunk;
  while (::recv(fd_.get(), chunk.data(), chunk.size(), 0) > 0) {
  }
}

void Connection::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ssl_.reset();
  fd_.reset();
}

Peer::Peer(std::function<void(Connection&)> script, std::string address)
    : listener_(listen_on(address, 0, 8)), port_(port_of(listener_.get())) {
  // OpenSSL writes without MSG_NOSIGNAL.
  ::signal(SIGPIPE, SIG_IGN);
  thread_ = std::thread([this, script = std::move(script)] {
    UniqueFd accepted(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!accepted) return;
    Connection connection(std::move(accepted));
    script(connection);
  });
}

Peer::~Peer() {
  // Wakes an accept() that nobody connects to any more.
  ::shutdown(listener_.get(), SHUT_RDWR);
  join();
}

void Peer::join() {
  if (thread_.joinable()) thread_.join();
}

SilentListener::SilentListener(const std::string& address, std::uint16_t port)
    : listener_(listen_on(address, port, 0)), port_(port_of(listener_.get())) {
  const sockaddr_in name = address_of(address, port_);
  for (UniqueFd& filler : fillers_) {
    filler = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    ::connect(filler.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name);
  }
}

std::uint16_t unused_port() {
  return port_of(listen_on("127.0.0.1", 0, 1).get());
}

}  // namespace sterna::net::test
