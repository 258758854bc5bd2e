// What `--version` prints.
#ifndef SYSBOX_CLI_VERSION_TEXT_H_
#define SYSBOX_CLI_VERSION_TEXT_H_

#include <string>

namespace sysbox::cli {

// As `runc --version`, line by line: Docker takes it apart.
std::string RuntimeVersionText();
// The same for `sysbox`, and what of the kernel's facilities is there.
std::string SysboxVersionText();

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_VERSION_TEXT_H_
