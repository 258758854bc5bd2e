// The UBSan runtime asks for these by name. RapidJSON's stack does arithmetic
// on a null pointer while it is empty; upstream has it fixed since 1.1.

extern "C" const char* __ubsan_default_suppressions() {
  return "pointer-overflow:rapidjson/internal/stack.h\n";
}
