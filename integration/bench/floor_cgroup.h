// The floor's cgroups and files: kernel work only. Errors end the program.
#ifndef INTEGRATION_BENCH_FLOOR_CGROUP_H_
#define INTEGRATION_BENCH_FLOOR_CGROUP_H_

#include <string>
#include <vector>

namespace sysbox::bench {

// Ends the program with `what` and errno's text if `result` is negative.
long Check(long result, const char* what);

// One write(2); `may_lack`: an absent file is fine.
void WriteFile(const std::string& path, const std::string& value,
               bool may_lack = false);
std::string ReadFile(const std::string& path);

bool IsV2();  // nothing but cgroup v2

struct Cgroup {
  std::vector<int> tasks;  // v1: to be written by the process itself
  int into = -1;           // v2: for CLONE_INTO_CGROUP
};

// `name` is below the root of every hierarchy. `make`: with the limits of the
// bench's bundle. `delegate`: processes live in a child below, which belongs
// to `owner` (v1; on v2 that is a different matter, and left out).
struct CgroupKind {
  bool make = false;
  bool delegate = false;
  unsigned owner = 0;
};
Cgroup OpenCgroup(const std::string& name, const CgroupKind& kind);
void JoinCgroup(const Cgroup& cgroup);
void RemoveCgroup(const std::string& name, const CgroupKind& kind);

}  // namespace sysbox::bench

#endif  // INTEGRATION_BENCH_FLOOR_CGROUP_H_
