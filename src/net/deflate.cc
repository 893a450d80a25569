// SPDX-License-Identifier: Apache-2.0
#include "deflate.h"

#include <zlib.h>

#include <algorithm>

#include "sterna/base/assert.h"

namespace sterna::net {
namespace {

// RFC 4978: no zlib header; the largest window.
constexpr int kRawWindowBits = -15;
constexpr int kMemoryLevel = 8;
// Both are far below what avail_in and avail_out hold.
constexpr std::size_t kInputStep = 1 << 20;
constexpr std::size_t kOutputStep = 16 * 1024;

Bytef* octets(const char* data) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(data));
}

}  // namespace

Deflater::Deflater() : stream_(new z_stream{}) {
  STERNA_ASSERT(deflateInit2(stream_.get(), Z_DEFAULT_COMPRESSION, Z_DEFLATED, kRawWindowBits,
                             kMemoryLevel, Z_DEFAULT_STRATEGY) == Z_OK);
}

void Deflater::End::operator()(z_stream_s* stream) const {
  deflateEnd(stream);
  delete stream;
}

void Deflater::write(std::string_view bytes, bool flush, std::string& out) {
  do {
    std::string_view step = bytes.substr(0, kInputStep);
    bytes.remove_prefix(step.size());
    const int mode = flush && bytes.empty() ? Z_SYNC_FLUSH : Z_NO_FLUSH;
    stream_->next_in = octets(step.data());
    stream_->avail_in = static_cast<uInt>(step.size());
    do {
      const std::size_t before = out.size();
      out.resize_and_overwrite(before + kOutputStep, [&](char* data, std::size_t) {
        stream_->next_out = octets(data + before);
        stream_->avail_out = kOutputStep;
        const int outcome = deflate(stream_.get(), mode);
        STERNA_ASSERT(outcome == Z_OK || outcome == Z_BUF_ERROR);
        return before + kOutputStep - stream_->avail_out;
      });
      // Room left over means that nothing is pending.
    } while (stream_->avail_out == 0);
  } while (!bytes.empty());
}

Inflater::Inflater() : stream_(new z_stream{}) {
  STERNA_ASSERT(inflateInit2(stream_.get(), kRawWindowBits) == Z_OK);
}

void Inflater::End::operator()(z_stream_s* stream) const {
  inflateEnd(stream);
  delete stream;
}

Result<std::size_t> Inflater::read(std::string& into, std::size_t octets_max) {
  if (ended_ || octets_max == 0) return std::size_t{0};
  const std::size_t available = std::min(input_.size(), kInputStep);
  const std::size_t room = std::min(octets_max, kInputStep);
  const std::size_t before = into.size();
  stream_->next_in = octets(input_.data());
  stream_->avail_in = static_cast<uInt>(available);
  int outcome = Z_OK;
  into.resize_and_overwrite(before + room, [&](char* data, std::size_t) {
    stream_->next_out = octets(data + before);
    stream_->avail_out = static_cast<uInt>(room);
    outcome = inflate(stream_.get(), Z_SYNC_FLUSH);
    return before + room - stream_->avail_out;
  });
  input_.erase(0, available - stream_->avail_in);
  ended_ = outcome == Z_STREAM_END;
  // Z_BUF_ERROR: there was nothing to do without more input.
  if (outcome != Z_OK && outcome != Z_BUF_ERROR && !ended_)
    return fail(ErrorCode::protocol, "the compressed stream is damaged");
  return into.size() - before;
}

}  // namespace sterna::net
