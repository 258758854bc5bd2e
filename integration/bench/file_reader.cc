// Reads files as fast as it can and says how long that took. It is told what
// to do line by line on stdin and answers each with one number:
//   time PATH COUNT        ns of one open+read+close; the median of COUNT
//   rate PATH THREADS MS   open+read+close per second by THREADS at once
//   find DIRECTORY         ms to list all below it
//   read DIRECTORY         ms to read all files below it, as `sysctl -a`
// Static, so that it runs in any container.
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace {

int64_t NowNs() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// Whether there was anything to read.
bool ReadOnce(const char* path) {
  char buffer[1 << 16];
  const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return false;
  bool any = false;
  while (read(file, buffer, sizeof buffer) > 0) any = true;
  close(file);
  return any;
}

double Time(const std::string& path, int count) {
  std::vector<int64_t> times;
  if (!ReadOnce(path.c_str())) return -1;
  for (int i = 0; i < count; ++i) {
    const int64_t begin = NowNs();
    ReadOnce(path.c_str());
    times.push_back(NowNs() - begin);
  }
  std::sort(times.begin(), times.end());
  return times.empty() ? -1 : static_cast<double>(times[times.size() / 2]);
}

double Rate(const std::string& path, int threads, int64_t milliseconds) {
  std::atomic<int64_t> reads = 0;
  const int64_t begin = NowNs();
  const int64_t end = begin + milliseconds * 1'000'000;
  std::vector<std::thread> readers;
  for (int i = 0; i < threads; ++i) {
    readers.emplace_back([&] {
      while (NowNs() < end) {
        ReadOnce(path.c_str());
        ++reads;
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  const double seconds = static_cast<double>(NowNs() - begin) / 1e9;
  return static_cast<double>(reads) / seconds;
}

double Walk(const std::string& directory, bool read) {
  namespace fs = std::filesystem;
  const int64_t begin = NowNs();
  std::error_code error;
  fs::recursive_directory_iterator entries(
      directory, fs::directory_options::skip_permission_denied, error);
  for (; !error && entries != fs::recursive_directory_iterator();
       entries.increment(error)) {
    if (read && entries->is_regular_file(error)) {
      ReadOnce(entries->path().c_str());
    }
    error.clear();
  }
  return static_cast<double>(NowNs() - begin) / 1e6;
}

double Do(const std::string& line) {
  std::istringstream words(line);
  std::string what, path;
  int64_t number = 0, more = 0;
  words >> what >> path >> number >> more;
  if (what == "time") return Time(path, static_cast<int>(number));
  if (what == "rate") return Rate(path, static_cast<int>(number), more);
  if (what == "find") return Walk(path, false);
  if (what == "read") return Walk(path, true);
  return -1;
}

}  // namespace

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    std::printf("%.1f\n", Do(line));
    std::fflush(stdout);
  }
}
