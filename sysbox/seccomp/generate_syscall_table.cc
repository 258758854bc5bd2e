// Build tool: prints every system call name libseccomp knows, sorted, with its
// number in each ABI, as the rows of syscall_table.cc. Resolving a name at run
// time costs libseccomp a walk through its table; a profile has some 350.
// Names newer than the installed libseccomp come from a list below.

#include <seccomp.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <map>
#include <set>
#include <string>

namespace {

constexpr int kX32Bit = 0x40000000;
// libseccomp's numbers for calls an ABI lacks, and for those that 32-bit x86
// reaches through socketcall(2) and ipc(2): <seccomp.h>, __PNR_*.
constexpr int kFirstPseudo = -12000;
constexpr int kLastReal = 1024;
constexpr int kFirstArmPrivate = 0xf0000;
constexpr int kLastArmPrivate = 0xf0010;

// Newer than libseccomp 2.5.4; since 424 a call has one number everywhere.
// https://docs.kernel.org, arch/*/entry/syscalls, Linux 6.5 to 6.17.
struct NewerCall {
  const char* name;
  int number;
};
constexpr NewerCall kNewerCalls[] = {
    {"cachestat", 451},         {"fchmodat2", 452},
    {"map_shadow_stack", 453},  {"futex_wake", 454},
    {"futex_wait", 455},        {"futex_requeue", 456},
    {"statmount", 457},         {"listmount", 458},
    {"lsm_get_self_attr", 459}, {"lsm_set_self_attr", 460},
    {"lsm_list_modules", 461},  {"mseal", 462},
    {"setxattrat", 463},        {"getxattrat", 464},
    {"listxattrat", 465},       {"removexattrat", 466},
    {"open_tree_attr", 467},    {"file_getattr", 468},
    {"file_setattr", 469},
};

int NewerNumber(const std::string& name) {
  for (const NewerCall& call : kNewerCalls) {
    if (name == call.name) return call.number;
  }
  return -1;
}

void AddNames(uint32_t arch, int first, int last, std::set<std::string>* to) {
  for (int number = first; number <= last; ++number) {
    char* name = seccomp_syscall_resolve_num_arch(arch, number);
    if (name != nullptr) to->insert(name);
    std::free(name);
  }
}

std::set<std::string> AllNames() {
  std::set<std::string> names;
  for (uint32_t arch : std::initializer_list<uint32_t>{
           SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_AARCH64}) {
    AddNames(arch, kFirstPseudo, kLastReal, &names);
  }
  AddNames(SCMP_ARCH_ARM, kFirstPseudo, kLastReal, &names);
  AddNames(SCMP_ARCH_ARM, kFirstArmPrivate, kLastArmPrivate, &names);
  for (const NewerCall& call : kNewerCalls) names.insert(call.name);
  return names;
}

// Calls of 32-bit x86 that also have a number of their own (Linux 4.3, 5.1);
// by name libseccomp gives only the multiplexed pseudo number.
std::map<std::string, int> DirectNumbersOfX86() {
  std::map<std::string, int> direct;
  for (int number = 0; number <= kLastReal; ++number) {
    char* name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86, number);
    if (name != nullptr) direct[name] = number;
    std::free(name);
  }
  for (const NewerCall& call : kNewerCalls) direct[call.name] = call.number;
  return direct;
}

int Real(uint32_t arch, const std::string& name) {
  const int number = seccomp_syscall_resolve_name_arch(arch, name.c_str());
  if (number == __NR_SCMP_ERROR) return NewerNumber(name);
  if (number < 0) return -1;
  return arch == SCMP_ARCH_X32 ? number & ~kX32Bit : number;
}

void PrintRow(const std::string& name,
              const std::map<std::string, int>& direct) {
  const int x86 =
      seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86, name.c_str());
  const bool socket_call = x86 <= -100 && x86 > -200;
  const bool ipc_call = x86 <= -200 && x86 > -300;
  int multiplexer = -1;
  if (socket_call) multiplexer = Real(SCMP_ARCH_X86, "socketcall");
  if (ipc_call) multiplexer = Real(SCMP_ARCH_X86, "ipc");
  const auto own = direct.find(name);
  std::printf("    {\"%s\", {%d, %d, %d, %d, %d}, %d, %d},\n", name.c_str(),
              Real(SCMP_ARCH_X86_64, name),
              own == direct.end() ? -1 : own->second, Real(SCMP_ARCH_X32, name),
              Real(SCMP_ARCH_AARCH64, name), Real(SCMP_ARCH_ARM, name),
              multiplexer, multiplexer < 0 ? 0 : -x86 % 100);
}

}  // namespace

int main() {
  const std::set<std::string> names = AllNames();
  const std::map<std::string, int> direct = DirectNumbersOfX86();
  if (names.size() < 400) {
    std::fprintf(stderr, "only %zu names found\n", names.size());
    return 1;
  }
  for (const std::string& name : names) PrintRow(name, direct);
  return 0;
}
