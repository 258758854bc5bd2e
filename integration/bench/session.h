// What all cases share: who takes part, how often, and what was measured.
#ifndef INTEGRATION_BENCH_SESSION_H_
#define INTEGRATION_BENCH_SESSION_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "integration/bench/measure.h"
#include "integration/bench/statistics.h"
#include "integration/bench/subject.h"
#include "integration/bench/sysbox_daemon.h"
#include "integration/bench/world.h"
#include "sysbox/oci/spec.h"

namespace sysbox::bench {

struct Participant {
  Subject subject;
  oci::Spec spec;         // with the root path; to be written with variations
  std::string directory;  // for its bundles
  int failures = 0;
  std::string last_failure;
  bool out = false;  // takes no further part
};

class Session {
 public:
  World world;
  Streams streams;
  std::string peak_rss_program;
  int runs = 40;
  double deadline_ms = 0;  // by NowMs(): rounds end early, but not below 3
  std::vector<Participant> participants;
  std::optional<SysboxDaemon> daemon;

  // A bundle `name` of the participant's spec, changed by `edit`. `args` are
  // the program's.
  absl::StatusOr<Launch> MakeLaunch(
      const Participant& participant, const std::string& name,
      std::vector<std::string> args,
      const std::function<void(oci::Spec&)>& edit = {}) const;

  // Runs `command` `verb` and records its wall time as `line`.
  absl::StatusOr<Sample> Take(const Participant& participant,
                              std::string_view verb, const Launch& launch,
                              const std::string& line);
  void Record(const std::string& line, const std::string& subject, double value,
              const std::string& unit = "ms");

  // `tasks` in a new random order each round, after a warm-up that is not
  // recorded. Who fails often, or before he ever succeeded, is out.
  struct Task {
    Participant* participant;
    std::function<absl::Status()> run;
  };
  void Interleave(std::vector<Task> tasks, int rounds);

  const std::vector<Series>& all() const { return all_; }
  // Standard error of what failed last.
  std::string LastErrorLine() const;

 private:
  void NoteFailure(Participant* participant, const absl::Status& status,
                   bool warm);

  bool recording_ = false;
  uint64_t random_ = 0x9E3779B97F4A7C15;  // the same orders every time
  std::vector<Series> all_;
};

}  // namespace sysbox::bench

#endif  // INTEGRATION_BENCH_SESSION_H_
