// Launches the same container with the floor, sysbox, runc and crun in turn,
// and says how they compare. See README.md.

#include <fcntl.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "integration/bench/bundle.h"
#include "integration/bench/cgroup_directories.h"
#include "integration/bench/launch_cases.h"
#include "integration/bench/options.h"
#include "integration/bench/report.h"
#include "integration/bench/session.h"
#include "integration/bench/storage_cases.h"
#include "integration/bench/supervisor.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"

namespace sysbox::bench {
namespace {

constexpr char kBusybox[] = "/bin/busybox";
constexpr double kLimitMs = 80e3;
constexpr double kQuickLimitMs = 12e3;

struct Case {
  std::string_view name;
  absl::Status (*measure)(Session& session);
  double share;  // of the time limit, when time is short
  bool quick;    // also with --quick
};
constexpr Case kCases[] = {
    {"run", MeasureRun, 0.20, true},
    {"life", MeasureLifecycle, 0.30, true},
    {"version", MeasureVersion, 0.05, true},
    {"at-once", MeasureAtOnce32, 0.20, true},
    {"rss", MeasureRss, 0.05, true},
    {"binds", MeasureBinds, 0.05, true},
    {"layers", MeasureLayers, 0.05, true},
    {"files", MeasureFiles, 0.10, false},
};

// Where this program and its siblings were built.
absl::StatusOr<std::string> OwnDirectory() {
  SYSBOX_ASSIGN_OR_RETURN(std::string path, ReadLink("/proc/self/exe"));
  return path.substr(0, path.rfind('/'));
}

std::vector<Subject> ChooseSubjects(const Options& options,
                                    const std::string& own) {
  std::map<std::string, std::string> programs = {
      {"sysbox", own + "/../../sysbox/sysbox"},
      {"runc", "/usr/bin/runc"},
      {"crun", "/usr/bin/crun"}};
  std::vector<std::string> order = {"sysbox", "runc", "crun"};
  for (const auto& [name, path] : options.runtimes) {
    if (programs.count(name) == 0) order.push_back(name);
    programs[name] = path;
  }
  std::vector<Subject> subjects;
  for (const auto& [name, kind] :
       {std::pair("floor", Kind::kFloor), std::pair("full", Kind::kFull)}) {
    Subject floor;
    floor.name = name;
    floor.kind = kind;
    floor.program = own + "/floor";
    floor.hello = own + "/hello";
    subjects.push_back(std::move(floor));
  }
  for (const std::string& name : order) {
    Subject subject;
    subject.name = name;
    subject.kind =
        name.compare(0, 6, "sysbox") == 0 ? Kind::kSysbox : Kind::kOci;
    // One that is not there is reported when it is to be started.
    subject.program = RealPath(programs[name]).value_or(programs[name]);
    subjects.push_back(std::move(subject));
  }
  return subjects;
}

// Puts a program where an installer would have, written from end to end: what
// a linker writes lies in the page cache in small pieces, each of which a start
// maps for itself. What is not there is reported when it is to be started.
absl::Status Install(const std::string& directory, std::string& program) {
  constexpr size_t kMaxProgram = size_t{256} << 20;
  const auto text = ReadFile(program, kMaxProgram);
  if (!text.ok()) return absl::OkStatus();
  program = directory + program.substr(program.rfind('/'));
  return ReplaceFile(program, *text, 0755);
}

// A bundle's worth for everybody.
absl::Status AddParticipants(Session& session,
                             const std::vector<Subject>& subjects,
                             const std::string& profile) {
  for (const Subject& subject : subjects) {
    Participant participant;
    participant.subject = subject;
    participant.subject.state_root =
        fmt::format("{}/{}", session.world.volatile_dir, subject.name);
    participant.directory =
        fmt::format("{}/{}", session.world.scratch, subject.name);
    const Ids ids = subject.kind == Kind::kOci ? Ids::kOnDisk : Ids::kByRuntime;
    SYSBOX_ASSIGN_OR_RETURN(participant.spec, BuildSpec(profile, ids));
    participant.spec.root->path = participant.directory + "/rootfs";
    SYSBOX_RETURN_IF_ERROR(
        MakeRootfs(kBusybox, participant.spec.root->path, ids));
    for (std::string* program :
         {&participant.subject.program, &participant.subject.hello}) {
      if (program->empty()) continue;
      SYSBOX_RETURN_IF_ERROR(Install(participant.directory, *program));
    }
    session.participants.push_back(std::move(participant));
  }
  return absl::OkStatus();
}

void StartDaemon(Session& session) {
  for (Participant& participant : session.participants) {
    if (participant.subject.kind != Kind::kSysbox || session.daemon) continue;
    auto daemon =
        SysboxDaemon::Start(participant.subject.program,
                            session.world.scratch + "/daemon", session.streams);
    if (daemon.ok()) {
      session.daemon = *std::move(daemon);
    } else {
      participant.out = true;
      participant.last_failure = std::string(MessageOf(daemon.status()));
    }
  }
}

std::string DescribeHost(const World& world) {
  utsname name = {};
  uname(&name);
  double load[1] = {};
  (void)getloadavg(load, 1);  // 0 then
  return fmt::format(
      "Linux {}, {} CPUs, load {:.1f}, cgroup {}{}", name.release,
      sysconf(_SC_NPROCESSORS_ONLN), load[0], IsPureV2() ? "v2" : "v1",
      world.hid_unified ? " (the v2 tree beside it is hidden)" : "");
}

absl::Status RunCases(Session& session, const Options& options) {
  const double limit = options.quick ? kQuickLimitMs : kLimitMs;
  for (const Case& one : kCases) {
    const bool wanted =
        options.only.empty()
            ? one.quick || !options.quick
            : std::find(options.only.begin(), options.only.end(), one.name) !=
                  options.only.end();
    if (!wanted) continue;
    fmt::print(stderr, "{} …\n", one.name);
    // Who asked for one line, or many rounds, has the time.
    session.deadline_ms =
        NowMs() + (options.only.empty() ? one.share : 1) * limit;
    SYSBOX_RETURN_IF_ERROR(one.measure(session), "{}", one.name);
  }
  return absl::OkStatus();
}

Report MakeReport(const Session& session, std::string host) {
  Report report;
  report.host = std::move(host);
  report.cgroups = IsPureV2() ? Host::kV2 : Host::kV1;
  report.series = session.all();
  for (const Participant& participant : session.participants) {
    report.subjects.push_back(participant.subject.name);
    if (participant.last_failure.empty()) continue;
    report.failures.push_back({participant.subject.name, participant.out,
                               participant.failures, participant.last_failure});
  }
  return report;
}

absl::Status MeasureAll(const World& world, const Options& options,
                        const std::vector<Subject>& subjects,
                        const std::string& own, Fd json) {
  Session session;
  session.world = world;
  session.runs = options.runs;
  session.peak_rss_program = own + "/peak_rss";
  SYSBOX_ASSIGN_OR_RETURN(Fd null, Open(world.null, {.flags = O_RDWR}));
  SYSBOX_ASSIGN_OR_RETURN(
      Fd error, Open(world.scratch + "/errors",
                     {.flags = O_RDWR | O_CREAT | O_APPEND, .mode = 0600}));
  session.streams = {null, null, error};
  SYSBOX_RETURN_IF_ERROR(AddParticipants(session, subjects, options.profile));
  StartDaemon(session);
  const std::string host = DescribeHost(world);
  SYSBOX_RETURN_IF_ERROR(RunCases(session, options));
  const Report report = MakeReport(session, host);
  fmt::print("{}", ToText(report));
  if (json.valid()) SYSBOX_RETURN_IF_ERROR(WriteAll(json, ToJson(report)));
  if (session.daemon) return session.daemon->Stop();
  return absl::OkStatus();
}

absl::StatusOr<int> Main(const std::vector<std::string>& args) {
  SYSBOX_ASSIGN_OR_RETURN(Options options, ParseOptions(args));
  if (options.help) {
    fmt::print("{}", kUsage);
    return 0;
  }
  SYSBOX_ASSIGN_OR_RETURN(std::string own, OwnDirectory());
  const std::vector<Subject> subjects = ChooseSubjects(options, own);
  Fd json;
  if (!options.json.empty()) {
    SYSBOX_ASSIGN_OR_RETURN(
        json, Open(options.json,
                   {.flags = O_WRONLY | O_CREAT | O_TRUNC, .mode = 0644}));
  }
  return Supervise([&](const World& world) {
    const absl::Status status =
        MeasureAll(world, options, subjects, own, std::move(json));
    if (status.ok()) return 0;
    fmt::print(stderr, "bench: {}\n", MessageOf(status));
    return 1;
  });
}

}  // namespace
}  // namespace sysbox::bench

int main(int argc, char** argv) {
  const auto code = sysbox::bench::Main({argv + 1, argv + argc});
  if (code.ok()) return *code;
  fmt::print(stderr, "bench: {}\n", sysbox::MessageOf(code.status()));
  return 1;
}
