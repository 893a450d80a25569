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

namespace {

constexpr std::size_t kStackWiped = std::size_t{64} << 10;

#if defined(__x86_64__)

[[gnu::target("avx512f")]] void wipe_upper_registers() {
  asm volatile(
      "vpxorq %%zmm16, %%zmm16, %%zmm16\n"
      "vpxorq %%zmm17, %%zmm17, %%zmm17\n"
      "vpxorq %%zmm18, %%zmm18, %%zmm18\n"
      "vpxorq %%zmm19, %%zmm19, %%zmm19\n"
      "vpxorq %%zmm20, %%zmm20, %%zmm20\n"
      "vpxorq %%zmm21, %%zmm21, %%zmm21\n"
      "vpxorq %%zmm22, %%zmm22, %%zmm22\n"
      "vpxorq %%zmm23, %%zmm23, %%zmm23\n"
      "vpxorq %%zmm24, %%zmm24, %%zmm24\n"
      "vpxorq %%zmm25, %%zmm25, %%zmm25\n"
      "vpxorq %%zmm26, %%zmm26, %%zmm26\n"
      "vpxorq %%zmm27, %%zmm27, %%zmm27\n"
      "vpxorq %%zmm28, %%zmm28, %%zmm28\n"
      "vpxorq %%zmm29, %%zmm29, %%zmm29\n"
      "vpxorq %%zmm30, %%zmm30, %%zmm30\n"
      "vpxorq %%zmm31, %%zmm31, %%zmm31\n"
      :
      :
      : "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25",
        "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31");
}

[[gnu::target("avx")]] void wipe_lower_registers() {
  asm volatile("vzeroall"
               :
               :
               : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
                 "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

void wipe_oldest_registers() {
  asm volatile(
      "pxor %%xmm0, %%xmm0\n"
      "pxor %%xmm1, %%xmm1\n"
      "pxor %%xmm2, %%xmm2\n"
      "pxor %%xmm3, %%xmm3\n"
      "pxor %%xmm4, %%xmm4\n"
      "pxor %%xmm5, %%xmm5\n"
      "pxor %%xmm6, %%xmm6\n"
      "pxor %%xmm7, %%xmm7\n"
      "pxor %%xmm8, %%xmm8\n"
      "pxor %%xmm9, %%xmm9\n"
      "pxor %%xmm10, %%xmm10\n"
      "pxor %%xmm11, %%xmm11\n"
      "pxor %%xmm12, %%xmm12\n"
      "pxor %%xmm13, %%xmm13\n"
      "pxor %%xmm14, %%xmm14\n"
      "pxor %%xmm15, %%xmm15\n"
      :
      :
      : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
        "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

void wipe_registers() {
  __builtin_cpu_supports("avx") ? wipe_lower_registers() : wipe_oldest_registers();
  if (__builtin_cpu_supports("avx512f")) wipe_upper_registers();
}

// Up to the caller's own frame: what the linker saves begins right below that.
[[gnu::noinline]] void wipe_stack() {
  asm volatile(
      "lea -%c0(%%rsp), %%rdi\n"
      "mov %0, %%ecx\n"
      "xor %%eax, %%eax\n"
      "rep stosb"
      :
      : "i"(kStackWiped)
      : "rax", "rcx", "rdi", "memory", "cc");
}

#else

// Copies go through them, be they called what they may.
void wipe_registers() {
  char from[512] = {};
  char to[sizeof from];
  for (std::size_t octets = 16; octets <= sizeof from; octets *= 2) {
    std::memmove(static_cast<void*>(to), static_cast<const void*>(from), octets);
    asm volatile("" : : "r"(static_cast<char*>(to)) : "memory");
  }
}

[[gnu::noinline]] void wipe_stack() {
  char octets[kStackWiped];
  ::explicit_bzero(static_cast<void*>(octets), sizeof octets);
}

#endif

}  // namespace

void wipe_leftovers() {
  wipe_registers();
  wipe_stack();
}

WipedDeletes::~WipedDeletes() {
  --wiped_deletes;
  wipe_leftovers();
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
