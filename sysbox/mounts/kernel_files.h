// The host kernel's modules and headers, which a container sees read-only at
// the same places: modinfo, depmod and builds of modules want those of the
// kernel that runs. Reads only.
#ifndef SYSBOX_MOUNTS_KERNEL_FILES_H_
#define SYSBOX_MOUNTS_KERNEL_FILES_H_

#include <string>
#include <string_view>
#include <vector>

#include "sysbox/linux/fd.h"
#include "sysbox/mounts/container_files.h"

namespace sysbox::mounts {

struct KernelDirectory {
  std::string target;  // inside
  std::string source;  // on the host, links resolved
};

// /lib/modules/RELEASE first, then the headers that its "build" and "source"
// lead to, and those that links in them lead to: Debian's are in three parts.
// Only what distributions put below /usr/src and /usr/lib: who builds kernels
// at home has "build" there. Empty without modules and headers.
std::vector<KernelDirectory> FindKernelFiles(FdRef host_root,
                                             std::string_view release);

// Whether a container has, or could get, a use for them: a directory that
// nobody inside will use is one too many in what the engine says has changed.
bool WantsKernelFiles(const ContainerFiles& files);

// Where its distribution looks for the headers of kernel `release`; "" if
// below /lib/modules.
std::string HeadersPath(const ContainerFiles& files, std::string_view release);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_KERNEL_FILES_H_
