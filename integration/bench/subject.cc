#include "integration/bench/subject.h"

namespace sysbox::bench {
namespace {

constexpr char kTrue[] = "/bin/true";

CommandLine FloorCommand(const Subject& subject, std::string_view verb,
                         const Launch& launch) {
  if (verb == "state" || verb == "version") {
    return {subject.hello, {"hello"}};
  }
  std::vector<std::string> args = {"floor"};
  if (subject.kind == Kind::kFull) args.emplace_back("full");
  args.insert(args.end(), {std::string(verb), launch.bundle, launch.cgroup});
  if (verb == "run" || verb == "create") {
    args.insert(args.end(), launch.args.begin(), launch.args.end());
  }
  if (verb == "exec") args.emplace_back(kTrue);
  return {subject.program, std::move(args)};
}

}  // namespace

bool IsFloor(Kind kind) { return kind == Kind::kFloor || kind == Kind::kFull; }

// The floor's own choice.
std::string PidFileOf(const Launch& launch) { return launch.bundle + "/pid"; }

CommandLine CommandFor(const Subject& subject, std::string_view verb,
                       const Launch& launch) {
  if (IsFloor(subject.kind)) return FloorCommand(subject, verb, launch);
  // sysbox looks at its name to know its role.
  const std::string name =
      subject.kind == Kind::kSysbox ? "sysbox-runc" : subject.name;
  if (verb == "version") return {subject.program, {name, "--version"}};
  std::vector<std::string> args = {name, "--root", subject.state_root,
                                   std::string(verb)};
  if (verb == "run" || verb == "create") {
    args.insert(args.end(), {"--bundle", launch.bundle});
  }
  if (verb == "create") {
    args.insert(args.end(), {"--pid-file", PidFileOf(launch)});
  }
  args.push_back(launch.id);
  if (verb == "exec") args.emplace_back(kTrue);
  if (verb == "kill") args.emplace_back("KILL");
  return {subject.program, std::move(args)};
}

}  // namespace sysbox::bench
