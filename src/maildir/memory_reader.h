// SPDX-License-Identifier: Apache-2.0
// Octets at hand, read like a file.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "sterna/io/file_system.h"

namespace sterna::maildir {

// `octets` must outlive it.
class MemoryReader final : public io::FileReader {
 public:
  explicit MemoryReader(std::string_view octets) : octets_(octets) {}

  Result<io::FileStat> stat() override {
    io::FileStat stat;
    stat.type = io::FileType::file;
    stat.size = octets_.size();
    return stat;
  }
  Result<std::size_t> read(std::string& into, std::size_t octets_max) override {
    const std::string_view piece = octets_.substr(at_, octets_max);
    into += piece;
    at_ += piece.size();
    return piece.size();
  }

 private:
  std::string_view octets_;
  std::size_t at_ = 0;
};

}  // namespace sterna::maildir
