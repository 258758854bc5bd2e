// A program of the 32-bit ABI without a library: trapped calls by their i386
// numbers. Prints "CALL 0" or the negative errno.
namespace {

// arch/x86/entry/syscalls/syscall_32.tbl
enum Number {
  kExit = 1,
  kWrite = 4,
  kMknod = 14,
  kMount = 21,
  kUmount = 22,
  kUmount2 = 52,
  kChown = 182,
  kSysinfo = 116,
  kSyslog = 103,
  kSchedGetaffinity = 242
};

// include/uapi/linux/sysinfo.h with 32-bit longs.
struct Sysinfo {
  int uptime;
  unsigned loads[3];
  unsigned ram[4];
  unsigned swap[2];
  unsigned short processes;
  unsigned short pad;
  unsigned high[2];
  unsigned unit;
  char tail[8];
};
static_assert(sizeof(Sysinfo) == 64);

long Call(int number, long a = 0, long b = 0, long c = 0, long d = 0,
          long e = 0) {
  long result;
  asm volatile("int $0x80"
               : "=a"(result)
               : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
               : "memory");
  return result;
}

long Address(const void* memory) { return reinterpret_cast<long>(memory); }

void Text(const char* text) {
  int size = 0;
  while (text[size] != '\0') ++size;
  Call(kWrite, 1, Address(text), size);
}

void Digits(unsigned long number) {
  char text[12];
  char* digit = text + sizeof text - 1;
  *digit = '\0';
  do {
    *--digit = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  Text(digit);
}

void Report(const char* what, long result) {
  Text(what);
  Text(result < 0 ? " -" : " ");
  Digits(static_cast<unsigned long>(result < 0 ? -result : result));
  Text("\n");
}

void Run() {
  constexpr long kChar = 020666;
  Report("mknod", Call(kMknod, Address("/tmp/null"), kChar, 0x103));
  Report("mknod memory", Call(kMknod, Address("/tmp/memory"), kChar, 0x101));
  Report("mount",
         Call(kMount, Address("p"), Address("/mnt"), Address("proc"), 0, 0));
  Report("umount", Call(kUmount2, Address("/mnt"), 0));
  Report("umount again", Call(kUmount2, Address("/mnt"), 0));
  Call(kMount, Address("p"), Address("/mnt"), Address("proc"), 0, 0);
  Report("umount without flags", Call(kUmount, Address("/mnt"), -1));
  Report("umount without flags again", Call(kUmount, Address("/mnt"), -1));
  Report("syslog", Call(kSyslog, 10));
  Sysinfo numbers = {};
  Report("sysinfo", Call(kSysinfo, Address(&numbers)));
  Report("uptime", numbers.uptime);
  unsigned cpus[32] = {};
  Report("affinity's size",
         Call(kSchedGetaffinity, 0, sizeof cpus, Address(cpus)) > 0 ? 0 : -1);
  int count = 0;
  for (unsigned word : cpus) {
    for (; word != 0; word &= word - 1) ++count;
  }
  Report("cpus", count);
  Report("affinity in half a word",
         Call(kSchedGetaffinity, 0, 2, Address(cpus)));
  Report("affinity nowhere",
         Call(kSchedGetaffinity, 0, sizeof cpus, Address(nullptr)));
  const unsigned long long bytes =
      static_cast<unsigned long long>(numbers.ram[0]) * numbers.unit;
  Report("mebibytes", static_cast<long>(bytes >> 20));
}

}  // namespace

extern "C" [[noreturn]] void _start() {
  Run();
  for (;;) Call(kExit, 0);
}
