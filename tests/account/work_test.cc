// SPDX-License-Identifier: Apache-2.0
#include "src/account/work.h"

#include <gtest/gtest.h>

#include "tests/support/virtual_clock.h"

namespace sterna::account {
namespace {

using std::chrono::seconds;

class NoDialer final : public io::Dialer {
 public:
  coro::Task<Result<std::unique_ptr<io::Transport>>> dial(io::Endpoint) override {
    co_return fail(ErrorCode::connect, "nobody dials in this test");
  }
};

// A server that owes an answer all the time, and does not give it.
class DoubtedWork : public testing::Test {
 protected:
  // How long it went on, where it is doubted from the begin.
  seconds went_on_for(seconds limit) {
    const auto began = clock_.monotonic();
    const auto doubt = [this, limit] { work_.doubt(limit); };
    clock_.schedule(std::chrono::nanoseconds{1}, doubt);
    static_cast<void>(clock_.run(work_.run(clock_.sleep(seconds(60)))));
    return std::chrono::duration_cast<seconds>(clock_.monotonic() - began);
  }
  void sends_until(seconds end) {
    for (seconds at{1}; at <= end; ++at) clock_.schedule(at, [this] { octets_out_ += 1000; });
  }

  sterna::test::VirtualClock clock_;
  NoDialer nobody_;
  HeardDialer lines_{nobody_};
  std::uint64_t octets_out_ = 0;
  Work work_{clock_, lines_, [this] { return octets_out_; }, [] { return true; }};
};

TEST_F(DoubtedWork, EndsWhenItsTimeToAnswerIsOver) {
  EXPECT_EQ(went_on_for(seconds(4)), seconds(4));
  EXPECT_TRUE(work_.is_dead());
}

TEST_F(DoubtedWork, MayBeGivenMoreTime) {
  EXPECT_EQ(went_on_for(seconds(16)), seconds(16));
}

TEST_F(DoubtedWork, GoesOnWhileTheLineTakesWhatIsSentAndItsTimeAfterThat) {
  sends_until(seconds(20));
  const seconds time = went_on_for(seconds(4));
  EXPECT_GE(time, seconds(24));
  EXPECT_LE(time, seconds(25));
}

}  // namespace
}  // namespace sterna::account
