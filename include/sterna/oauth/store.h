// SPDX-License-Identifier: Apache-2.0
// TokenStore: the tokens of one account on the disk, in a file `tokens` of its state directory.
//
// The file has mode 0600 and is replaced by rename, whole and durable, or not at all. With a key it
// is encrypted (AES-256-GCM); without one it is as safe as the directory. Who changes it holds the
// lock, and reads again after getting it: processes beside one another never use up one refresh
// token twice. All of it blocks; any thread.
#pragma once

#include <optional>
#include <string>

#include "sterna/base/result.h"
#include "sterna/base/secret.h"
#include "sterna/base/unique_fd.h"
#include "sterna/oauth/tokens.h"

namespace sterna::oauth {

// The key that systemd hands out as the credential `sterna-token-key`, if there is one. Fails with
// ErrorCode::secret where it cannot be read, or is too short to be a key.
Result<std::optional<Secret>> token_key_of_environment();

class TokenStore {
 public:
  // Of a key that could not be had the error is kept, and met by whatever needs it.
  TokenStore(std::string state_dir, std::string account, Result<std::optional<Secret>> key);

  // None where there is no login. Errors: secret (encrypted, and no key, or another one; open to
  // others), corrupt, io.
  Result<std::optional<Tokens>> read() const;
  // Durable on return. Precondition, here and below: the lock is held.
  Status write(const Tokens& tokens) const;
  Status forget() const;

  // Until it dies. None where another process has it.
  class Lock {
   private:
    friend class TokenStore;
    explicit Lock(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
  };
  Result<std::optional<Lock>> try_lock() const;

  const std::string& path() const { return path_; }
  // Whether what is written is encrypted; whether what is there is.
  bool encrypts() const { return key_ && *key_; }
  bool is_encrypted() const;

 private:
  std::string state_dir_;
  std::string account_;
  std::string path_;
  Result<std::optional<Secret>> key_;
};

}  // namespace sterna::oauth
