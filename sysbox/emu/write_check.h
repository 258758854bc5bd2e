// Judges what is written to an emulated file as the kernel's proc_dointvec()
// and its kin do (kernel/sysctl.c). Pure; hostile input.
#ifndef SYSBOX_EMU_WRITE_CHECK_H_
#define SYSBOX_EMU_WRITE_CHECK_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/emu/node_spec.h"

namespace sysbox::emu {

// The text to store, without a newline, for one write of `data` at offset 0
// over the text `old`. EINVAL for what the kernel refuses. Like the kernel, it
// takes decimal, 0x and 0 numbers between blanks, leaves the rest of a vector
// as it was if fewer are given, and ignores what is too many.
absl::StatusOr<std::string> AcceptWrite(const Check& check,
                                        std::string_view data,
                                        std::string_view old);

// A number as the kernel reads it. `magnitude` is without the sign.
struct WrittenNumber {
  bool negative = false;
  uint64_t magnitude = 0;
};
// Up to `count` numbers at the start of `data`; at least one, or EINVAL.
absl::StatusOr<std::vector<WrittenNumber>> ParseNumbers(std::string_view data,
                                                        int count);

}  // namespace sysbox::emu

#endif  // SYSBOX_EMU_WRITE_CHECK_H_
