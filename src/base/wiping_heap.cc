// SPDX-License-Identifier: Apache-2.0
// All of it stands on malloc(), so that no library can tell who frees.
#include "sterna/base/wiping_heap.h"

#include <malloc.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "sterna/base/log.h"

// Sanitizers have operators of their own, which find what is freed in the wrong way.
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer) && \
    !__has_feature(memory_sanitizer)
#define STERNA_OWN_DELETE
#endif

namespace sterna {
namespace {

constinit thread_local int wiped_deletes = 0;

void* openssl_malloc(std::size_t octets, const char*, int) {
  return std::malloc(octets);
}

void* openssl_realloc(void* memory, std::size_t octets, const char*, int) {
  return wiping_realloc(memory, octets);
}

void openssl_free(void* memory, const char*, int) {
  wiping_free(memory);
}

}  // namespace

void wiping_free(void* memory) {
  if (memory) ::explicit_bzero(memory, ::malloc_usable_size(memory));
  std::free(memory);
}

void* wiping_realloc(void* memory, std::size_t octets) {
  void* fresh = memory && octets == 0 ? nullptr : std::malloc(octets);
  if (!memory || (!fresh && octets > 0)) return fresh;
  if (fresh) std::memcpy(fresh, memory, std::min(octets, ::malloc_usable_size(memory)));
  wiping_free(memory);
  return fresh;
}

bool make_openssl_wipe() {
  const int set = CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free);
  // A library that is loaded before us can do that: it is no mistake of ours.
  if (set != 1) Log().warn("OpenSSL was in use before the start: what it frees is not overwritten");
  return set == 1;
}

WipedDeletes::WipedDeletes() {
  ++wiped_deletes;
}

WipedDeletes::~WipedDeletes() {
  --wiped_deletes;
}

}  // namespace sterna

#ifdef STERNA_OWN_DELETE

// The library's other forms of both, but for those of special alignment, come down to these.
void* operator new(std::size_t octets) {
  if (void* memory = std::malloc(std::max<std::size_t>(octets, 1))) return memory;
  throw std::bad_alloc();
}

void operator delete(void* memory) noexcept {
  if (sterna::wiped_deletes > 0) return sterna::wiping_free(memory);
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
  ::operator delete(memory);
}

#endif
