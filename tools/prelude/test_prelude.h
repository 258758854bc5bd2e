// What tests have behind prelude.h: their framework.
#ifndef TOOLS_PRELUDE_TEST_PRELUDE_H_
#define TOOLS_PRELUDE_TEST_PRELUDE_H_

#include "catch2/catch.hpp"

#endif  // TOOLS_PRELUDE_TEST_PRELUDE_H_
