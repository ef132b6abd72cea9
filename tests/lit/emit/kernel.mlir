// What kernels have beside plain operators, as C++.
// RUN: tw-opt %s --emit-kernel -o %t.mlir | FileCheck %s

// Sizes that are known at run time, columns, scratch, masks, padding, numbers.
// CHECK: // AIV: sizes
// CHECK: const half arg3 = __builtin_bit_cast(half, static_cast<uint16_t>(args[3]));
// CHECK: Tile<TileType::Vec, float, 64, 128, BLayout::RowMajor, DYNAMIC, 100> load;
// CHECK: Tile<TileType::Vec, float, 64, 1, BLayout::ColMajor, DYNAMIC, 1> row_sum;
// CHECK: Tile<TileType::Vec, float, 64, 128, BLayout::RowMajor, DYNAMIC, 100> row_sum_scratch;
// CHECK: Tile<TileType::Vec, uint8_t, 64, 32> compares;
// CHECK: Tile<TileType::Vec, float, 64, 128> pad;
// CHECK: Tile<TileType::Vec, float, 64, 128, BLayout::RowMajor, 64, 128, SLayout::NoneBox, TileConfig::fractalABSize, PadValue::Min> pad_padded;
tile.func aiv @sizes(%x: !tw.tensor<2x?x128xf32>, %y: !tw.tensor<?x1xf32> {tw.out}, %z: !tw.tensor<64xi32> {tw.inout}, %h: f16, %n: index, %f: f32) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  // CHECK: load.SetValidRow(static_cast<int>(arg4));
  // CHECK: ViewNx100xf32 arg0_view(arg0 + arg0_tensor->strides[0], Shape<1, 1, 1, DYNAMIC, 100>(load.GetValidRow()), Pitch(arg0_tensor->strides[1], arg0_tensor->strides[2]));
  // CHECK: TLOAD(load, arg0_view);
  %t = tile.load %x[%one, %zero, %zero] valid(%n) : !tw.tensor<2x?x128xf32> -> !tile.tile<64x128xf32, valid ?x100, vec, at 0>
  // CHECK: row_sum.SetValidRow(load.GetValidRow());
  // CHECK: TROWSUM(row_sum, load, row_sum_scratch);
  %s = tile.row_sum %t {tile.scratch = 32768} : (!tile.tile<64x128xf32, valid ?x100, vec, at 0>) -> !tile.tile<64x1xf32, valid ?x1, vec, at 65536>
  // CHECK: ViewNx1xf32Columns arg1_view(arg1, Shape<1, 1, 1, DYNAMIC, 1>(row_sum.GetValidRow()), Pitch(arg1_tensor->strides[0], arg1_tensor->strides[1]));
  // CHECK: TSTORE(arg1_view, row_sum);
  tile.store %s, %y[%zero, %zero] : !tile.tile<64x1xf32, valid ?x1, vec, at 65536>, !tw.tensor<?x1xf32>
  // CHECK: TCMPS(compares, load, arg5, CmpMode::GE);
  %m = tile.compares ge %t, %f : (!tile.tile<64x128xf32, valid ?x100, vec, at 0>, f32) -> !tile.tile<64x128xi1, valid ?x100, vec, at 70000>
  // CHECK: TFILLPAD(pad_padded, load);
  %p = tile.pad %t with min : (!tile.tile<64x128xf32, valid ?x100, vec, at 0>) -> !tile.tile<64x128xf32, vec, at 98304>
  // CHECK: const int64_t rows = load.GetValidRow();
  %rows = tile.valid_rows %t : !tile.tile<64x128xf32, valid ?x100, vec, at 0>
  // CHECK: const float value = pad.GetValue(rows * 128 + 1);
  %v = tile.read %p[%rows, %one] : !tile.tile<64x128xf32, vec, at 98304> -> f32
  // CHECK: pad.SetValue(1, value + value);
  %w = arith.addf %v, %v : f32
  %q = tile.write %w, %p[%zero, %one] : f32, !tile.tile<64x128xf32, vec, at 98304>
  // CHECK: const int64_t block = get_block_idx(args);
  %block = tile.block_index
  // CHECK: __gm__ int32_t *element = arg2 + block * arg2_tensor->strides[0];
  // CHECK: const int32_t value_2 = *element;
  %e = tw.read %z[%block] : !tw.tensor<64xi32> -> i32
  // CHECK: *element_2 = value_2 + 1;
  // CHECK: dcci(element_2, SINGLE_CACHE_LINE, CACHELINE_OUT);
  // CHECK: dsb(DSB_DDR);
  %i1 = arith.constant 1 : i32
  %e1 = arith.addi %e, %i1 : i32
  tw.write %e1, %z[%zero] : i32, !tw.tensor<64xi32>
  // CHECK: TCVT(cast, load, RoundMode::CAST_RINT);
  %c0 = tile.cast %t : (!tile.tile<64x128xf32, valid ?x100, vec, at 0>) -> !tile.tile<64x128xi32, valid ?x100, vec, at 0>
  // CHECK: TCVT(cast_2, load, RoundMode::CAST_FLOOR);
  %c1 = tile.cast %t round floor : (!tile.tile<64x128xf32, valid ?x100, vec, at 0>) -> !tile.tile<64x128xi32, valid ?x100, vec, at 131072>
  // CHECK: TCI<decltype(iota), int32_t, 0>(iota, value_2);
  %count = tile.iota %e : (i32) -> !tile.tile<1x64xi32, vec, at 70000>
  tile.return
}
