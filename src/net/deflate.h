// SPDX-License-Identifier: Apache-2.0
// Raw deflate (RFC 1951) in both directions, for COMPRESS=DEFLATE (RFC 4978). Octets in, octets
// out.
//
// What the Inflater makes is bounded by what the caller asks for, so a stream that inflates a
// thousandfold costs its reader no more memory than any other.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "sterna/base/result.h"

struct z_stream_s;

namespace sterna::net {

class Deflater {
 public:
  Deflater();

  // Appends `bytes`, deflated, to `out`. `flush`: so that the peer can inflate all of it.
  void write(std::string_view bytes, bool flush, std::string& out);

 private:
  struct End {
    void operator()(z_stream_s* stream) const;
  };
  std::unique_ptr<z_stream_s, End> stream_;
};

class Inflater {
 public:
  Inflater();

  // Deflated octets that were not inflated yet; append to it.
  std::string& input() { return input_; }
  // Appends at most `octets_max` octets to `into`; 0 where it needs more input, or where the stream
  // has ended. ErrorCode::protocol if it is not deflate.
  Result<std::size_t> read(std::string& into, std::size_t octets_max);
  bool ended() const { return ended_; }

 private:
  struct End {
    void operator()(z_stream_s* stream) const;
  };
  std::unique_ptr<z_stream_s, End> stream_;
  std::string input_;
  bool ended_ = false;
};

}  // namespace sterna::net
