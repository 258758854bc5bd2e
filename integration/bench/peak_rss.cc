// Runs a program and prints the largest resident set that it or one of its
// children had, in KiB. A small program of its own because a child starts out
// with the size of whoever makes it.
//
//   peak_rss PROGRAM NAME [ARGUMENT...]

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const pid_t child = vfork();
  if (child < 0) return 125;
  if (child == 0) {
    execv(argv[1], argv + 2);
    _exit(127);
  }
  int status = 0;
  rusage usage = {};
  if (wait4(child, &status, 0, &usage) != child) return 125;
  printf("%ld\n", usage.ru_maxrss);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}
