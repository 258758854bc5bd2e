// The kernel's facilities as `key: value` lines, for people.
#ifndef SYSBOX_CLI_KERNEL_FEATURES_TEXT_H_
#define SYSBOX_CLI_KERNEL_FEATURES_TEXT_H_

#include <string>

namespace sysbox::cli {

std::string KernelFeaturesText();

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_KERNEL_FEATURES_TEXT_H_
