#define TENSORS 3
#include "stamp.h"
