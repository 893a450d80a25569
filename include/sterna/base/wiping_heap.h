// SPDX-License-Identifier: Apache-2.0
// Memory that is overwritten when it is given back, for code that is not ours: libraries copy what
// they are given, a secret too, and leave the copies in what they free.
#pragma once

#include <cstddef>

namespace sterna {

// free() and realloc() for what malloc() gave. They are given to libraries.
void wiping_free(void* memory);
void* wiping_realloc(void* memory, std::size_t octets);

// From here on OpenSSL overwrites all that it frees: what it sent and received, whole records of
// it, lies there. False: it holds memory already, and goes on as before, which is logged. This does
// not start it.
bool make_openssl_wipe();

// Overwrites what calls that have returned left on this thread's stack, and in its vector
// registers: up to some hundred octets of what was copied last, which the linker saves on the stack
// whenever a function of a library is called for the first time.
void wipe_leftovers();

// While one lives, what this thread gives back by `delete` is overwritten: old buffers of strings
// that grow, and what a parser of JSON copies; at its end, wipe_leftovers(). It must not live
// across a co_await.
class WipedDeletes {
 public:
  WipedDeletes();
  WipedDeletes(const WipedDeletes&) = delete;
  WipedDeletes& operator=(const WipedDeletes&) = delete;
  ~WipedDeletes();
};

}  // namespace sterna
