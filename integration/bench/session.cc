#include "integration/bench/session.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "integration/bench/bundle.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/file.h"

namespace sysbox::bench {
namespace {

constexpr int kMinRounds = 3;
constexpr int kMaxFailures = 5;

// What takes few rounds is long, and long things do not start cold for long.
int WarmUpRounds(int rounds) { return rounds >= 20 ? 2 : 1; }

// xorshift64: enough to vary who follows whom.
uint64_t NextRandom(uint64_t* state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

}  // namespace

absl::StatusOr<Launch> Session::MakeLaunch(
    const Participant& participant, const std::string& name,
    std::vector<std::string> args,
    const std::function<void(oci::Spec&)>& edit) const {
  Launch launch;
  launch.id = fmt::format("{}-{}", participant.subject.name, name);
  launch.bundle = fmt::format("{}/{}", participant.directory, name);
  launch.cgroup = fmt::format("{}/{}", world.cgroup, launch.id);
  launch.args = std::move(args);
  oci::Spec spec = participant.spec;
  spec.process->args = launch.args;
  spec.linux->cgroups_path = "/" + launch.cgroup;
  if (edit) edit(spec);
  SYSBOX_RETURN_IF_ERROR(WriteBundle(spec, launch.bundle), "bundle {}",
                         launch.id);
  if (IsFloor(participant.subject.kind)) {
    // The floor has no config to find its root in.
    SYSBOX_RETURN_IF_ERROR(WriteSeccompProgram(spec, launch.bundle));
    SYSBOX_RETURN_IF_ERROR(Symlink(spec.root->path, launch.bundle + "/rootfs"));
  }
  return launch;
}

absl::StatusOr<Sample> Session::Take(const Participant& participant,
                                     std::string_view verb,
                                     const Launch& launch,
                                     const std::string& line) {
  SYSBOX_ASSIGN_OR_RETURN(
      Sample sample,
      Measure(CommandFor(participant.subject, verb, launch), streams));
  Record(line, participant.subject.name, sample.wall_ms);
  return sample;
}

void Session::Record(const std::string& line, const std::string& subject,
                     double value, const std::string& unit) {
  if (!recording_) return;
  for (Series& series : all_) {
    if (series.line == line && series.subject == subject) {
      series.values.push_back(value);
      return;
    }
  }
  all_.push_back({line, subject, unit, {value}});
}

void Session::Interleave(std::vector<Task> tasks, int rounds) {
  for (int round = -WarmUpRounds(rounds); round < rounds; ++round) {
    if (round >= kMinRounds && NowMs() > deadline_ms) break;
    recording_ = round >= 0;
    for (size_t i = tasks.size(); i > 1; --i) {
      std::swap(tasks[i - 1], tasks[NextRandom(&random_) % i]);
    }
    for (Task& task : tasks) {
      if (task.participant->out) continue;
      const absl::Status status = task.run();
      if (!status.ok()) NoteFailure(task.participant, status, recording_);
    }
  }
  recording_ = false;
}

void Session::NoteFailure(Participant* participant, const absl::Status& status,
                          bool warm) {
  participant->last_failure =
      fmt::format("{}: {}", MessageOf(status), LastErrorLine());
  ++participant->failures;
  participant->out = !warm || participant->failures > kMaxFailures;
}

std::string Session::LastErrorLine() const {
  const auto text = ReadFile(ProcPath(streams.error));
  if (!text.ok()) return "";
  const std::string_view trimmed =
      ToStd(absl::StripTrailingAsciiWhitespace(ToAbsl(*text)));
  return std::string(trimmed.substr(trimmed.rfind('\n') + 1));
}

}  // namespace sysbox::bench
