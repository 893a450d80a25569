// SPDX-License-Identifier: Apache-2.0
// A line of the control socket from any octets: it is a request, which is written and read again as
// the same one, or an error that says why not. The same for what a client reads of a daemon.
#include <cstdint>
#include <string>

#include "../../src/daemon/wire.h"
#include "sterna/base/assert.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sterna::daemon;
  const std::string line(data, data + size);
  const ReadRequest read = read_request(line);
  if (read.request) {
    STERNA_ASSERT(read.id == read.request->id);
    STERNA_ASSERT(read.request->mailboxes.empty() || read.request->accounts.size() == 1);
    const ReadRequest again = read_request(request_line(*read.request));
    STERNA_ASSERT(again.request && *again.request == *read.request);
  } else {
    STERNA_ASSERT(!read.request.error().describe().empty());
    static_cast<void>(failed_line(read.id, read.request.error()));
  }
  static_cast<void>(read_message(line));
  return 0;
}
