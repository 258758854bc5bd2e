// What a profile says of one system call, read straight from its rules: no
// ranges, no programs. For tests.
#ifndef SYSBOX_SECCOMP_VERDICT_MODEL_H_
#define SYSBOX_SECCOMP_VERDICT_MODEL_H_

#include <linux/seccomp.h>

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "sysbox/oci/spec.h"
#include "sysbox/seccomp/filter.h"
#include "sysbox/seccomp/syscall_table.h"
#include "sysbox/seccomp/vocabulary.h"

namespace sysbox::seccomp {

class VerdictModel {
 public:
  // Keeps references to both.
  VerdictModel(const oci::Seccomp& profile, Family family);

  // The actions `data` may get: one, or several where rules with conditions
  // contradict one another and this model does not say which one decides.
  std::set<uint32_t> PossibleActions(const seccomp_data& data) const;

 private:
  struct Named {
    const oci::SyscallRule* rule;
    uint32_t action;
    int64_t call;  // -1, or the first argument of a multiplexer's call
  };
  struct Abi {
    const Architecture* architecture;
    bool listed = false;
    uint32_t newest = 0;                        // highest number named; 0: none
    std::multimap<uint32_t, Named> rules = {};  // in the profile's order
  };

  void Name(const SyscallRow& row, const oci::SyscallRule& rule, Abi* abi);
  const Abi* AbiOf(const seccomp_data& data) const;

  const oci::Seccomp& profile_;
  uint32_t default_action_;
  std::vector<Abi> abis_;
};

// Calls to try a filter of `profile` with: every number up to 600 of every
// ABI, foreign architectures, odd numbers, and for calls that rules with
// conditions name, arguments at and around the values named.
std::vector<seccomp_data> Probes(const oci::Seccomp& profile);

}  // namespace sysbox::seccomp

#endif  // SYSBOX_SECCOMP_VERDICT_MODEL_H_
