// A static program that starts as sysbox does, and says whether what glibc
// prepares before main() is there. Exits with the line of what is not.
//
//   startup_probe start    only starts
//   startup_probe check    looks at everything
//   startup_probe sizes    prints what the processor's caches are taken for

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>
#include <wchar.h>

#include <sstream>
#include <string>
#include <thread>
#include <vector>

// By macro, for the line; 255 is the most that an exit status holds.
#define CHECK(condition) \
  if (!(condition)) _exit(__LINE__ < 255 ? __LINE__ : 255)

namespace {

constexpr size_t kSizes[] = {0,    1,    3,    4,    7,    8,     15,     16,
                             17,   31,   32,   33,   63,   64,    65,     127,
                             128,  129,  255,  256,  257,  511,   512,    2111,
                             2112, 2113, 4095, 4096, 4097, 65537, 5 << 20};

// The compiler must not know what is called, or it calls nothing.
volatile auto copy = &memcpy;
volatile auto move = &memmove;
volatile auto fill = &memset;
volatile auto compare = &memcmp;
volatile auto length = &strlen;
volatile auto find =
    static_cast<const void* (*)(const void*, int, size_t)>(&memchr);

// Never zero.
unsigned char PatternAt(size_t index) { return index * 31 % 251 + 1; }

bool IsPattern(const unsigned char* at, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    if (at[i] != PatternAt(i)) return false;
  }
  return true;
}

// Whichever variants were chosen: all sizes at which they change their ways.
void CheckMemory(size_t size, size_t offset) {
  std::vector<unsigned char> from(size + 256, 0), to(size + 256, 0);
  unsigned char* const source = from.data() + offset;
  unsigned char* const target = to.data() + 64 - offset;
  for (size_t i = 0; i < size; ++i) source[i] = PatternAt(i);
  CHECK(copy(target, source, size) == target);
  CHECK(IsPattern(target, size));
  CHECK(target[size] == 0 && target[-1] == 0);
  CHECK(compare(target, source, size) == 0);
  CHECK(length(reinterpret_cast<char*>(source)) == size);
  CHECK(find(source, 0, size + 1) == source + size);
  CHECK(move(target + 13, target, size) == target + 13);
  CHECK(IsPattern(target + 13, size));
  CHECK(move(target, target + 13, size) == target);
  CHECK(IsPattern(target, size));
  if (size > 0) {
    target[size - 1] ^= 0x80;
    CHECK(compare(target, source, size) != 0);
  }
  CHECK(fill(target, 0x5a, size) == target);
  for (size_t i = 0; i < size; ++i) CHECK(target[i] == 0x5a);
}

void CheckStrings() {
  const std::string text = "one,two;three";
  CHECK(strchr(text.c_str(), ';') == text.c_str() + 7);
  CHECK(strrchr(text.c_str(), 't') == text.c_str() + 8);
  CHECK(strstr(text.c_str(), "three") == text.c_str() + 8);
  CHECK(strcspn(text.c_str(), ";,") == 3);
  CHECK(strspn(text.c_str(), "neo") == 3);
  CHECK(strcmp(text.c_str(), "one,two;thred") > 0);
  CHECK(strncmp(text.c_str(), "one", 3) == 0);
  CHECK(strcasecmp(text.c_str(), "ONE,TWO;THREE") == 0);
  CHECK(strnlen(text.c_str(), 5) == 5);
  CHECK(wcslen(L"wide") == 4);
}

void CheckLocale() {
  CHECK(std::string(nl_langinfo(CODESET)) == "ANSI_X3.4-1968");
  CHECK(setlocale(LC_ALL, "C.UTF-8") != nullptr);
  CHECK(setlocale(LC_ALL, "C") != nullptr);
  locale_t made = newlocale(LC_ALL_MASK, "C", nullptr);
  CHECK(made != nullptr);
  freelocale(made);
  std::ostringstream stream;  // makes the C++ locale, which nobody has yet
  stream << 42 << ' ' << 1.5 << ' ' << "x";
  CHECK(stream.str() == "42 1.5 x");
  double value = 0;
  std::istringstream("2.25") >> value;
  CHECK(value == 2.25);
}

thread_local int of_thread = 7;
thread_local std::string text_of_thread = "initial";

void CheckThreads() {
  of_thread = 8;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([i] {
      CHECK(of_thread == 7 && text_of_thread == "initial");
      of_thread = i;
      text_of_thread = std::to_string(i);
      errno = i;
      std::this_thread::yield();
      CHECK(of_thread == i && errno == i);
      CHECK(text_of_thread == std::to_string(i));
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(of_thread == 8);
}

// x86-64's ABI: %fs:0 names the thread, %fs:0x28 is the canary, %fs:0x30 what
// setjmp's pointers are hidden with.
void CheckGuards() {
#ifdef __x86_64__
  uintptr_t self, canary, pointer_guard;
  asm volatile("mov %%fs:0, %0" : "=r"(self));
  asm volatile("mov %%fs:0x28, %0" : "=r"(canary));
  asm volatile("mov %%fs:0x30, %0" : "=r"(pointer_guard));
  CHECK(self == static_cast<uintptr_t>(pthread_self()));
  CHECK(canary != 0 && (canary & 0xff) == 0);
  CHECK(pointer_guard != 0 && pointer_guard != canary);
#endif
}

void CheckProcess(char** argv) {
  CHECK(getauxval(AT_PAGESZ) == static_cast<unsigned long>(getpagesize()));
  CHECK(getauxval(AT_RANDOM) != 0 && getauxval(AT_SYSINFO_EHDR) != 0);
  CHECK(std::string(program_invocation_name) == argv[0]);
  CHECK(std::string(program_invocation_short_name) == "startup_probe");
  CHECK(std::string(environ[0]) == "STARTUP=probe" && environ[1] == nullptr);
  CHECK(sysconf(_SC_NPROCESSORS_ONLN) > 0);
  const unsigned long signal_frame = getauxval(AT_MINSIGSTKSZ);
  CHECK(signal_frame >= 1024 && signal_frame < 65536);
  CHECK(sysconf(_SC_MINSIGSTKSZ) == static_cast<long>(signal_frame));
}

void PrintSizes() {
  for (int name = _SC_LEVEL1_ICACHE_SIZE; name <= _SC_LEVEL4_CACHE_LINESIZE;
       ++name) {
    printf("%ld%c", sysconf(name),
           name == _SC_LEVEL4_CACHE_LINESIZE ? '\n' : ' ');
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 254;
  const std::string what = argv[1];
  if (what == "sizes") PrintSizes();
  if (what != "check") return 0;
  for (size_t size : kSizes) {
    for (size_t offset : {0, 1, 31, 33}) CheckMemory(size, offset);
  }
  CheckStrings();
  CheckLocale();
  CheckThreads();
  CheckGuards();
  CheckProcess(argv);
  return 0;
}
