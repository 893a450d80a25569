// SPDX-License-Identifier: Apache-2.0
// Overloaded{[](const A&) ..., [](const B&) ...}: one function of several kinds, for std::visit.
#pragma once

namespace sterna::sync {

template <class... Kinds>
struct Overloaded : Kinds... {
  using Kinds::operator()...;
};

}  // namespace sterna::sync
