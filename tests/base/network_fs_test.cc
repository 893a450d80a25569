// SPDX-License-Identifier: Apache-2.0
#include "sterna/base/network_fs.h"

#include <gtest/gtest.h>

namespace sterna {
namespace {

TEST(NetworkFileSystem, IsKnownByItsType) {
  EXPECT_TRUE(is_network_file_system(0x6969)) << "NFS";
  EXPECT_TRUE(is_network_file_system(0xFF534D42)) << "CIFS";
  EXPECT_TRUE(is_network_file_system(0xFFFFFFFFFF534D42)) << "CIFS with its sign extended";
  EXPECT_TRUE(is_network_file_system(0x65735546)) << "FUSE";
  EXPECT_TRUE(is_network_file_system(0x01021997)) << "9p";
  EXPECT_TRUE(is_network_file_system(0x564c)) << "NCP";
  EXPECT_TRUE(is_network_file_system(0x47504653)) << "GPFS";
  EXPECT_TRUE(is_network_file_system(0x19830326)) << "BeeGFS";
  EXPECT_TRUE(is_network_file_system(0x20030528)) << "OrangeFS";
  EXPECT_TRUE(is_network_file_system(0x786f4256)) << "vboxsf";
  EXPECT_TRUE(is_network_file_system(0xbacbacbc)) << "vmhgfs";
  EXPECT_FALSE(is_network_file_system(0xEF53)) << "ext4";
  EXPECT_FALSE(is_network_file_system(0x01021994)) << "tmpfs";
  EXPECT_FALSE(is_network_file_system(0x9123683E)) << "btrfs";
  EXPECT_FALSE(is_network_file_system(0x58465342)) << "XFS";
  EXPECT_FALSE(is_network_file_system(0x794C7630)) << "overlayfs";
}

}  // namespace
}  // namespace sterna
