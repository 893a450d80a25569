// SPDX-License-Identifier: Apache-2.0
#include "sterna/base/library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include "sterna/base/bytes.h"

namespace sterna {
namespace {

constexpr std::size_t kReasonShown = 200;

}  // namespace

Library::Library(LibraryName name)
    : name_(name), handle_(::dlopen(name.file, RTLD_NOW | RTLD_LOCAL)) {
  if (!handle_) note_failure();
}

void* Library::look_up(const char* name) {
  if (!handle_) return nullptr;
  void* symbol = ::dlsym(handle_, name);
  if (!symbol) note_failure();
  return symbol;
}

void Library::note_failure() {
  const char* why = ::dlerror();
  if (!failure_) failure_ = why ? printable(why, kReasonShown) : "no reason is told";
}

Status Library::found() const {
  if (!failure_) return {};
  return fail(
      Error(ErrorCode::unsupported, fmt::format("cannot load {} (package {}), which {}: {}",
                                                name_.file, name_.package, name_.use, *failure_))
          .with_hint(fmt::format("install the package {}", name_.package))
          .with_scope(ErrorScope::process));
}

}  // namespace sterna
