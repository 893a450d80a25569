// SPDX-License-Identifier: Apache-2.0
// What `init` says of a provider and what is kept to at its server are one thing.
#include "sterna/config/presets.h"

#include <gtest/gtest.h>

#include "sterna/imap/capability.h"
#include "sterna/imap/quirks.h"

namespace sterna::cli {
namespace {

TEST(PresetsAndQuirks, GmailLetsAsMuchThroughInBoth) {
  const config::Preset* gmail = config::find_preset("google");
  ASSERT_NE(gmail, nullptr);
  const imap::Quirks quirks = imap::quirks_for(
      "Gimap ready", imap::Capabilities::parse("IMAP4rev1 X-GM-EXT-1"), gmail->host);
  EXPECT_GT(gmail->download_mb_a_day, 0U);
  EXPECT_EQ(gmail->download_mb_a_day, quirks.download_mb_a_day);
}

// Such a limit is said for those alone at whose server it is kept to.
TEST(PresetsAndQuirks, NoOtherProviderHasALimitOfADay) {
  for (const config::Preset& preset : config::presets()) {
    if (preset.name != "google") EXPECT_EQ(preset.download_mb_a_day, 0U) << preset.name;
  }
}

}  // namespace
}  // namespace sterna::cli
