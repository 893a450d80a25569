// SPDX-License-Identifier: Apache-2.0
// Loaded before the C library (tests/support/traces.py): what is freed is not used again and stays
// as it was, so that a dump has all that was not overwritten before.
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void free(void* memory) {
  (void)memory;
}

void* realloc(void* memory, size_t octets) {
  void* fresh = malloc(octets);
  if (!memory || !fresh) return fresh;
  const size_t before = malloc_usable_size(memory);
  return memcpy(fresh, memory, before < octets ? before : octets);
}
