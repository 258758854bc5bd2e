// Runs a program and writes down the addresses of the functions that it and its
// children call, in the order of the first calls: tools/start_path lays them
// out in that order. A breakpoint on each; gone once it was met.
//
//   first_calls ADDRESSES CALLS PROGRAM NAME [ARGUMENT...]
//
// ADDRESSES: a file of hexadecimal addresses, sorted, those of PROGRAM when it
// is linked statically. Exits as PROGRAM does.

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace {

constexpr unsigned char kBreakpoint = 0xcc;  // int3
constexpr int kExecFailed = 127;
constexpr long kOptions = PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                          PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC |
                          PTRACE_O_EXITKILL;

struct Function {
  uint64_t address = 0;
  unsigned char first_byte = 0;
  bool noted = false;
};

std::vector<Function> ReadAddresses(const char* path) {
  std::vector<Function> functions;
  FILE* file = fopen(path, "r");
  if (file == nullptr) return functions;
  unsigned long address;
  while (fscanf(file, "%lx", &address) == 1) functions.push_back({address});
  fclose(file);
  return functions;
}

bool SetBreakpoints(pid_t program, std::vector<Function>& functions) {
  const std::string path = "/proc/" + std::to_string(program) + "/mem";
  const int memory = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (memory < 0) return false;
  bool set = true;
  for (Function& function : functions) {
    const off_t at = static_cast<off_t>(function.address);
    set = set && pread(memory, &function.first_byte, 1, at) == 1 &&
          pwrite(memory, &kBreakpoint, 1, at) == 1;
  }
  close(memory);
  return set;
}

// Whether the stop was at one of ours; then it goes on as if there were none.
bool MeetBreakpoint(pid_t process, std::vector<Function>& functions,
                    FILE* calls) {
  user_regs_struct registers;
  if (ptrace(PTRACE_GETREGS, process, nullptr, &registers) != 0) return false;
  const uint64_t address = registers.rip - 1;
  const auto met = std::lower_bound(
      functions.begin(), functions.end(), address,
      [](const Function& f, uint64_t value) { return f.address < value; });
  if (met == functions.end() || met->address != address) return false;
  if (!met->noted) fprintf(calls, "%lx\n", static_cast<long>(address));
  met->noted = true;
  registers.rip = address;
  ptrace(PTRACE_SETREGS, process, nullptr, &registers);
  const long word = ptrace(PTRACE_PEEKTEXT, process, address, nullptr);
  ptrace(PTRACE_POKETEXT, process, address, (word & ~0xffL) | met->first_byte);
  return true;
}

// Until there is nobody left; the exit status of `program`.
int Follow(pid_t program, std::vector<Function>& functions, FILE* calls) {
  int result = kExecFailed;
  for (;;) {
    int status = 0;
    const pid_t process = waitpid(-1, &status, __WALL);
    if (process < 0) return result;
    if (!WIFSTOPPED(status)) {
      if (process == program && WIFEXITED(status)) result = WEXITSTATUS(status);
      continue;
    }
    const int event = status >> 16;
    int signal = WSTOPSIG(status);
    if (event == PTRACE_EVENT_EXEC) {  // another program
      ptrace(PTRACE_DETACH, process, nullptr, nullptr);
      continue;
    }
    const bool ours =
        event != 0 || signal == SIGSTOP ||
        (signal == SIGTRAP && MeetBreakpoint(process, functions, calls));
    if (ours) signal = 0;
    ptrace(PTRACE_CONT, process, nullptr, signal);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  std::vector<Function> functions = ReadAddresses(argv[1]);
  FILE* calls = fopen(argv[2], "we");
  const pid_t program = fork();
  if (calls == nullptr || program < 0) return kExecFailed;
  if (program == 0) {
    ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    execv(argv[3], argv + 4);
    _exit(kExecFailed);
  }
  int status = 0;
  if (waitpid(program, &status, 0) != program || !WIFSTOPPED(status) ||
      ptrace(PTRACE_SETOPTIONS, program, nullptr, kOptions) != 0 ||
      !SetBreakpoints(program, functions)) {
    fprintf(stderr, "first_calls: cannot trace %s\n", argv[3]);
    return kExecFailed;
  }
  ptrace(PTRACE_CONT, program, nullptr, nullptr);
  const int result = Follow(program, functions, calls);
  fclose(calls);
  return result;
}
