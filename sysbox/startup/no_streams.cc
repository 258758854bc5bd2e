// In the place of libstdc++'s ios_init.o: std::cout and its like are never
// made. Abseil's archives construct this object before main() because its
// headers include <iostream>, and making eight streams and two locales that
// nobody uses is a seventh of the time that a static program takes to start.
// Should a library need another part of ios_init.o, linking fails: these are
// defined twice then. Locales and string streams make themselves when used.

#include <ios>

namespace std {

ios_base::Init::Init() {}
ios_base::Init::~Init() {}

}  // namespace std
