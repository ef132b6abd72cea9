// Uses each family of tile instructions once, so that nvcc compiles the templates that the examples leave alone. It is compiled
// only, and means nothing.
#include <pto/pto-inst.hpp>

#include "intrinsic.h"
#include "pipe_sync.h"
#include "pto_async_kernel_api.h"
#include "tensor.h"

using namespace pto;

namespace {

template <typename T, int R = 16, int C = 64>
using Vec = Tile<TileType::Vec, T, R, C>;
template <typename T, int R = 16>
using Column = Tile<TileType::Vec, T, R, 1, BLayout::ColMajor>;
template <typename T, int R = 16, int C = 64>
using Global = GlobalTensor<T, Shape<1, 1, 1, R, C>, Stride<R * C, R * C, R * C, C, 1>>;
template <typename T, int R, int C>
using Mat = Tile<TileType::Mat, T, R, C, BLayout::ColMajor, R, C, SLayout::RowMajor>;

template <typename T>
AICORE void arithmetic() {
  Vec<T> a, b, c, tmp;
  Column<T> column;
  Vec<T, 1> row;
  TASSIGN(a, 0);
  TASSIGN<0x1000>(b);
  Event<Op::TADD, Op::TMUL> added = TADD(c, a, b);
  TMUL(c, a, b, added);
  TSUB(c, a, b);
  TMAX(c, a, b);
  TMIN(c, a, b);
  TABS(c, a);
  TNEG(c, a);
  TRELU(c, a);
  TADDS(c, a, T(1));
  TSUBS(c, a, T(1));
  TMULS(c, a, T(2));
  TMAXS(c, a, T(2));
  TMINS(c, a, T(2));
  TEXPANDS(c, T(3));
  TADDC(c, a, b, c);
  TADDSC(c, a, T(1), b);
  TREM(c, a, b, tmp);
  TREMS(c, a, T(2), tmp);
  TROWSUM(column, a, tmp);
  TROWMAX(column, a, tmp);
  TCOLSUM(row, a);
  TCOLMIN(row, a);
  TROWEXPAND(c, column);
  TCOLEXPAND(c, row);
  TROWEXPANDADD(c, a, column);
  TROWEXPANDMUL(c, a, column, tmp);
  TCOLEXPANDSUB(c, a, row);
  TFILLPAD(c, a);
  TCONCAT(c, a, b);
  TTRANS(c, a, tmp);
  TSUBVIEW(c, a, 0, 0);
  a.SetValue(3, a.GetValue(4));
}

AICORE void floats() {
  Vec<float> a, b, c, tmp;
  Vec<half> h;
  Column<float> column;
  TDIV(c, a, b);
  TDIVS(c, a, 2.0f);
  TDIVS(c, 2.0f, a);
  TEXP(c, a);
  TLOG(c, a);
  TSQRT(c, a);
  TRSQRT(c, a);
  TRECIP(c, a);
  TCVT(h, a, RoundMode::CAST_RINT);
  TCVT(a, h, RoundMode::CAST_NONE, SaturationMode::ON);
  TMULADDDST(c, a, b);
  TFUSEDMULADD(c, a, b);
  TSUBRELU(c, a, b);
  TPRELU(c, a, b, tmp);
  TLRELU(c, a, 0.1f);
  TAXPY(c, a, 2.0f);
  TFMOD(c, a, b);
  TROWEXPANDDIV(c, a, column);
  TROWEXPANDEXPDIF(c, a, column);
}

AICORE void integers() {
  Vec<int32_t> a, b, c, tmp;
  TAND(c, a, b);
  TOR(c, a, b);
  TXOR(c, a, b, tmp);
  TNOT(c, a);
  TSHL(c, a, b);
  TSHR(c, a, b);
  TANDS(c, a, 3);
  TXORS(c, a, 3, tmp);
  TSHLS(c, a, 3);
  Vec<int32_t, 1> row;
  TCI<Vec<int32_t, 1>, int32_t, 0>(row, 0);
  TTRI<Vec<int32_t>, 0>(c, 0);
}

AICORE void choosing(__gm__ float *data) {
  Vec<float> a, b, c;
  Vec<uint8_t, 16, 32> mask, tmp;
  Vec<uint32_t> index;
  Vec<int32_t> where;
  TCMP(mask, a, b, CmpMode::LT);
  TCMPS(mask, a, 1.0f, CmpMode::GE);
  TSEL(c, mask, a, b, tmp);
  TSELS(c, mask, a, tmp, 0.0f);
  TGATHER(c, a, where, b);
  TGATHERB(c, a, index);
  TSCATTER(c, a, where);
  Global<float> table(data);
  MGATHER<Coalesce::Elem>(c, table, where);
  MSCATTER<Coalesce::Elem>(table, c, where);
  Tile<TileType::Vec, float, 1, 64> list, list2;
  Tile<TileType::Vec, float, 1, 128> records, merged;
  Tile<TileType::Vec, uint32_t, 1, 64> ids;
  TSORT32(records, list, ids);
  TMRGSORT(merged, records, 64);
}

AICORE void cube(__gm__ half *in, __gm__ float *out) {
  Mat<half, 32, 64> a_mat;
  Mat<half, 64, 32> b_mat;
  TileLeft<half, 32, 64> a;
  TileRight<half, 64, 32> b;
  TileAcc<float, 32, 32> c;
  Tile<TileType::Bias, float, 1, 32> bias;
  Global<half, 32, 64> a_global(in);
  Global<half, 64, 32> b_global(in);
  Global<float, 32, 32> c_global(out);
  TLOAD(a_mat, a_global);
  TLOAD(b_mat, b_global);
  set_flag(PIPE_MTE2, PIPE_MTE1, EVENT_ID0);
  wait_flag(PIPE_MTE2, PIPE_MTE1, EVENT_ID0);
  TMOV(a, a_mat);
  TEXTRACT(b, b_mat, 0, 0);
  TMATMUL(c, a, b);
  TMATMUL_ACC(c, c, a, b);
  TMATMUL_BIAS(c, a, b, bias);
  TSTORE(c_global, c);
  pipe_barrier(PIPE_ALL);
}

AICORE void cross_core(__gm__ float *slots, __gm__ int32_t *words) {
  using Pipe = TPipe<3, DIR_BOTH, 4096, 2>;
  Pipe pipe(slots, 0, 0);
  TileAcc<float, 32, 32> c;
  Tile<TileType::Vec, float, 16, 32> half_tile;
  Mat<float, 32, 32> mat;
  Global<float, 32, 32> view(slots);
  TPUSH<Pipe, TileAcc<float, 32, 32>, TILE_UP_DOWN>(pipe, c);
  TPOP<Pipe, Tile<TileType::Vec, float, 16, 32>, TILE_UP_DOWN>(pipe, half_tile);
  TFREE<Pipe, TILE_UP_DOWN>(pipe);
  TPUSH<Pipe, Tile<TileType::Vec, float, 16, 32>, TILE_UP_DOWN>(pipe, half_tile);
  TPOP<Pipe, Mat<float, 32, 32>, TILE_UP_DOWN>(pipe, mat);
  TALLOC<Pipe, Global<float, 32, 32>, TILE_NO_SPLIT>(pipe, view);
  TPUSH<Pipe, Global<float, 32, 32>, TILE_NO_SPLIT>(pipe, view);
  SYNCALL<SyncCoreType::AIVOnly>();
  ffts_cross_core_sync(PIPE_MTE3, 1u | 2u << 4 | 3u << 8);
  wait_flag_dev(3);
#if __NPU_ARCH__ != 2201
  set_intra_block(PIPE_MTE3, 1);
  wait_intra_block(PIPE_V, 1);
#endif
  dcci(words, SINGLE_CACHE_LINE);
  dsb(DSB_DDR);
  comm::Signal signal(words);
  comm::TNOTIFY(signal, 1, comm::NotifyOp::AtomicAdd);
  comm::TWAIT(signal, 1, comm::WaitCmp::GE);
  if (comm::TTEST(signal, 1, comm::WaitCmp::GE)) set_ctrl(sbitset1(get_ctrl(), 48));
  Vec<float> staging;
  Global<float> near(slots), far(slots);
  comm::TPUT(far, near, staging);
  comm::TGET(near, far, staging);
}

AICORE void runtime(__gm__ int64_t *args) {
  AsyncCtx context = get_async_ctx(args);
  save_expected_notification_counter(context, args, 1);
  send_notification(args, get_block_idx(args) + get_sub_block_id(args), comm::NotifyOp::Set);
  const __gm__ ChipTensor *tensor = reinterpret_cast<__gm__ ChipTensor *>(args[0]);
  if (from_u64<float>(static_cast<uint64_t>(args[1])) > 0) args[2] = static_cast<int64_t>(tensor->extent_elem() + tensor->numel());
  Vec<float> printed;
  TPRINT(printed);
}

}  // namespace

extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args) {
  arithmetic<float>();
  arithmetic<int32_t>();
  arithmetic<half>();
  floats();
  integers();
  choosing(reinterpret_cast<__gm__ float *>(args[0]));
  cube(reinterpret_cast<__gm__ half *>(args[0]), reinterpret_cast<__gm__ float *>(args[1]));
  cross_core(reinterpret_cast<__gm__ float *>(args[0]), reinterpret_cast<__gm__ int32_t *>(args[1]));
  runtime(args);
}
