// Those who are measured, and how each is told to do a thing. Pure.
#ifndef INTEGRATION_BENCH_SUBJECT_H_
#define INTEGRATION_BENCH_SUBJECT_H_

#include <string>
#include <string_view>
#include <vector>

#include "integration/bench/measure.h"

namespace sysbox::bench {

enum class Kind {
  kFloor,   // floor.cc and hello.cc
  kFull,    // floor.cc with all that config.json asks for
  kSysbox,  // an OCI runtime that gives ids itself and wants a daemon
  kOci,     // an OCI runtime; config.json has the id maps
};

bool IsFloor(Kind kind);

struct Subject {
  std::string name;
  Kind kind = Kind::kOci;
  std::string program;
  std::string hello;       // kFloor: hello.cc
  std::string state_root;  // --root
};

// One container to be.
struct Launch {
  std::string id;
  std::string bundle;
  std::string cgroup;  // what the bundle says; for the floor, which reads none
  std::vector<std::string> args;  // likewise
};
// Where `create` writes init's process id.
std::string PidFileOf(const Launch& launch);

// "run", "create", "start", "state", "exec", "kill", "delete", "version".
// Floors of state and version are hello.cc's.
CommandLine CommandFor(const Subject& subject, std::string_view verb,
                       const Launch& launch);

}  // namespace sysbox::bench

#endif  // INTEGRATION_BENCH_SUBJECT_H_
