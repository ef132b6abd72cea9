// Every operator, printed as it was written. A new operator is a line here and an entry in operators.td.
// RUN: tw-opt %s | tw-opt | FileCheck %s

// CHECK-LABEL: tile.func @element_by_element
tile.func @element_by_element(%x: !tw.tensor<64x128xf32>, %h: f32, %i: i32) {
  %a = tile.create : !tile.tile<64x128xf32>
  %s = tile.create : !tile.tile<16x16xi32>
  // CHECK: tile.add %{{.*}}, %{{.*}} : !tile.tile<64x128xf32>
  %0 = tile.add %a, %a : !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.sub %{{.*}}, %{{.*}} : !tile.tile<64x128xf32>
  %1 = tile.sub %a, %0 : !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.mul %{{.*}}, %{{.*}} : !tile.tile<64x128xf32>
  %2 = tile.mul %a, %a : !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.div %{{.*}}, %{{.*}} : !tile.tile<64x128xf32>
  %3 = tile.div %a, %a : !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.max %{{.*}}, %{{.*}} : !tile.tile<64x128xf32>
  %4 = tile.max %a, %a : !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.min %{{.*}}, %{{.*}} : !tile.tile<64x128xf32>
  %5 = tile.min %a, %a : !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.rem %{{.*}}, %{{.*}} : !tile.tile<64x128xf32>
  %6 = tile.rem %a, %a : !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.fmod %{{.*}}, %{{.*}} : !tile.tile<64x128xf32>
  %7 = tile.fmod %a, %a : !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.prelu %{{.*}}, %{{.*}} : !tile.tile<64x128xf32>
  %8 = tile.prelu %a, %a : !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.and %{{.*}}, %{{.*}} : !tile.tile<16x16xi32>
  %9 = tile.and %s, %s : !tile.tile<16x16xi32>
  // CHECK-NEXT: tile.or %{{.*}}, %{{.*}} : !tile.tile<16x16xi32>
  %10 = tile.or %s, %s : !tile.tile<16x16xi32>
  // CHECK-NEXT: tile.xor %{{.*}}, %{{.*}} : !tile.tile<16x16xi32>
  %11 = tile.xor %s, %s : !tile.tile<16x16xi32>
  // CHECK-NEXT: tile.shl %{{.*}}, %{{.*}} : !tile.tile<16x16xi32>
  %12 = tile.shl %s, %s : !tile.tile<16x16xi32>
  // CHECK-NEXT: tile.shr %{{.*}}, %{{.*}} : !tile.tile<16x16xi32>
  %13 = tile.shr %s, %s : !tile.tile<16x16xi32>
  // CHECK-NEXT: tile.adds %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, f32) -> !tile.tile<64x128xf32>
  %14 = tile.adds %a, %h : (!tile.tile<64x128xf32>, f32) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.subs %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, f32) -> !tile.tile<64x128xf32>
  %15 = tile.subs %a, %h : (!tile.tile<64x128xf32>, f32) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.muls %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, f32) -> !tile.tile<64x128xf32>
  %16 = tile.muls %a, %h : (!tile.tile<64x128xf32>, f32) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.divs %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, f32) -> !tile.tile<64x128xf32>
  %17 = tile.divs %a, %h : (!tile.tile<64x128xf32>, f32) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.maxs %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, f32) -> !tile.tile<64x128xf32>
  %18 = tile.maxs %a, %h : (!tile.tile<64x128xf32>, f32) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.mins %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, f32) -> !tile.tile<64x128xf32>
  %19 = tile.mins %a, %h : (!tile.tile<64x128xf32>, f32) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.rdivs %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, f32) -> !tile.tile<64x128xf32>
  %20 = tile.rdivs %a, %h : (!tile.tile<64x128xf32>, f32) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.lrelu %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, f32) -> !tile.tile<64x128xf32>
  %21 = tile.lrelu %a, %h : (!tile.tile<64x128xf32>, f32) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.rems %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, f32) -> !tile.tile<64x128xf32>
  %22 = tile.rems %a, %h : (!tile.tile<64x128xf32>, f32) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.fmods %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, f32) -> !tile.tile<64x128xf32>
  %23 = tile.fmods %a, %h : (!tile.tile<64x128xf32>, f32) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.ands %{{.*}}, %{{.*}} : (!tile.tile<16x16xi32>, i32) -> !tile.tile<16x16xi32>
  %24 = tile.ands %s, %i : (!tile.tile<16x16xi32>, i32) -> !tile.tile<16x16xi32>
  // CHECK-NEXT: tile.ors %{{.*}}, %{{.*}} : (!tile.tile<16x16xi32>, i32) -> !tile.tile<16x16xi32>
  %25 = tile.ors %s, %i : (!tile.tile<16x16xi32>, i32) -> !tile.tile<16x16xi32>
  // CHECK-NEXT: tile.xors %{{.*}}, %{{.*}} : (!tile.tile<16x16xi32>, i32) -> !tile.tile<16x16xi32>
  %26 = tile.xors %s, %i : (!tile.tile<16x16xi32>, i32) -> !tile.tile<16x16xi32>
  // CHECK-NEXT: tile.shls %{{.*}}, %{{.*}} : (!tile.tile<16x16xi32>, i32) -> !tile.tile<16x16xi32>
  %27 = tile.shls %s, %i : (!tile.tile<16x16xi32>, i32) -> !tile.tile<16x16xi32>
  // CHECK-NEXT: tile.shrs %{{.*}}, %{{.*}} : (!tile.tile<16x16xi32>, i32) -> !tile.tile<16x16xi32>
  %28 = tile.shrs %s, %i : (!tile.tile<16x16xi32>, i32) -> !tile.tile<16x16xi32>
  // CHECK-NEXT: tile.abs %{{.*}} : !tile.tile<64x128xf32>
  %29 = tile.abs %a : !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.neg %{{.*}} : !tile.tile<64x128xf32>
  %30 = tile.neg %a : !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.relu %{{.*}} : !tile.tile<64x128xf32>
  %31 = tile.relu %a : !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.exp %{{.*}} : !tile.tile<64x128xf32>
  %32 = tile.exp %a : !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.log %{{.*}} : !tile.tile<64x128xf32>
  %33 = tile.log %a : !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.sqrt %{{.*}} : !tile.tile<64x128xf32>
  %34 = tile.sqrt %a : !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.rsqrt %{{.*}} : !tile.tile<64x128xf32>
  %35 = tile.rsqrt %a : !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.recip %{{.*}} : !tile.tile<64x128xf32>
  %36 = tile.recip %a : !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.not %{{.*}} : !tile.tile<16x16xi32>
  %37 = tile.not %s : !tile.tile<16x16xi32>
  // CHECK-NEXT: tile.axpy %{{.*}}, %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, !tile.tile<64x128xf32>, f32) -> !tile.tile<64x128xf32>
  %38 = tile.axpy %a, %a, %h : (!tile.tile<64x128xf32>, !tile.tile<64x128xf32>, f32) -> !tile.tile<64x128xf32>
  tile.return
}

// CHECK-LABEL: tile.func @masks
tile.func @masks(%h: f32) {
  %a = tile.create : !tile.tile<64x128xf32>
  // CHECK: tile.create
  // CHECK-NEXT: tile.compare eq %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, !tile.tile<64x128xf32>) -> !tile.tile<64x128xi1>
  %39 = tile.compare eq %a, %a : (!tile.tile<64x128xf32>, !tile.tile<64x128xf32>) -> !tile.tile<64x128xi1>
  // CHECK-NEXT: tile.compare ne %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, !tile.tile<64x128xf32>) -> !tile.tile<64x128xi1>
  %40 = tile.compare ne %a, %a : (!tile.tile<64x128xf32>, !tile.tile<64x128xf32>) -> !tile.tile<64x128xi1>
  // CHECK-NEXT: tile.compare lt %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, !tile.tile<64x128xf32>) -> !tile.tile<64x128xi1>
  %41 = tile.compare lt %a, %a : (!tile.tile<64x128xf32>, !tile.tile<64x128xf32>) -> !tile.tile<64x128xi1>
  // CHECK-NEXT: tile.compare gt %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, !tile.tile<64x128xf32>) -> !tile.tile<64x128xi1>
  %42 = tile.compare gt %a, %a : (!tile.tile<64x128xf32>, !tile.tile<64x128xf32>) -> !tile.tile<64x128xi1>
  // CHECK-NEXT: tile.compare ge %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, !tile.tile<64x128xf32>) -> !tile.tile<64x128xi1>
  %43 = tile.compare ge %a, %a : (!tile.tile<64x128xf32>, !tile.tile<64x128xf32>) -> !tile.tile<64x128xi1>
  // CHECK-NEXT: tile.compare le %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, !tile.tile<64x128xf32>) -> !tile.tile<64x128xi1>
  %44 = tile.compare le %a, %a : (!tile.tile<64x128xf32>, !tile.tile<64x128xf32>) -> !tile.tile<64x128xi1>
  // CHECK-NEXT: tile.compares gt %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, f32) -> !tile.tile<64x128xi1>
  %45 = tile.compares gt %a, %h : (!tile.tile<64x128xf32>, f32) -> !tile.tile<64x128xi1>
  // CHECK-NEXT: tile.select %{{.*}}, %{{.*}}, %{{.*}} : (!tile.tile<64x128xi1>, !tile.tile<64x128xf32>, !tile.tile<64x128xf32>) -> !tile.tile<64x128xf32>
  %46 = tile.select %44, %a, %a : (!tile.tile<64x128xi1>, !tile.tile<64x128xf32>, !tile.tile<64x128xf32>) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.selects %{{.*}}, %{{.*}}, %{{.*}} : (!tile.tile<64x128xi1>, !tile.tile<64x128xf32>, f32) -> !tile.tile<64x128xf32>
  %47 = tile.selects %44, %a, %h : (!tile.tile<64x128xi1>, !tile.tile<64x128xf32>, f32) -> !tile.tile<64x128xf32>
  tile.return
}

// CHECK-LABEL: tile.func @reductions_and_broadcasts
tile.func @reductions_and_broadcasts(%h: f32, %i: i32) {
  %a = tile.create : !tile.tile<64x128xf32>
  %c = tile.create : !tile.tile<64x1xf32>
  // CHECK: tile.create : !tile.tile<1x128xf32>
  %r = tile.create : !tile.tile<1x128xf32>
  // CHECK-NEXT: tile.row_sum %{{.*}} : (!tile.tile<64x128xf32>) -> !tile.tile<64x1xf32>
  %48 = tile.row_sum %a : (!tile.tile<64x128xf32>) -> !tile.tile<64x1xf32>
  // CHECK-NEXT: tile.row_max %{{.*}} : (!tile.tile<64x128xf32>) -> !tile.tile<64x1xf32>
  %49 = tile.row_max %a : (!tile.tile<64x128xf32>) -> !tile.tile<64x1xf32>
  // CHECK-NEXT: tile.row_min %{{.*}} : (!tile.tile<64x128xf32>) -> !tile.tile<64x1xf32>
  %50 = tile.row_min %a : (!tile.tile<64x128xf32>) -> !tile.tile<64x1xf32>
  // CHECK-NEXT: tile.col_sum %{{.*}} : (!tile.tile<64x128xf32>) -> !tile.tile<1x128xf32>
  %51 = tile.col_sum %a : (!tile.tile<64x128xf32>) -> !tile.tile<1x128xf32>
  // CHECK-NEXT: tile.col_max %{{.*}} : (!tile.tile<64x128xf32>) -> !tile.tile<1x128xf32>
  %52 = tile.col_max %a : (!tile.tile<64x128xf32>) -> !tile.tile<1x128xf32>
  // CHECK-NEXT: tile.col_min %{{.*}} : (!tile.tile<64x128xf32>) -> !tile.tile<1x128xf32>
  %53 = tile.col_min %a : (!tile.tile<64x128xf32>) -> !tile.tile<1x128xf32>
  // CHECK-NEXT: tile.row_expand_add %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, !tile.tile<64x1xf32>) -> !tile.tile<64x128xf32>
  %54 = tile.row_expand_add %a, %c : (!tile.tile<64x128xf32>, !tile.tile<64x1xf32>) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.row_expand_sub %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, !tile.tile<64x1xf32>) -> !tile.tile<64x128xf32>
  %55 = tile.row_expand_sub %a, %c : (!tile.tile<64x128xf32>, !tile.tile<64x1xf32>) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.row_expand_mul %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, !tile.tile<64x1xf32>) -> !tile.tile<64x128xf32>
  %56 = tile.row_expand_mul %a, %c : (!tile.tile<64x128xf32>, !tile.tile<64x1xf32>) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.row_expand_div %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, !tile.tile<64x1xf32>) -> !tile.tile<64x128xf32>
  %57 = tile.row_expand_div %a, %c : (!tile.tile<64x128xf32>, !tile.tile<64x1xf32>) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.row_expand_max %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, !tile.tile<64x1xf32>) -> !tile.tile<64x128xf32>
  %58 = tile.row_expand_max %a, %c : (!tile.tile<64x128xf32>, !tile.tile<64x1xf32>) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.row_expand_min %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, !tile.tile<64x1xf32>) -> !tile.tile<64x128xf32>
  %59 = tile.row_expand_min %a, %c : (!tile.tile<64x128xf32>, !tile.tile<64x1xf32>) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.row_expand_expdif %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, !tile.tile<64x1xf32>) -> !tile.tile<64x128xf32>
  %60 = tile.row_expand_expdif %a, %c : (!tile.tile<64x128xf32>, !tile.tile<64x1xf32>) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.col_expand_add %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, !tile.tile<1x128xf32>) -> !tile.tile<64x128xf32>
  %61 = tile.col_expand_add %a, %r : (!tile.tile<64x128xf32>, !tile.tile<1x128xf32>) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.col_expand_sub %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, !tile.tile<1x128xf32>) -> !tile.tile<64x128xf32>
  %62 = tile.col_expand_sub %a, %r : (!tile.tile<64x128xf32>, !tile.tile<1x128xf32>) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.col_expand_mul %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, !tile.tile<1x128xf32>) -> !tile.tile<64x128xf32>
  %63 = tile.col_expand_mul %a, %r : (!tile.tile<64x128xf32>, !tile.tile<1x128xf32>) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.col_expand_div %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, !tile.tile<1x128xf32>) -> !tile.tile<64x128xf32>
  %64 = tile.col_expand_div %a, %r : (!tile.tile<64x128xf32>, !tile.tile<1x128xf32>) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.col_expand_max %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, !tile.tile<1x128xf32>) -> !tile.tile<64x128xf32>
  %65 = tile.col_expand_max %a, %r : (!tile.tile<64x128xf32>, !tile.tile<1x128xf32>) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.col_expand_min %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, !tile.tile<1x128xf32>) -> !tile.tile<64x128xf32>
  %66 = tile.col_expand_min %a, %r : (!tile.tile<64x128xf32>, !tile.tile<1x128xf32>) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.col_expand_expdif %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, !tile.tile<1x128xf32>) -> !tile.tile<64x128xf32>
  %67 = tile.col_expand_expdif %a, %r : (!tile.tile<64x128xf32>, !tile.tile<1x128xf32>) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.row_expand %{{.*}} : (!tile.tile<64x1xf32>) -> !tile.tile<64x128xf32>
  %68 = tile.row_expand %c : (!tile.tile<64x1xf32>) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.col_expand %{{.*}} : (!tile.tile<1x128xf32>) -> !tile.tile<64x128xf32>
  %69 = tile.col_expand %r : (!tile.tile<1x128xf32>) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.fill %{{.*}} : (f32) -> !tile.tile<64x128xf32>
  %70 = tile.fill %h : (f32) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.iota %{{.*}} : (i32) -> !tile.tile<1x64xi32>
  %71 = tile.iota %i : (i32) -> !tile.tile<1x64xi32>
  tile.return
}

// CHECK-LABEL: tile.func @cube
tile.func @cube() {
  %a = tile.create : !tile.tile<32x64xf16, left>
  %b = tile.create : !tile.tile<64x48xf16, right>
  %c = tile.create : !tile.tile<32x48xf32, acc>
  // CHECK: tile.create : !tile.tile<1x48xf32, bias>
  %d = tile.create : !tile.tile<1x48xf32, bias>
  // CHECK-NEXT: tile.matmul %{{.*}}, %{{.*}} : (!tile.tile<32x64xf16, left>, !tile.tile<64x48xf16, right>) -> !tile.tile<32x48xf32, acc>
  %72 = tile.matmul %a, %b : (!tile.tile<32x64xf16, left>, !tile.tile<64x48xf16, right>) -> !tile.tile<32x48xf32, acc>
  // CHECK-NEXT: tile.matmul_acc %{{.*}}, %{{.*}}, %{{.*}} : (!tile.tile<32x48xf32, acc>, !tile.tile<32x64xf16, left>, !tile.tile<64x48xf16, right>) -> !tile.tile<32x48xf32, acc>
  %73 = tile.matmul_acc %c, %a, %b : (!tile.tile<32x48xf32, acc>, !tile.tile<32x64xf16, left>, !tile.tile<64x48xf16, right>) -> !tile.tile<32x48xf32, acc>
  // CHECK-NEXT: tile.matmul_bias %{{.*}}, %{{.*}}, %{{.*}} : (!tile.tile<32x64xf16, left>, !tile.tile<64x48xf16, right>, !tile.tile<1x48xf32, bias>) -> !tile.tile<32x48xf32, acc>
  %74 = tile.matmul_bias %a, %b, %d : (!tile.tile<32x64xf16, left>, !tile.tile<64x48xf16, right>, !tile.tile<1x48xf32, bias>) -> !tile.tile<32x48xf32, acc>
  tile.return
}

// CHECK-LABEL: tile.func @orders_and_types
tile.func @orders_and_types() {
  %a = tile.create : !tile.tile<64x128xf32>
  %p = tile.create : !tile.tile<64x128xf32, valid 50x100>
  // CHECK: tile.create : !tile.tile<16x128xi32>
  // CHECK: tile.create : !tile.tile<16x128xf32>
  %s = tile.create : !tile.tile<16x128xi32>
  %q = tile.create : !tile.tile<16x128xf32>
  // CHECK-NEXT: tile.cast %{{.*}} : (!tile.tile<64x128xf32>) -> !tile.tile<64x128xbf16>
  %75 = tile.cast %a : (!tile.tile<64x128xf32>) -> !tile.tile<64x128xbf16>
  // CHECK-NEXT: tile.cast %{{.*}} round none : (!tile.tile<64x128xf32>) -> !tile.tile<64x128xi32>
  %76 = tile.cast %a round none : (!tile.tile<64x128xf32>) -> !tile.tile<64x128xi32>
  // CHECK-NEXT: tile.cast %{{.*}} round round : (!tile.tile<64x128xf32>) -> !tile.tile<64x128xi32>
  %77 = tile.cast %a round round : (!tile.tile<64x128xf32>) -> !tile.tile<64x128xi32>
  // CHECK-NEXT: tile.cast %{{.*}} round floor : (!tile.tile<64x128xf32>) -> !tile.tile<64x128xi32>
  %78 = tile.cast %a round floor : (!tile.tile<64x128xf32>) -> !tile.tile<64x128xi32>
  // CHECK-NEXT: tile.cast %{{.*}} round ceil : (!tile.tile<64x128xf32>) -> !tile.tile<64x128xi32>
  %79 = tile.cast %a round ceil : (!tile.tile<64x128xf32>) -> !tile.tile<64x128xi32>
  // CHECK-NEXT: tile.cast %{{.*}} round trunc : (!tile.tile<64x128xf32>) -> !tile.tile<64x128xi32>
  %80 = tile.cast %a round trunc : (!tile.tile<64x128xf32>) -> !tile.tile<64x128xi32>
  // CHECK-NEXT: tile.cast %{{.*}} round odd : (!tile.tile<64x128xf32>) -> !tile.tile<64x128xi32>
  %81 = tile.cast %a round odd : (!tile.tile<64x128xf32>) -> !tile.tile<64x128xi32>
  // CHECK-NEXT: tile.transpose %{{.*}} : (!tile.tile<64x128xf32>) -> !tile.tile<128x64xf32>
  %82 = tile.transpose %a : (!tile.tile<64x128xf32>) -> !tile.tile<128x64xf32>
  // CHECK-NEXT: tile.concat %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, !tile.tile<64x128xf32>) -> !tile.tile<64x256xf32>
  %83 = tile.concat %a, %a : (!tile.tile<64x128xf32>, !tile.tile<64x128xf32>) -> !tile.tile<64x256xf32>
  // CHECK-NEXT: tile.gather %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, !tile.tile<16x128xi32>) -> !tile.tile<16x128xf32>
  %84 = tile.gather %a, %s : (!tile.tile<64x128xf32>, !tile.tile<16x128xi32>) -> !tile.tile<16x128xf32>
  // CHECK-NEXT: tile.scatter %{{.*}}, %{{.*}}, %{{.*}} : (!tile.tile<64x128xf32>, !tile.tile<16x128xf32>, !tile.tile<16x128xi32>) -> !tile.tile<64x128xf32>
  %85 = tile.scatter %a, %q, %s : (!tile.tile<64x128xf32>, !tile.tile<16x128xf32>, !tile.tile<16x128xi32>) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.pad %{{.*}} with zero : (!tile.tile<64x128xf32, valid 50x100>) -> !tile.tile<64x128xf32>
  %86 = tile.pad %p with zero : (!tile.tile<64x128xf32, valid 50x100>) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.pad %{{.*}} with min : (!tile.tile<64x128xf32, valid 50x100>) -> !tile.tile<64x128xf32>
  %87 = tile.pad %p with min : (!tile.tile<64x128xf32, valid 50x100>) -> !tile.tile<64x128xf32>
  // CHECK-NEXT: tile.pad %{{.*}} with max : (!tile.tile<64x128xf32, valid 50x100>) -> !tile.tile<64x128xf32>
  %88 = tile.pad %p with max : (!tile.tile<64x128xf32, valid 50x100>) -> !tile.tile<64x128xf32>
  tile.return
}
