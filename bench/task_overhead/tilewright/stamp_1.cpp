#define TENSORS 1
#include "stamp.h"
