// SPDX-License-Identifier: Apache-2.0
// Library: the functions of a shared library that is loaded when the first of them is needed. What
// few commands use costs the others, and a daemon, neither time at the start nor memory.
#pragma once

#include <optional>
#include <string>

#include "sterna/base/result.h"

namespace sterna {

struct LibraryName {
  const char* file;     // "libcurl.so.4"
  const char* use;      // "asks web servers"
  const char* package;  // Debian's: "libcurl4"
};

// Not unloaded: what was found stays good until the process ends.
class Library {
 public:
  explicit Library(LibraryName name);

  // Sets `symbol`, a pointer to a function or to data, to what has that name. Its type is believed.
  template <class Symbol>
  Library& find(const char* name, Symbol*& symbol) {
    symbol = reinterpret_cast<Symbol*>(look_up(name));
    return *this;
  }

  // ErrorCode::unsupported, with the package to install, unless all that was asked for is there.
  Status found() const;

 private:
  void* look_up(const char* name);
  void note_failure();

  LibraryName name_;
  void* handle_ = nullptr;
  std::optional<std::string> failure_;  // the first one
};

}  // namespace sterna
