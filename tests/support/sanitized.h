// SPDX-License-Identifier: Apache-2.0
// Whether the tests watch the program with sanitizers, which are slow, and whose findings depend on
// the code that runs, not on how often it does.
#pragma once

namespace sterna::test {

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace sterna::test
