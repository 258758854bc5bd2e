#include "integration/bench/launch_cases.h"

#include <fcntl.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"

namespace sysbox::bench {
namespace {

constexpr int kAtOnce = 32;
const std::vector<std::string> kTrue = {"/bin/true"};
const std::vector<std::string> kSleep = {"/bin/sleep", "1000"};

using Tasks = std::vector<Session::Task>;

absl::StatusOr<double> DaemonCpuMs(const Session& session,
                                   const Participant& participant) {
  if (participant.subject.kind != Kind::kSysbox || !session.daemon) return 0.0;
  return session.daemon->CpuTimeMs();
}

absl::Status OneRun(Session& session, const Participant& participant,
                    const Launch& launch) {
  SYSBOX_ASSIGN_OR_RETURN(double before, DaemonCpuMs(session, participant));
  SYSBOX_ASSIGN_OR_RETURN(Sample sample,
                          session.Take(participant, "run", launch, "run"));
  SYSBOX_ASSIGN_OR_RETURN(double after, DaemonCpuMs(session, participant));
  session.Record("cpu", participant.subject.name,
                 sample.cpu_ms + after - before);
  return absl::OkStatus();
}

absl::Status TryLife(Session& session, const Participant& participant,
                     const Launch& launch) {
  auto take = [&](const char* verb) {
    return session.Take(participant, verb, launch, verb).status();
  };
  SYSBOX_RETURN_IF_ERROR(take("create"));
  SYSBOX_ASSIGN_OR_RETURN(std::string pid, ReadFile(PidFileOf(launch)));
  for (const char* verb : {"state", "start", "exec", "kill"}) {
    SYSBOX_RETURN_IF_ERROR(take(verb));
  }
  // An orphan, and pid 1 is us.
  SYSBOX_RETURN_IF_ERROR(Reap(atoi(pid.c_str())), "init");
  return take("delete");
}

// After a failure the name must be free for the next round.
void EndLife(const Session& session, const Participant& participant,
             const Launch& launch) {
  const auto pid = ReadFile(PidFileOf(launch));
  if (pid.ok() && kill(atoi(pid->c_str()), SIGKILL) == 0) {
    // An orphan that nobody reaps would seem to live.
    (void)Reap(atoi(pid->c_str()));
  }
  CommandLine remove = CommandFor(participant.subject, "delete", launch);
  if (!IsFloor(participant.subject.kind)) remove.args.emplace_back("--force");
  (void)Measure(remove, session.streams);  // the next round will tell
}

absl::Status OneLife(Session& session, const Participant& participant,
                     const Launch& launch) {
  absl::Status status = TryLife(session, participant, launch);
  if (!status.ok()) EndLife(session, participant, launch);
  (void)Unlink(PidFileOf(launch));  // the floor's is gone already
  return status;
}

absl::Status OneVolley(Session& session, const Participant& participant,
                       absl::Span<const Launch> launches) {
  std::vector<CommandLine> commands;
  for (const Launch& launch : launches) {
    commands.push_back(CommandFor(participant.subject, "run", launch));
  }
  SYSBOX_ASSIGN_OR_RETURN(double elapsed_ms,
                          MeasureAtOnce(commands, session.streams));
  session.Record("at-once", participant.subject.name,
                 static_cast<double>(launches.size()) * 1e3 / elapsed_ms, "/s");
  return absl::OkStatus();
}

absl::Status OneRss(Session& session, const Participant& participant,
                    const Launch& launch) {
  const std::string path = launch.bundle + "/rss";
  SYSBOX_ASSIGN_OR_RETURN(
      Fd out, Open(path, {.flags = O_RDWR | O_CREAT | O_TRUNC, .mode = 0600}));
  CommandLine command = CommandFor(participant.subject, "run", launch);
  command.args.insert(command.args.begin(), {"peak_rss", command.program});
  command.program = session.peak_rss_program;
  Streams streams = session.streams;
  streams.out = out;
  SYSBOX_RETURN_IF_ERROR(Measure(command, streams));
  SYSBOX_ASSIGN_OR_RETURN(std::string kib, ReadFile(path));
  session.Record("rss", participant.subject.name, atof(kib.c_str()) / 1024,
                 "MiB");
  if (participant.subject.kind == Kind::kSysbox && session.daemon) {
    SYSBOX_ASSIGN_OR_RETURN(double resident, session.daemon->ResidentMiB());
    session.Record("daemon-rss", participant.subject.name, resident, "MiB");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MeasureRun(Session& session) {
  Tasks tasks;
  for (Participant& participant : session.participants) {
    SYSBOX_ASSIGN_OR_RETURN(Launch launch,
                            session.MakeLaunch(participant, "run", kTrue));
    tasks.push_back({&participant, [&session, &participant, launch] {
                       return OneRun(session, participant, launch);
                     }});
  }
  session.Interleave(std::move(tasks), session.runs);
  return absl::OkStatus();
}

absl::Status MeasureLifecycle(Session& session) {
  Tasks tasks;
  for (Participant& participant : session.participants) {
    SYSBOX_ASSIGN_OR_RETURN(Launch launch,
                            session.MakeLaunch(participant, "life", kSleep));
    tasks.push_back({&participant, [&session, &participant, launch] {
                       return OneLife(session, participant, launch);
                     }});
  }
  session.Interleave(std::move(tasks), session.runs);
  return absl::OkStatus();
}

absl::Status MeasureVersion(Session& session) {
  Tasks tasks;
  for (Participant& participant : session.participants) {
    tasks.push_back({&participant, [&session, &participant] {
                       return session
                           .Take(participant, "version", Launch(), "version")
                           .status();
                     }});
  }
  session.Interleave(std::move(tasks), session.runs);
  return absl::OkStatus();
}

absl::Status MeasureAtOnce32(Session& session) {
  Tasks tasks;
  for (Participant& participant : session.participants) {
    std::vector<Launch> launches;
    for (int i = 0; i < kAtOnce; ++i) {
      SYSBOX_ASSIGN_OR_RETURN(
          Launch launch,
          session.MakeLaunch(participant, fmt::format("volley{}", i), kTrue));
      launches.push_back(std::move(launch));
    }
    tasks.push_back({&participant, [&session, &participant, launches] {
                       return OneVolley(session, participant, launches);
                     }});
  }
  session.Interleave(std::move(tasks), std::max(3, session.runs / 6));
  return absl::OkStatus();
}

absl::Status MeasureRss(Session& session) {
  Tasks tasks;
  for (Participant& participant : session.participants) {
    SYSBOX_ASSIGN_OR_RETURN(Launch launch,
                            session.MakeLaunch(participant, "rss", kTrue));
    tasks.push_back({&participant, [&session, &participant, launch] {
                       return OneRss(session, participant, launch);
                     }});
  }
  session.Interleave(std::move(tasks), std::max(3, session.runs / 6));
  return absl::OkStatus();
}

}  // namespace sysbox::bench
