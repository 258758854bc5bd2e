// Rows of cells as aligned text, spaced as runc's `list`. Pure.
#ifndef SYSBOX_CLI_TABLE_TEXT_H_
#define SYSBOX_CLI_TABLE_TEXT_H_

#include <string>
#include <vector>

namespace sysbox::cli {

// Columns are at least 12 wide, and 3 wider than their widest cell; the last
// one is not padded.
std::string TableText(const std::vector<std::vector<std::string>>& rows);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_TABLE_TEXT_H_
