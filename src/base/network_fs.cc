// SPDX-License-Identifier: Apache-2.0
#include "sterna/base/network_fs.h"

#include <algorithm>
#include <array>

namespace sterna {
namespace {

// statfs(2), linux/magic.h, and the sources of what is not in the kernel. FUSE is among them
// because it does not say what is behind it, the shares of virtual machines because their host
// writes, too.
constexpr std::array<unsigned long, 19> kNetworkFileSystems = {
    0x00006969,  // NFS
    0x0000517b,  // SMB
    0xff534d42,  // CIFS
    0xfe534d42,  // SMB2
    0x65735546,  // FUSE: sshfs and its like
    0x01021997,  // 9P
    0x5346414f,  // AFS (OpenAFS)
    0x6b414653,  // AFS (kernel)
    0x73757245,  // Coda
    0x0000564c,  // NCP
    0x00c36400,  // Ceph
    0x0bd00bd0,  // Lustre
    0x47504653,  // GPFS
    0x7461636f,  // OCFS2
    0x01161970,  // GFS2
    0x19830326,  // BeeGFS
    0x20030528,  // OrangeFS
    0x786f4256,  // vboxsf (VirtualBox)
    0xbacbacbc,  // vmhgfs (VMware)
};

}  // namespace

bool is_network_file_system(unsigned long type) {
  return std::ranges::find(kNetworkFileSystems, type & 0xffffffffUL) != kNetworkFileSystems.end();
}

}  // namespace sterna
