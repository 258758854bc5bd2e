// Bazel compiles this at link time and defines the status keys as macros.

namespace sysbox {

#ifdef STABLE_GIT_COMMIT
extern const char kGitCommit[] = STABLE_GIT_COMMIT;
#else
extern const char kGitCommit[] = "unknown";
#endif

}  // namespace sysbox
