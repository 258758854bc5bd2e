// Attacks that a hostile container would try; see README.md. Each takes its
// arguments, prints one line per attempt, and returns an exit status.
#ifndef INTEGRATION_GUEST_PROBE_H_
#define INTEGRATION_GUEST_PROBE_H_

#include <string>
#include <vector>

namespace probe {

using Arguments = std::vector<std::string>;

// Prints "WHAT RESULT": OK if `returned` is not negative, else errno's name.
void Report(const std::string& what, long returned);
void Print(const std::string& line);

// Names in a directory without "." and ".."; empty if it cannot be read.
std::vector<std::string> Names(const std::string& directory);
// Up to 64 KiB; empty if it cannot be read.
std::string Read(const std::string& path);
// 0, or -1 and errno.
int Write(const std::string& path, const std::string& value);
// Numbers of /proc.
std::vector<int> Pids();

// processes.cc
int ListPids(const Arguments& arguments);
int ListDescriptors(const Arguments& arguments);
int ReachThroughProc(const Arguments& arguments);
int HuntNewcomers(const Arguments& arguments);
// files.cc
int RewriteAll(const Arguments& arguments);
int ListMounts(const Arguments& arguments);
int MakePrivate(const Arguments& arguments);
int SetFile(const Arguments& arguments);
int OpenFiles(const Arguments& arguments);
int MakeDevices(const Arguments& arguments);
int OpenHandles(const Arguments& arguments);
int ClimbOut(const Arguments& arguments);
int SwapForever(const Arguments& arguments);
// mounts.cc
int Thaw(const Arguments& arguments);
int ThawUnmounted(const Arguments& arguments);
// kernel.cc
int CallKernel(const Arguments& arguments);
int TryKeys(const Arguments& arguments);
int TryIpc(const Arguments& arguments);
int TryNamespaces(const Arguments& arguments);
int Connect(const Arguments& arguments);
int Notify(const Arguments& arguments);
// races.cc
int Race(const Arguments& arguments);
// runtimes.cc
int ReachProcfs(const Arguments& paths);
int ReadKernelLog(const Arguments& arguments);
int MountAnew(const Arguments& arguments);
// steady.cc
int CallSteadily(const Arguments& arguments);
// limits.cc
int MountCgroups(const Arguments& arguments);
int UseMemory(const Arguments& arguments);

}  // namespace probe

#endif  // INTEGRATION_GUEST_PROBE_H_
