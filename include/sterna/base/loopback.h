// SPDX-License-Identifier: Apache-2.0
// Loopback: whether a host is this machine, where what is sent needs no TLS.
#pragma once

#include <string_view>

namespace sterna {

// Whether what is sent to this host stays on this machine: an address of 127.0.0.0/8, ::1, or the
// name localhost (RFC 6761 section 6.3). A proxy looks all of them up on its own machine.
bool is_loopback_host(std::string_view host);

}  // namespace sterna
