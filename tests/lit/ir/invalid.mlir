// What the verifiers refuse, with what they say.
// RUN: tw-opt %s -split-input-file -verify-diagnostics

// Types.

// expected-error@+1 {{a tensor has 1 to 5 dimensions, not 6}}
tw.orchestration @f(%x: !tw.tensor<1x1x1x1x1x1xf32>) { tw.return }
// -----
// expected-error@+1 {{a tensor's extents are positive; 0 is not}}
tw.orchestration @f(%x: !tw.tensor<0x1xf32>) { tw.return }
// -----
// expected-error@+1 {{'f64' is no element type; there are f32, f16, bf16, f8E4M3FN, f8E5M2, and i8 to i64 and ui8 to ui64}}
tw.orchestration @f(%x: !tw.tensor<4xf64>) { tw.return }
// -----
tw.orchestration @f() {
  // expected-error@+1 {{an array of task ids holds at least one, not 0}}
  %t = tw.no_tasks : !tw.task_ids<0>
  tw.return
}
// -----
tile.func @f() {
  // expected-error@+1 {{a tile's rows and columns are positive, not 0 and 4}}
  %t = tile.create : !tile.tile<0x4xf32>
  tile.return
}
// -----
tile.func @f() {
  // expected-error@+1 {{the valid region 5x4 does not lie in the tile's 4x4}}
  %t = tile.create : !tile.tile<4x4xf32, valid 5x4>
  tile.return
}
// -----
tile.func @f() {
  // expected-error@+1 {{'index' is no element type of a tile}}
  %t = tile.create : !tile.tile<4x4xindex>
  tile.return
}
// -----
tile.func @f() {
  // expected-error@+1 {{a tile at address 64 lies in no memory: an address is not negative, and the memory is decided}}
  %t = tile.create : !tile.tile<4x4xf32, at 64>
  tile.return
}
// -----
tile.func @f() {
  // expected-error@+1 {{'ub' says nothing of a tile; there are valid, at, the memories vec, mat, left, right, acc, bias, and the orders row_major, col_major, nz, zn, zz}}
  %t = tile.create : !tile.tile<4x4xf32, ub>
  tile.return
}
// -----
tile.func @f() {
  // expected-error@+1 {{expected rows and columns, not 3 sizes}}
  %t = tile.create : !tile.tile<4x4x4xf32>
  tile.return
}

// Functions.
// -----
// expected-error@+1 {{argument 1 is a tensor behind a number; tensors come first}}
tw.orchestration @f(%n: index, %x: !tw.tensor<4xf32>) { tw.return }
// -----
// expected-error@+1 {{argument 0 is marked both 'tw.out' and 'tw.inout'}}
tw.orchestration @f(%x: !tw.tensor<4xf32> {tw.out, tw.inout}) { tw.return }
// -----
// expected-error@+1 {{argument 0 is '!tw.task_id', neither tensor nor number}}
tile.func @f(%x: !tw.task_id) { tile.return }
// -----
// expected-error@+1 {{argument 0 is a number and cannot be written}}
tile.func @f(%x: f32 {tw.out}) { tile.return }
// -----
// expected-error@+1 {{argument 0 has the mark 'tw.input', which nobody knows; there are 'tw.out', 'tw.inout' and 'tw.may_alias'}}
tile.func @f(%x: !tw.tensor<4xf32> {tw.input}) { tile.return }
// -----
// expected-error@+1 {{argument 0: 'tw.out' takes no value}}
tile.func @f(%x: !tw.tensor<4xf32> {tw.out = 1}) { tile.return }
// -----
// expected-error@+1 {{returns values; what it makes goes to arguments marked 'tw.out'}}
tile.func @f() -> f32 { tile.return }
// -----
// expected-error@+1 {{region #0 ('body') failed to verify constraint: region with 1 blocks}}
tile.func @f()
// -----
tile.func @f() {
  // expected-error@+1 {{has the attribute 'tw.paralel', which nobody knows}}
  "tile.return"() {tw.paralel} : () -> ()
}
// -----
tile.func @f() {
  // expected-error@+1 {{has the attribute 'tw.parallel', which only an scf.for can have}}
  "tile.return"() {tw.parallel} : () -> ()
}
// -----
tile.func @f(%n: index) {
  // expected-error@+1 {{'tw.pipeline' takes a number of turns, 2 or more}}
  scf.for %i = %n to %n step %n { } {tw.pipeline = 1}
  tile.return
}
// -----
tile.func @f(%n: index) {
  // expected-error@+1 {{'tw.unroll' takes no value}}
  scf.for %i = %n to %n step %n { } {tw.unroll = 1}
  tile.return
}

// Where things stand.
// -----
tw.orchestration @f() {
  // expected-error@+1 {{stands outside of a task; tiles live in 'tw.at' and in kernels}}
  %t = tile.create : !tile.tile<4x4xf32>
  tw.return
}
// -----
// expected-note@+1 {{the kernel begins here}}
tile.func @f() {
  // expected-error@+1 {{stands in a kernel; only an orchestration can do this}}
  %t = tw.dummy after()
  tile.return
}
// -----
tw.orchestration @f() {
  // expected-note@+1 {{the kernel begins here}}
  %t = tw.at {
    // expected-error@+1 {{stands in a kernel; only an orchestration can do this}}
    tw.scope {
    }
  }
  tw.return
}
// -----
tw.orchestration @f() {
  tw.scope manual {
    // expected-error@+1 {{stands in a manual scope, which takes no scope in it}}
    tw.scope {
    }
  }
  tw.return
}

// Tensors.
// -----
tw.orchestration @f(%n: index) {
  // expected-error@+1 {{gives 1 extents, but '!tw.tensor<?x?xf32>' leaves 2 open}}
  %x = tw.create(%n) : !tw.tensor<?x?xf32>
  tw.return
}
// -----
tw.orchestration @f(%n: index) {
  // expected-error@+1 {{has a value of type 'index' for an element of '!tw.tensor<4xf32>'}}
  %x = tw.create filled %n : index : !tw.tensor<4xf32>
  tw.return
}
// -----
tw.orchestration @f(%x: !tw.tensor<4x4xf32>, %n: index) {
  // expected-error@+1 {{has 1 indices for the 2 dimensions of '!tw.tensor<4x4xf32>'}}
  %v = tw.view %x[%n] : !tw.tensor<4x4xf32> -> !tw.tensor<2x2xf32>
  tw.return
}
// -----
tw.orchestration @f(%x: !tw.tensor<4x4xf32>, %n: index) {
  // expected-error@+1 {{cannot be '!tw.tensor<2x2xf16>': a view of '!tw.tensor<4x4xf32>' has as many dimensions and the same elements}}
  %v = tw.view %x[%n, %n] : !tw.tensor<4x4xf32> -> !tw.tensor<2x2xf16>
  tw.return
}
// -----
tw.orchestration @f(%x: !tw.tensor<4x4xf32>) {
  %i = arith.constant 3 : index
  // expected-error@+1 {{takes 3 to 5 of dimension 0, which lies outside '!tw.tensor<4x4xf32>'}}
  %v = tw.view %x[%i, %i] : !tw.tensor<4x4xf32> -> !tw.tensor<2x1xf32>
  tw.return
}
// -----
tw.orchestration @f(%x: !tw.tensor<4x4xf32>) {
  // expected-error@+1 {{cannot make '!tw.tensor<15xf32>' (15 elements) of '!tw.tensor<4x4xf32>' (16)}}
  %v = tw.reshape %x : !tw.tensor<4x4xf32> -> !tw.tensor<15xf32>
  tw.return
}
// -----
tw.orchestration @f(%x: !tw.tensor<4x4xf32>) {
  // expected-error@+1 {{cannot make '!tw.tensor<16xi32>' of '!tw.tensor<4x4xf32>': the elements differ}}
  %v = tw.reshape %x : !tw.tensor<4x4xf32> -> !tw.tensor<16xi32>
  tw.return
}
// -----
tw.orchestration @f(%x: !tw.tensor<4x8xf32>) {
  // expected-error@+1 {{exchanges dimensions 0 and 2 of '!tw.tensor<4x8xf32>', which has 2}}
  %v = tw.transpose %x, 0, 2 : !tw.tensor<4x8xf32> -> !tw.tensor<8x4xf32>
  tw.return
}
// -----
tw.orchestration @f(%x: !tw.tensor<4x8xf32>) {
  // expected-error@+1 {{makes '!tw.tensor<8x4xf32>' of '!tw.tensor<4x8xf32>', not '!tw.tensor<4x8xf32>'}}
  %v = tw.transpose %x, 0, 1 : !tw.tensor<4x8xf32> -> !tw.tensor<4x8xf32>
  tw.return
}
// -----
tw.orchestration @f(%x: !tw.tensor<4x8xf32>, %y: !tw.tensor<4x4xf32> {tw.out}) {
  %i = arith.constant 0 : index
  // expected-error@+1 {{takes 0 to 8 of dimension 1, which lies outside '!tw.tensor<4x4xf32>'}}
  tw.assemble %x, %y[%i, %i] : !tw.tensor<4x8xf32>, !tw.tensor<4x4xf32>
  tw.return
}
// -----
tw.orchestration @f(%x: !tw.tensor<4xf32>, %y: !tw.tensor<4x4xf32> {tw.out}, %i: index) {
  // expected-error@+1 {{cannot put '!tw.tensor<4xf32>' into '!tw.tensor<4x4xf32>': dimensions and elements must be the same}}
  tw.assemble %x, %y[%i, %i] : !tw.tensor<4xf32>, !tw.tensor<4x4xf32>
  tw.return
}
// -----
tw.orchestration @f(%x: !tw.tensor<4x8xf32>) {
  // expected-error@+1 {{asks for dimension 2 of '!tw.tensor<4x8xf32>'}}
  %n = tw.dim %x, 2 : !tw.tensor<4x8xf32>
  tw.return
}
// -----
tw.orchestration @f(%x: !tw.tensor<4xf32>, %i: index) {
  // expected-error@+1 {{has a value of type 'f16' for an element of '!tw.tensor<4xf32>'}}
  %v = tw.read %x[%i] : !tw.tensor<4xf32> -> f16
  tw.return
}
// -----
tw.orchestration @f(%x: !tw.tensor<4xf32>, %i: index) {
  // expected-error@+1 {{has 2 indices for the 1 dimensions of '!tw.tensor<4xf32>'}}
  tw.write %i, %x[%i, %i] : index, !tw.tensor<4xf32>
  tw.return
}

// Tasks.
// -----
tw.orchestration @f() {
  // expected-error@+1 {{names @nobody, and there is no such kernel}}
  %t = tw.submit @nobody()
  tw.return
}
// -----
tw.orchestration @f() {
  // expected-error@+1 {{names @f, and there is no such kernel}}
  %t = tw.submit @f()
  tw.return
}
// -----
// expected-note@+1 {{it takes ('!tw.tensor<8xf32>')}}
tile.func @k(%x: !tw.tensor<8xf32>) { tile.return }
tw.orchestration @f(%x: !tw.tensor<4xf32>) {
  // expected-error@+1 {{calls @k with ('!tw.tensor<4xf32>')}}
  %t = tw.submit @k(%x : !tw.tensor<4xf32>)
  tw.return
}
// -----
// expected-note@+1 {{@k only reads it}}
tile.func @k(%x: !tw.tensor<8xf32>) { tile.return }
tw.orchestration @f(%x: !tw.tensor<8xf32>) {
  // expected-error@+1 {{argument 0 is 'out'}}
  %t = tw.submit @k(out %x : !tw.tensor<8xf32>)
  tw.return
}
// -----
// expected-note@+1 {{@k writes it}}
tile.func @k(%x: !tw.tensor<8xf32> {tw.out}) { tile.return }
tw.orchestration @f(%x: !tw.tensor<8xf32>) {
  // expected-error@+1 {{argument 0 is 'in'}}
  %t = tw.submit @k(in %x : !tw.tensor<8xf32>)
  tw.return
}
// -----
tile.func @k(%n: index) { tile.return }
tw.orchestration @f(%n: index) {
  // expected-error@+1 {{argument 0 is 'in', but it is a number}}
  %t = tw.submit @k(in %n : index)
  tw.return
}
// -----
tile.func @k() { tile.return }
tw.orchestration @f() {
  // expected-error@+1 {{has 4 kernels; a core group runs one to three}}
  %t = tw.submit @k with @k with @k with @k()
  tw.return
}
// -----
tile.func aic @k() { tile.return }
tw.orchestration @f() {
  // expected-error@+1 {{has 2 AIC and 0 AIV kernels; a core group has one AIC and two AIV cores}}
  %t = tw.submit @k with @k()
  tw.return
}
// -----
tile.func @k() { tile.return }
tw.orchestration @f() {
  // expected-error@+1 {{has 'sync_start' but no 'blocks' that could start together}}
  %t = tw.submit @k() sync_start
  tw.return
}
// -----
tw.orchestration @f() {
  // expected-error@+1 {{has 'sync_start' but no 'blocks' that could start together}}
  %t = tw.at sync_start { }
  tw.return
}
// -----
tw.orchestration @f(%x: !tw.tensor<4xf32>, %i: index) {
  // expected-error@+1 {{cannot compare an element of '!tw.tensor<4xf32>'; a condition is on integers}}
  %t = tw.at when %x[%i] eq 0 : !tw.tensor<4xf32> { }
  tw.return
}
// -----
tw.orchestration @f(%x: !tw.tensor<4xi32>, %i: index) {
  // expected-error@+1 {{has 2 indices for the 1 dimensions of '!tw.tensor<4xi32>'}}
  %t = tw.at when %x[%i, %i] eq 0 : !tw.tensor<4xi32> { }
  tw.return
}
// -----
tw.orchestration @f(%x: !tw.tensor<4xi32>, %i: index) {
  // expected-error@+1 {{has half a condition}}
  %t = "tw.submit"(%x, %i) {kernels = [@k], operandSegmentSizes = array<i32: 0, 0, 0, 0, 1, 1>} : (!tw.tensor<4xi32>, index) -> !tw.task_id
  tw.return
}
// -----
tw.orchestration @f() {
  %many = tw.no_tasks : !tw.task_ids<4>
  %i = arith.constant 4 : index
  // expected-error@+1 {{has index 4 for 4 task ids}}
  %t = tw.get_task %many[%i] : !tw.task_ids<4>
  tw.return
}
// -----
tw.orchestration @f() {
  %many = tw.no_tasks : !tw.task_ids<4>
  %none = tw.no_task
  %i = arith.constant -1 : index
  // expected-error@+1 {{has index -1 for 4 task ids}}
  %t = tw.set_task %none, %many[%i] : !tw.task_ids<4>
  tw.return
}
// -----
tw.orchestration @f(%n: index) {
  %t = tw.scope -> (!tw.task_id) {
    // expected-error@+1 {{gives ('index') for the results ('!tw.task_id')}}
    tw.yield %n : index
  }
  tw.return
}

// Variables.
// -----
tw.orchestration @f(%n: index) {
  // expected-error@+1 {{the first value has the variable's type}}
  %v = "tw.declare"(%n) : (index) -> !tw.var<f32>
  tw.return
}
// -----
tw.orchestration @f(%n: index) {
  %v = tw.declare %n : !tw.var<index>
  // expected-error@+1 {{the value has the variable's type}}
  %w = "tw.get"(%v) : (!tw.var<index>) -> f32
  tw.return
}

// Loading and storing.
// -----
tile.func @f(%x: !tw.tensor<4x4xf32>) {
  %i = arith.constant 2 : index
  %j = arith.constant 0 : index
  // expected-error@+1 {{takes 2 to 5 of dimension 0, which lies outside '!tw.tensor<4x4xf32>'}}
  %t = tile.load %x[%i, %j] : !tw.tensor<4x4xf32> -> !tile.tile<4x4xf32, valid 3x4>
  tile.return
}
// -----
tile.func @f(%x: !tw.tensor<4x4xf16> {tw.out}) {
  %i = arith.constant 0 : index
  %t = tile.create : !tile.tile<4x4xf32, vec>
  // expected-error@+1 {{moves elements of '!tw.tensor<4x4xf16>' to or from a tile of 4x4xf32; a cast is an operation of its own}}
  tile.store %t, %x[%i, %i] : !tile.tile<4x4xf32, vec>, !tw.tensor<4x4xf16>
  tile.return
}
// -----
tile.func @f(%x: !tw.tensor<4x4xi8> {tw.out}) {
  %i = arith.constant 0 : index
  %t = tile.create : !tile.tile<4x4xi32, acc>
  // expected-error@+1 {{moves elements of '!tw.tensor<4x4xi8>' to or from a tile of 4x4xi32}}
  tile.store %t, %x[%i, %i] : !tile.tile<4x4xi32, acc>, !tw.tensor<4x4xi8>
  tile.return
}
// -----
tile.func @f(%x: !tw.tensor<4xf32> {tw.out}) {
  %i = arith.constant 0 : index
  %t = tile.create : !tile.tile<2x2xf32>
  // expected-error@+1 {{moves a tile of 2x2xf32 to or from '!tw.tensor<4xf32>', of which a tile is a row or a column}}
  tile.store %t, %x[%i] : !tile.tile<2x2xf32>, !tw.tensor<4xf32>
  tile.return
}
// -----
tile.func @f(%x: !tw.tensor<4xf32> {tw.out}) {
  %i = arith.constant 1 : index
  %t = tile.create : !tile.tile<4x1xf32>
  // expected-error@+1 {{takes 1 to 5 of dimension 0, which lies outside '!tw.tensor<4xf32>'}}
  tile.store %t, %x[%i] : !tile.tile<4x1xf32>, !tw.tensor<4xf32>
  tile.return
}
// -----
tile.func @f(%x: !tw.tensor<4x4xf32>, %i: index) {
  // expected-error@+1 {{has 1 indices for the 2 dimensions of '!tw.tensor<4x4xf32>'}}
  %t = tile.load %x[%i] : !tw.tensor<4x4xf32> -> !tile.tile<4x4xf32>
  tile.return
}
// -----
tile.func @f(%x: !tw.tensor<4x4xf32>, %i: index) {
  // expected-error@+1 {{moves elements of '!tw.tensor<4x4xf32>' to or from a tile of 4x4xf16; a cast is an operation of its own}}
  %t = tile.load %x[%i, %i] : !tw.tensor<4x4xf32> -> !tile.tile<4x4xf16>
  tile.return
}
// -----
tile.func @f(%x: !tw.tensor<4x4xf32>, %i: index) {
  // expected-error@+1 {{gives 1 sizes of the valid region, but '!tile.tile<4x4xf32, valid ?x?>' leaves 2 open}}
  %t = tile.load %x[%i, %i] valid(%i) : !tw.tensor<4x4xf32> -> !tile.tile<4x4xf32, valid ?x?>
  tile.return
}
// -----
tile.func @f(%x: !tw.tensor<4x4xf32>, %i: index) {
  // expected-error@+1 {{loads a tile in left; it must lie in vec or mat}}
  %t = tile.load %x[%i, %i] : !tw.tensor<4x4xf32> -> !tile.tile<4x4xf32, left>
  tile.return
}
// -----
tile.func @f(%x: !tw.tensor<4x4xf32>, %i: index) {
  %t = tile.create : !tile.tile<4x4xf32, mat>
  // expected-error@+1 {{stores a tile in mat; it must lie in vec or acc}}
  tile.store %t, %x[%i, %i] : !tile.tile<4x4xf32, mat>, !tw.tensor<4x4xf32>
  tile.return
}
// -----
tile.func @f(%x: !tw.tensor<4x4xf32>) {
  %i = tile.create : !tile.tile<1x5xi32>
  // expected-error@+1 {{has indices 1x5xi32; for 4 rows they are 1x4xi32}}
  %t = tile.gather_load %x[%i] : !tw.tensor<4x4xf32>, !tile.tile<1x5xi32> -> !tile.tile<4x4xf32>
  tile.return
}
// -----
tile.func @f(%x: !tw.tensor<4xf32>) {
  %i = tile.create : !tile.tile<1x4xi32>
  %t = tile.create : !tile.tile<4x4xf32>
  // expected-error@+1 {{takes rows of a tensor with 2 dimensions, not of '!tw.tensor<4xf32>'}}
  tile.scatter_store %t, %x[%i] : !tile.tile<4x4xf32>, !tw.tensor<4xf32>, !tile.tile<1x4xi32>
  tile.return
}

// Rules of operators.
// -----
tile.func @f() {
  %a = tile.create : !tile.tile<4x4xf32>
  // expected-error@+1 {{takes 2 tiles, not ('!tile.tile<4x4xf32>')}}
  %b = tile.add %a : !tile.tile<4x4xf32>
  tile.return
}
// -----
tile.func @f() {
  %a = tile.create : !tile.tile<64x128xf32>
  %b = tile.create : !tile.tile<32x128xf32>
  // expected-error@+1 {{first operand is 64x128xf32, second operand must be 64x128xf32, is 32x128xf32}}
  %c = tile.add %a, %b : (!tile.tile<64x128xf32>, !tile.tile<32x128xf32>) -> !tile.tile<64x128xf32>
  tile.return
}
// -----
tile.func @f() {
  %a = tile.create : !tile.tile<64x128xf32>
  // expected-error@+1 {{first operand is 64x128xf32, the result must be 64x128xf32, is 64x128xf32 (valid 60x128)}}
  %c = tile.exp %a : (!tile.tile<64x128xf32>) -> !tile.tile<64x128xf32, valid 60x128>
  tile.return
}
// -----
tile.func @f() {
  %a = tile.create : !tile.tile<64x128xi32>
  // expected-error@+1 {{works on floating-point elements, not on 'i32'}}
  %c = tile.exp %a : !tile.tile<64x128xi32>
  tile.return
}
// -----
tile.func @f() {
  %a = tile.create : !tile.tile<64x128xf32>
  // expected-error@+1 {{works on integer elements, not on 'f32'}}
  %c = tile.and %a, %a : !tile.tile<64x128xf32>
  tile.return
}
// -----
tile.func @f(%n: f16) {
  %a = tile.create : !tile.tile<64x128xf32>
  // expected-error@+1 {{the number must be of the tile's element type 'f32', is 'f16'}}
  %c = tile.adds %a, %n : (!tile.tile<64x128xf32>, f16) -> !tile.tile<64x128xf32>
  tile.return
}
// -----
tile.func @f() {
  %a = tile.create : !tile.tile<64x128xf32>
  // expected-error@+1 {{takes 1 tile and then a number, not ('!tile.tile<64x128xf32>', '!tile.tile<64x128xf32>')}}
  %c = tile.adds %a, %a : !tile.tile<64x128xf32>
  tile.return
}
// -----
tile.func @f() {
  %a = tile.create : !tile.tile<64x128xf32>
  %m = tile.create : !tile.tile<64x64xi1>
  // expected-error@+1 {{first operand must be 64x128xi1, is 64x64xi1}}
  %c = tile.select %m, %a, %a : (!tile.tile<64x64xi1>, !tile.tile<64x128xf32>, !tile.tile<64x128xf32>) -> !tile.tile<64x128xf32>
  tile.return
}
// -----
tile.func @f() {
  %a = tile.create : !tile.tile<64x128xf32>
  // expected-error@+1 {{the result must be 64x1xf32, is 1x64xf32}}
  %c = tile.row_sum %a : (!tile.tile<64x128xf32>) -> !tile.tile<1x64xf32>
  tile.return
}
// -----
tile.func @f() {
  %a = tile.create : !tile.tile<64x128xf32>
  %b = tile.create : !tile.tile<32x1xf32>
  // expected-error@+1 {{first operand is 64x128xf32, second operand must be 64x1xf32, is 32x1xf32}}
  %c = tile.row_expand_mul %a, %b : (!tile.tile<64x128xf32>, !tile.tile<32x1xf32>) -> !tile.tile<64x128xf32>
  tile.return
}
// -----
tile.func @f() {
  %a = tile.create : !tile.tile<64x128xf32>
  // expected-error@+1 {{the operand must be 64x1xf32, is 64x128xf32}}
  %c = tile.row_expand %a : !tile.tile<64x128xf32>
  tile.return
}
// -----
tile.func @f() {
  %a = tile.create : !tile.tile<64x128xf32>
  // expected-error@+1 {{cannot multiply 64x128xf32 by 64x128xf32: columns and rows, and the element types, must be equal}}
  %c = tile.matmul %a, %a : !tile.tile<64x128xf32>
  tile.return
}
// -----
tile.func @f() {
  %a = tile.create : !tile.tile<64x64xf16>
  // expected-error@+1 {{first operand is 64x64xf16, the result must be 64x64xf32, is 64x64xf16}}
  %c = tile.matmul %a, %a : !tile.tile<64x64xf16>
  tile.return
}
// -----
tile.func @f() {
  %a = tile.create : !tile.tile<64x64xf16>
  %b = tile.create : !tile.tile<64x32xf32>
  // expected-error@+1 {{first operand must be 64x64xf32, is 64x32xf32}}
  %c = tile.matmul_acc %b, %a, %a : (!tile.tile<64x32xf32>, !tile.tile<64x64xf16>, !tile.tile<64x64xf16>) -> !tile.tile<64x64xf32>
  tile.return
}
// -----
tile.func @f() {
  %a = tile.create : !tile.tile<64x64xf16, vec>
  // expected-error@+1 {{the first operand lies in vec; it must lie in left}}
  %c = tile.matmul %a, %a : (!tile.tile<64x64xf16, vec>, !tile.tile<64x64xf16, vec>) -> !tile.tile<64x64xf32>
  tile.return
}
// -----
tile.func @f() {
  %a = tile.create : !tile.tile<64x64xf16>
  // expected-error@+1 {{the result lies in acc; it must lie in vec}}
  %c = tile.exp %a : (!tile.tile<64x64xf16>) -> !tile.tile<64x64xf16, acc>
  tile.return
}
// -----
tile.func @f() {
  %a = tile.create : !tile.tile<64x64xf16, valid 64x60>
  // expected-error@+1 {{cannot put 64x64xf16 (valid 64x60) behind the columns of 64x64xf16 (valid 64x60): rows and element types must be equal, and all columns of the first valid}}
  %c = tile.concat %a, %a : !tile.tile<64x64xf16, valid 64x60>
  tile.return
}
// -----
tile.func @f() {
  %a = tile.create : !tile.tile<64x64xf16>
  // expected-error@+1 {{indices are 32-bit integers, not 64x64xf16}}
  %c = tile.gather %a, %a : !tile.tile<64x64xf16>
  tile.return
}
// -----
tile.func @f() {
  %a = tile.create : !tile.tile<64x64xf16>
  %b = tile.create : !tile.tile<8x32xf16>
  %i = tile.create : !tile.tile<8x32xi32>
  // expected-error@+1 {{cannot put rows of 8x32xf16 into 64x64xf16: columns and element types must be equal}}
  %c = tile.scatter %a, %b, %i : (!tile.tile<64x64xf16>, !tile.tile<8x32xf16>, !tile.tile<8x32xi32>) -> !tile.tile<64x64xf16>
  tile.return
}
// -----
tile.func @f(%n: f16) {
  // expected-error@+1 {{the number must be of the tile's element type 'f32', is 'f16'}}
  %c = tile.fill %n : (f16) -> !tile.tile<4x4xf32>
  tile.return
}
// -----
tile.func @f(%n: i32) {
  // expected-error@+1 {{the result must be 1x4xi32, is 4x4xi32}}
  %c = tile.iota %n : (i32) -> !tile.tile<4x4xi32>
  tile.return
}
// -----
tile.func @f() {
  %a = tile.create : !tile.tile<64x64xf16>
  // expected-error@+1 {{has 'tile.scratch', but needs no scratch}}
  %c = tile.add %a, %a {tile.scratch = 0 : i64} : !tile.tile<64x64xf16>
  tile.return
}
// -----
tile.func @f() {
  %a = tile.create : !tile.tile<64x64xf16>
  // expected-error@+1 {{'tile.scratch' is an address in bytes}}
  %c = tile.row_sum %a {tile.scratch = -1 : i64} : (!tile.tile<64x64xf16>) -> !tile.tile<64x1xf16>
  tile.return
}
// -----
tile.func @f() {
  // expected-error@+1 {{has the attribute 'tile.color', which nobody knows}}
  %a = tile.create {tile.color} : !tile.tile<64x64xf16>
  tile.return
}

// Tiles as such.
// -----
tile.func @f() {
  %a = tile.create : !tile.tile<64x64xf16>
  // expected-error@+1 {{makes 64x64xf32 of 64x64xf16; a move changes the memory and the order of elements alone}}
  %b = tile.move %a : !tile.tile<64x64xf16> -> !tile.tile<64x64xf32>
  tile.return
}
// -----
tile.func @f(%i: index) {
  %a = tile.create : !tile.tile<64x64xf16>
  // expected-error@+1 {{has a part of 65x8xf16 that does not lie in 64x64xf16}}
  %b = tile.extract %a[%i, %i] : !tile.tile<64x64xf16> -> !tile.tile<65x8xf16>
  tile.return
}
// -----
tile.func @f() {
  %a = tile.create : !tile.tile<64x64xf16>
  %p = tile.create : !tile.tile<8x8xf16>
  %i = arith.constant 60 : index
  // expected-error@+1 {{has a part of 8x8xf16 that does not lie in 64x64xf16}}
  %b = tile.insert %p, %a[%i, %i] : !tile.tile<8x8xf16>, !tile.tile<64x64xf16>
  tile.return
}
// -----
tile.func @f(%i: index) {
  %a = tile.create : !tile.tile<64x64xf16>
  // expected-error@+1 {{has tiles of different elements, 64x64xf16 and 8x8xf32}}
  %b = tile.extract %a[%i, %i] : !tile.tile<64x64xf16> -> !tile.tile<8x8xf32>
  tile.return
}
// -----
tile.func @f() {
  %a = tile.create : !tile.tile<64x64xf16>
  // expected-error@+1 {{cannot make '!tile.tile<64x32xf16>' of '!tile.tile<64x64xf16>': elements, their number and the memory must be equal, and all of both valid}}
  %b = tile.reshape %a : !tile.tile<64x64xf16> -> !tile.tile<64x32xf16>
  tile.return
}
// -----
tile.func @f() {
  %a = tile.create : !tile.tile<64x64xf16>
  // expected-error@+1 {{makes '!tile.tile<32x64xf16>' of '!tile.tile<64x64xf16>'; only the valid region can change}}
  %b = tile.set_valid %a : !tile.tile<64x64xf16> -> !tile.tile<32x64xf16>
  tile.return
}
// -----
tile.func @f(%i: index) {
  %a = tile.create : !tile.tile<64x64xf16>
  // expected-error@+1 {{has a value of type 'f32' for an element of 64x64xf16}}
  %b = tile.read %a[%i, %i] : !tile.tile<64x64xf16> -> f32
  tile.return
}
// -----
tile.func @f(%i: index, %v: i1) {
  %a = tile.create : !tile.tile<64x64xi1>
  // expected-error@+1 {{has a value of type 'i1' for an element of 64x64xi1}}
  %b = tile.write %v, %a[%i, %i] : i1, !tile.tile<64x64xi1>
  tile.return
}

// Order between pipes.
// -----
tile.func @f() {
  // expected-error@+1 {{is between two different pipes; within one, and for all, there are barriers}}
  tile.set_flag v to v 0
  tile.return
}
// -----
tile.func @f() {
  // expected-error@+1 {{has flag 8; a pair of pipes has 0 to 7}}
  tile.wait_flag v to mte3 8
  tile.return
}
// -----
// expected-error@+1 {{argument 1 is a number and has no memory}}
tw.orchestration @aliased_number(%x: !tw.tensor<8xf32>, %n: index {tw.may_alias}) {
  tw.return
}
// -----
// expected-error@+1 {{argument 0 has the mark 'tw.may_alias', which only those of an orchestration can have}}
tile.func @aliased_in_kernel(%x: !tw.tensor<8xf32> {tw.may_alias}) {
  tile.return
}
// -----
// expected-error@+1 {{argument 0: 'tw.tracked' takes a reason, a string}}
tw.orchestration @no_reason(%x: !tw.tensor<8xf32> {tw.tracked}) {
  tw.return
}
// -----
tw.orchestration @ordered_read(%x: !tw.tensor<8xf32>) {
  %zero = arith.constant 0 : index
  // expected-error@+1 {{has the attribute 'tw.ordered', which only a tensor can have}}
  %e = tw.read %x[%zero] {tw.ordered} : !tw.tensor<8xf32> -> f32
  tw.return
}
