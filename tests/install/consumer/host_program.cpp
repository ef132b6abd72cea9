// A host test program as kernels have them: device memory from the ACL-like calls, a kernel over several blocks, a comparison.
#include <stdio.h>

#include <pto/common/cpu_stub.hpp>
#include <pto/pto-inst.hpp>

constexpr int kBlocks = 4, kRows = 16, kCols = 64, kElements = kRows * kCols;

AICORE void add_kernel(__gm__ float* out, __gm__ float* a, __gm__ float* b) {
  using namespace pto;
  using Global = GlobalTensor<float, Shape<1, 1, 1, kRows, kCols>, Stride<1, 1, 1, kCols, 1>>;
  using Part = Tile<TileType::Vec, float, kRows, kCols>;
  const auto offset = get_block_idx() * kElements;
  Global a_global(a + offset), b_global(b + offset), out_global(out + offset);
  Part a_tile, b_tile, out_tile;
  TASSIGN(a_tile, 0x0);
  TASSIGN(b_tile, 0x1000);
  TASSIGN(out_tile, 0x2000);
  TLOAD(a_tile, a_global);
  TLOAD(b_tile, b_global);
  set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
  wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
  TADD(out_tile, a_tile, b_tile);
  set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
  wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
  TSTORE(out_global, out_tile);
}

int main() {
  constexpr size_t kBytes = sizeof(float) * kBlocks * kElements;
  aclInit(nullptr);
  aclrtSetDevice(0);
  aclrtStream stream;
  aclrtCreateStream(&stream);
  float *device[3], *host[3];
  for (int i = 0; i < 3; ++i) {
    aclrtMalloc((void**)&device[i], kBytes, ACL_MEM_MALLOC_HUGE_FIRST);
    aclrtMallocHost((void**)&host[i], kBytes);
  }
  for (int i = 0; i < kBlocks * kElements; ++i) host[0][i] = static_cast<float>(i), host[1][i] = static_cast<float>(2 * i + 1);
  for (int i = 0; i < 2; ++i) aclrtMemcpy(device[i], kBytes, host[i], kBytes, ACL_MEMCPY_HOST_TO_DEVICE);
  pto::RunBlocks(kBlocks, [&] { add_kernel(device[2], device[0], device[1]); });
  aclrtSynchronizeStream(stream);
  aclrtMemcpy(host[2], kBytes, device[2], kBytes, ACL_MEMCPY_DEVICE_TO_HOST);
  int wrong = 0;
  for (int i = 0; i < kBlocks * kElements; ++i) wrong += host[2][i] != static_cast<float>(3 * i + 1);
  printf("%d wrong\n", wrong);
  for (int i = 0; i < 3; ++i) aclrtFree(device[i]), aclrtFreeHost(host[i]);
  aclrtDestroyStream(stream);
  aclrtResetDevice(0);
  aclFinalize();
  return wrong;
}
