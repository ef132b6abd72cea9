#define TENSORS 32
#include "stamp.h"
