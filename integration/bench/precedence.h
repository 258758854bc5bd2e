// Makes the scheduler prefer the calling process and all it will start to
// whatever else the machine is doing, so that a busy one can be measured on.
#ifndef INTEGRATION_BENCH_PRECEDENCE_H_
#define INTEGRATION_BENCH_PRECEDENCE_H_

#include <string>

namespace sysbox::bench {

// A session of its own, the best nice value and a short time slice.
// Containers join cgroups below `cgroup`, where another share counts. What a
// kernel does not have is left out.
void TakePrecedence(const std::string& cgroup);

}  // namespace sysbox::bench

#endif  // INTEGRATION_BENCH_PRECEDENCE_H_
