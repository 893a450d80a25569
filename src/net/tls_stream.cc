// SPDX-License-Identifier: Apache-2.0
// OpenSSL reads and writes through a BIO of our own over two strings. It saves a copy of every
// octet against OpenSSL's memory BIO.
#include "tls_stream.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>

#include <algorithm>
#include <cstring>

#include "channel_binding.h"
#include "sterna/base/assert.h"

namespace sterna::net {
namespace {

constexpr std::size_t kRecordMax = 16 * 1024;

}  // namespace

struct TlsStream::Pipe {
  static int read(BIO* bio, char* data, int size) {
    auto& stream = *static_cast<TlsStream*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    const std::size_t left = stream.input_.size() - stream.input_used_;
    if (left == 0) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const std::size_t taken = std::min(left, static_cast<std::size_t>(size));
    std::memcpy(data, stream.input_.data() + stream.input_used_, taken);
    stream.input_used_ += taken;
    return static_cast<int>(taken);
  }

  static int write(BIO* bio, const char* data, int size) {
    BIO_clear_retry_flags(bio);
    static_cast<TlsStream*>(BIO_get_data(bio))
        ->output_.append(data, static_cast<std::size_t>(size));
    return size;
  }

  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static BIO_METHOD* method() {
    // Lives as long as the process, like OpenSSL's own.
    static BIO_METHOD* const made = [] {
      BIO_METHOD* fresh = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sterna pipe");
      STERNA_ASSERT(fresh);
      BIO_meth_set_read(fresh, read);
      BIO_meth_set_write(fresh, write);
      BIO_meth_set_ctrl(fresh, control);
      return fresh;
    }();
    return made;
  }
};

Result<std::unique_ptr<TlsStream>> TlsStream::create(const TlsContext& context,
                                                     const std::string& host) {
  ERR_clear_error();
  std::unique_ptr<TlsStream> stream(new TlsStream);
  stream->check_.host = host;
  stream->check_.pins = context.settings().pin_sha256;
  stream->ssl_.reset(SSL_new(context.get()));
  SSL* ssl = stream->ssl_.get();
  BIO* bio = ssl ? BIO_new(Pipe::method()) : nullptr;
  if (!bio) return fail(ErrorCode::tls, take_openssl_error());
  BIO_set_data(bio, stream.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
  SSL_set_app_data(ssl, &stream->check_);
  SSL_set_connect_state(ssl);
  if (!expect_host(SSL_get0_param(ssl), host))
    return fail(ErrorCode::certificate, "no host name to check the certificate against");
  // RFC 6066 section 3: a name, never an address.
  if (!is_ip_literal(host)) {
    const std::string name = host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
    SSL_set_tlsext_host_name(ssl, name.c_str());
  }
  return stream;
}

Error TlsStream::failure() {
  if (check_.failure) {
    ERR_clear_error();
    return *std::exchange(check_.failure, std::nullopt);
  }
  const int reason = ERR_GET_REASON(ERR_peek_error());
  Error error(ErrorCode::tls, "TLS: " + take_openssl_error());
  if (reason == SSL_R_WRONG_VERSION_NUMBER)  // a greeting, for example
    return Error(ErrorCode::tls,
                 "TLS: the server sent octets before TLS began (wrong version number)")
        .with_hint("the port may not speak TLS from the start; if so, set tls.mode = \"starttls\"");
  if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION)
    return std::move(error).with_hint("the server speaks no version of TLS that is safe enough");
  return error;
}

Result<TlsStream::Step> TlsStream::handshake() {
  ERR_clear_error();
  const int outcome = SSL_do_handshake(ssl_.get());
  input_.erase(0, std::exchange(input_used_, 0));
  if (outcome == 1) return Step::done;
  if (SSL_get_error(ssl_.get(), outcome) == SSL_ERROR_WANT_READ) return Step::wants_input;
  return fail(failure());
}

Result<std::size_t> TlsStream::read(std::string& into, std::size_t octets_max) {
  if (broken_) return fail(*broken_);
  if (ended_) return std::size_t{0};
  const std::size_t before = into.size();
  int problem = SSL_ERROR_NONE;
  ERR_clear_error();
  into.resize_and_overwrite(before + octets_max, [&](char* data, std::size_t size) {
    std::size_t filled = before;
    // A call yields one record at most.
    while (filled < size) {
      std::size_t count = 0;
      const int outcome = SSL_read_ex(ssl_.get(), data + filled, size - filled, &count);
      if (outcome != 1) {
        problem = SSL_get_error(ssl_.get(), outcome);
        break;
      }
      filled += count;
    }
    return filled;
  });
  input_.erase(0, std::exchange(input_used_, 0));
  const std::size_t count = into.size() - before;
  if (problem == SSL_ERROR_ZERO_RETURN) ended_ = true;
  if (problem == SSL_ERROR_NONE || problem == SSL_ERROR_WANT_READ || ended_) return count;
  // What came before the damage is whole and authentic, so it is given out first.
  broken_ = failure();
  if (count > 0) return count;
  return fail(*broken_);
}

Status TlsStream::write(std::string_view bytes) {
  ERR_clear_error();
  // Room for the records' headers and tags.
  output_.reserve(output_.size() + bytes.size() + (bytes.size() / kRecordMax + 1) * 64);
  while (!bytes.empty()) {
    std::size_t count = 0;
    if (SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count) != 1) return fail(failure());
    bytes.remove_prefix(count);
  }
  return {};
}

void TlsStream::end() {
  ERR_clear_error();
  if (SSL_is_init_finished(ssl_.get())) SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

io::TlsInfo TlsStream::info() const {
  io::TlsInfo info;
  info.version = SSL_get_version(ssl_.get());
  info.cipher = SSL_get_cipher_name(ssl_.get());
  if (X509* certificate = SSL_get0_peer_certificate(ssl_.get())) {
    info.subject = subject_of(certificate);
    info.issuer = issuer_of(certificate);
    info.expires = expiry_of(certificate);
  }
  return info;
}

std::vector<io::ChannelBinding> TlsStream::channel_bindings() const {
  return channel_bindings_of(ssl_.get());
}

}  // namespace sterna::net
