// libtilewright-compiler.so is the compiler layer as it is; this file only gives the library a source of its own.
#include "tilewright/builder.h"

static_assert(sizeof(twb_value) == 4, "values are numbers in every language that calls the builder");
