// SPDX-License-Identifier: Apache-2.0
// A directory of the real file system, held open, so that its path no longer matters.
#pragma once

#include <string>

#include "posix_file.h"
#include "sterna/base/unique_fd.h"
#include "sterna/io/file_system.h"

namespace sterna::net {

class PosixDirectory : public io::Directory {
 public:
  // `path` is said in errors.
  PosixDirectory(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<io::FileStat> stat() override;
  Result<io::FileStat> stat_at(std::string_view name) override;
  Result<io::DirectoryListing> list() override;
  Status may_change() override;
  Result<std::unique_ptr<io::Directory>> open_directory(std::string_view name) override;
  Status make_directory(std::string_view name) override;
  Status remove_directory(std::string_view name) override;
  Status rename_at(std::string_view name, io::Directory& to, std::string_view new_name) override;
  Status unlink_at(std::string_view name) override;
  Result<std::unique_ptr<io::FileReader>> open_file(std::string_view name) override;
  Result<std::unique_ptr<io::FileWriter>> create_file(std::string_view temporary) override;
  Status place(io::FileWriter& file, std::string_view name) override;
  Status write_beside(std::string_view name, std::string_view content) override;
  Status put_beside(std::string_view name) override;
  Status drop_beside(std::string_view name) override;
  Result<bool> lock() override;
  Status sync() override;
  Status sync_file_system() override;
  Result<std::uint64_t> free_bytes() override;
  Result<std::uint64_t> size_bytes() override;
  Result<bool> is_network_file_system() override;

 private:
  OpenDirectory here() const { return {fd_.get(), path_}; }
  Error failed(int number, std::string_view doing, std::string_view name) const;
  Status outcome(int returned, std::string_view doing, std::string_view name) const;
  Status outcome_here(int returned, std::string_view doing) const;

  UniqueFd fd_;
  std::string path_;
};

}  // namespace sterna::net
