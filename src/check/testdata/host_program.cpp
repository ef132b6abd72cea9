// A host test program in two versions: with the flag between load and addition, and (argument "wrong") without it.
#include <cstdio>
#include <cstring>

#include "pto/pto-inst.hpp"

using namespace pto;
using Vec = Tile<TileType::Vec, float, 16, 16>;
using Global = GlobalTensor<float, Shape<1, 1, 1, 16, 16>, Stride<256, 256, 256, 16, 1>>;

static void kernel(float* in, float* out, bool right) {
  Vec a;
  TASSIGN(a, 0x0);
  Global source(in), target(out);
  TLOAD(a, source);
  if (right) {
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
  }
  TADDS(a, a, 1.0f);
  set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
  wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
  TSTORE(target, a);
}

int main(int argc, char** argv) {
  static float in[256], out[256];
  kernel(in, out, argc < 2 || std::strcmp(argv[1], "wrong") != 0);
  std::printf("out[255] = %g\n", out[255]);
  return out[255] == 1.0f ? 0 : 3;
}
