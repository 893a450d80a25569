// SPDX-License-Identifier: Apache-2.0
#include "src/account/reserve.h"

#include "tests/account/account_world.h"
#include "tests/support/memory_file_system.h"

namespace sterna::account::test {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

TEST(Reserve, IsOneHundredthWithinBounds) {
  EXPECT_EQ(reserve_of(0), 16 * kMiB);
  EXPECT_EQ(reserve_of(kGiB), 16 * kMiB);
  EXPECT_EQ(reserve_of(100 * kGiB / 10), 10 * kGiB / 100);
  EXPECT_EQ(reserve_of(100 * 1024 * kGiB), 512 * kMiB);
}

// The Maildir and the state on disks of their own.
class ReserveTest : public AccountWorld {
 protected:
  ReserveTest() {
    settings_.maildir = "/mail";
    settings_.state_dir = "/state/acc";
    static_cast<void>(machine_.open_root("/mail", true));
    static_cast<void>(machine_.open_root("/state", true));
    state_ = &machine_.mount("/state");
    static_cast<void>(machine_.open_root("/state/acc", true));
    machine_.disk().capacity_octets = state_->capacity_octets = 10 * kGiB;
    auto root = machine_.open_root("/mail", false);
    EXPECT_TRUE(root);
    engine_.root = std::move(*root);
  }
  static bool is_full(const Status& status) {
    return !status && status.error().is(ErrorCode::no_space);
  }

  sterna::test::MemoryFileSystem machine_;
  sterna::test::MemoryDisk* state_ = nullptr;
  Progress progress_;
  AccountReport report_;
  Engine engine_{{loop_.clock(), loop_.worker(), loop_.dialer(), loop_.random(), machine_},
                 settings_,
                 {},
                 progress_,
                 Log(),
                 report_};
};

TEST_F(ReserveTest, OfTheMaildirStopsDownloads) {
  EXPECT_TRUE(check_reserve(engine_));
  machine_.disk().capacity_octets = 15 * kMiB;
  EXPECT_TRUE(is_full(check_reserve(engine_)));
  EXPECT_TRUE(check_room_for_records(engine_)) << "what is there can still be recorded";
}
TEST_F(ReserveTest, OfTheStateStopsDownloadsToo) {
  state_->capacity_octets = 15 * kMiB;
  EXPECT_TRUE(is_full(check_reserve(engine_)));
  EXPECT_TRUE(check_room_for_records(engine_));
}
TEST_F(ReserveTest, WithoutRoomForARecordNothingIsDone) {
  state_->capacity_octets = 3 * kMiB;
  EXPECT_TRUE(is_full(check_room_for_records(engine_)));
}

}  // namespace
}  // namespace sterna::account::test
