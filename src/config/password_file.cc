// SPDX-License-Identifier: Apache-2.0
#include "sterna/config/password_file.h"

#include <utility>

#include "files.h"

namespace sterna::config {
namespace {

Error unusable(const std::string& why) {
  return Error(ErrorCode::secret, "password file " + why)
      .with_hint(
          "write the password into the file that password_file names, in its first line, "
          "and keep it to yourself: chmod 600");
}

}  // namespace

Result<Secret> first_line_secret(std::string text) {
  const std::string_view whole = text;
  std::string_view line = whole.substr(0, whole.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  Secret secret{std::string(line)};
  wipe(text);
  if (secret.empty()) return fail(ErrorCode::secret, "the first line is empty");
  return secret;
}

Result<Secret> read_password_file(const std::string& path) {
  auto file = read_regular_file(path, kPasswordOctetsMax);
  if (!file) return fail(unusable(file.error().message()));
  auto secret = first_line_secret(std::move(file->text));
  if (readable_by_others(file->mode)) {
    return fail(Error(ErrorCode::secret,
                      "password file " + path + ": can be read by the group or by others")
                    .with_hint("chmod 600 " + path));
  }
  if (!secret) return fail(unusable(path + ": " + secret.error().message()));
  return secret;
}

Result<Secret> read_credential_file(const std::string& path) {
  auto file = read_regular_file(path, kPasswordOctetsMax);
  if (!file) return fail(ErrorCode::secret, file.error().message());
  return first_line_secret(std::move(file->text));
}

}  // namespace sterna::config
