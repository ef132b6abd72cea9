#define TENSORS 2
#include "stamp.h"
