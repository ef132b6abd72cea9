// The same operation on two platforms.
// RUN: tw-opt %s -legalise=platform=a5 | FileCheck %s
// RUN: not tw-opt %s -legalise=platform=a2a3 2>&1 | FileCheck %s --check-prefix=OLD
// CHECK: tile.add
// OLD: legalise_a5.mlir:[[#@LINE+3]]:{{.*}} error: 'tile.add' op becomes TADD, which a2a3 does not have for elements bf16
tile.func aiv @k() {
  %t = tile.create : !tile.tile<8x16xbf16, vec>
  %a = tile.add %t, %t : !tile.tile<8x16xbf16, vec>
  tile.return
}
