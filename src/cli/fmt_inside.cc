// SPDX-License-Identifier: Apache-2.0
// The part of fmt 9 that its shared library has and the program uses: see STERNA_CXX_INSIDE. Who
// needs one more instantiation is told its name by the linker.
#include <fmt/format-inl.h>

namespace fmt::detail {

template char decimal_point_impl<char>(locale_ref);
template thousands_sep_result<char> thousands_sep_impl<char>(locale_ref);
template dragonbox::decimal_fp<float> dragonbox::to_decimal<float>(float) noexcept;
template dragonbox::decimal_fp<double> dragonbox::to_decimal<double>(double) noexcept;

}  // namespace fmt::detail
