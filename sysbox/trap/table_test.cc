#include "sysbox/trap/table.h"

#include <linux/audit.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "catch2/catch.hpp"
#include "sysbox/seccomp/profile.h"
#include "sysbox/seccomp/syscall_table.h"

namespace sysbox::trap {
namespace {

bool Contains(const std::vector<std::string_view>& names,
              std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

TEST_CASE("every call of the table is one of the kernel's") {
  for (const TableRow& row : Table()) {
    INFO(row.name);
    const seccomp::SyscallRow* call = seccomp::FindSyscall(row.name);
    REQUIRE(call != nullptr);
    const int32_t number = call->number[seccomp::kX8664];
    if (number < 0) continue;
    const TableRow* found = FindRow(AUDIT_ARCH_X86_64, number);
    REQUIRE(found != nullptr);
    CHECK(found->name == row.name);
    const int x32 = call->number[seccomp::kX32] | 0x40000000;
    CHECK(FindRow(AUDIT_ARCH_X86_64, x32) == found);
    CHECK(FindRow(AUDIT_ARCH_I386, call->number[seccomp::kX86]) == found);
  }
  CHECK(FindRow(AUDIT_ARCH_X86_64, 0) == nullptr);  // read
  CHECK(FindRow(AUDIT_ARCH_X86_64, -1) == nullptr);
}

TEST_CASE("the filter has the rows that the container's options ask for") {
  const auto program = seccomp::CompileProfile(seccomp::UnconfinedProfile(),
                                               "seccomp", Overrides({}));
  REQUIRE(program.ok());
  CHECK(program->instructions.size() < 400);  // performance.md G9
  CHECK(Contains(AnsweredSyscalls({}), "sysinfo"));
  CHECK_FALSE(Contains(AnsweredSyscalls({}), "mknod"));
  CHECK(AnsweredSyscalls({.syscont_mode = false}).empty());
  CHECK(Overrides({.cpu_quota = true}).size() == Overrides({}).size() + 1);
  for (const seccomp::Override& trap : Overrides({.syscont_mode = false})) {
    CHECK(trap.name.find("mount") != std::string_view::npos);
  }
}

}  // namespace
}  // namespace sysbox::trap
