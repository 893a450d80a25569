// SPDX-License-Identifier: Apache-2.0
// A home directory of a test's own, with configuration files in it and an environment that is
// injected.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/config/load.h"

namespace sterna::config {

class Home {
 public:
  Home() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "sterna-config-XXXXXX").string();
    root_ = std::filesystem::canonical(::mkdtemp(pattern.data())).string();
  }
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;
  ~Home() { std::filesystem::remove_all(root_); }

  const std::string& root() const { return root_; }
  std::string at(std::string_view below) const { return root_ + "/" + std::string(below); }

  // Writes a file, its directories too; the full path.
  std::string write(std::string_view below, std::string_view text, mode_t mode = 0600) const {
    const std::filesystem::path path = at(below);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    ::chmod(path.c_str(), mode);
    return path.string();
  }

  void set(const std::string& variable, std::string value) {
    variables_[variable] = std::move(value);
  }

  LoadOptions options() const {
    LoadOptions options;
    options.home = root_;
    options.system_directory = at("etc");
    options.env = [this](std::string_view name) -> std::optional<std::string> {
      const auto it = variables_.find(std::string(name));
      return it == variables_.end() ? std::nullopt : std::optional(it->second);
    };
    return options;
  }

  std::expected<Config, std::vector<Problem>> load() const { return load_or_problems(options()); }

  // Loads `text` as the one file, c.toml.
  std::expected<Config, std::vector<Problem>> load_text(std::string_view text) const {
    LoadOptions with_file = options();
    with_file.file = write("c.toml", text);
    return load_or_problems(with_file);
  }

 private:
  std::string root_;
  std::map<std::string, std::string> variables_;
};

// The problems, a line each, with the directory of the test cut off.
inline std::string describe(const std::vector<Problem>& problems, const Home& home) {
  std::string text;
  for (const Problem& problem : problems) text += problem.describe() + "\n";
  const std::string prefix = home.root() + "/";
  for (std::size_t at = 0; (at = text.find(prefix, at)) != std::string::npos;) {
    text.erase(at, prefix.size());
  }
  return text;
}

// The problems of `text` as a file of its own; empty if it is sound.
inline std::string problems_of(std::string_view text) {
  const Home home;
  const auto loaded = home.load_text(text);
  return loaded ? std::string() : describe(loaded.error(), home);
}

// The one account of a sound text.
inline AccountConfig account_of(const Home& home, std::string_view text) {
  const auto loaded = home.load_text(text);
  if (!loaded) {
    ADD_FAILURE() << describe(loaded.error(), home);
    return {};
  }
  EXPECT_EQ(loaded->accounts.size(), 1U);
  return loaded->accounts.front();
}

inline AccountConfig account_of(std::string_view text) {
  return account_of(Home(), text);
}

// An account that needs nothing more; what follows goes into it.
inline constexpr std::string_view kMinimal =
    "[account.a]\naddress = \"ann@example.org\"\nhost = \"imap.example.org\"\n";

}  // namespace sterna::config
