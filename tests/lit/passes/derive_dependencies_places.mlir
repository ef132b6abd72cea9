// Ids that change places in each of many branches: each branch is looked at once.
// RUN: tw-opt %s -infer-directions -derive-dependencies | FileCheck %s
// CHECK: tw.submit @use(in %arg0 : !tw.tensor<64xf32>) after(%{{.*}} : !tw.task_id) derived(%{{.*}} : !tw.task_id)
tile.func @fill(%o: !tw.tensor<64xf32> {tw.out}) { tile.return }
tile.func @use(%i: !tw.tensor<64xf32>) { tile.return }
tw.orchestration @places(%x: !tw.tensor<64xf32> {tw.out}, %y: !tw.tensor<64xf32> {tw.out}, %c: i1) {
  %a0 = tw.submit @fill(%x : !tw.tensor<64xf32>)
  %b0 = tw.submit @fill(%y : !tw.tensor<64xf32>)
  %a1, %b1 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a0, %b0 : !tw.task_id, !tw.task_id } else { scf.yield %b0, %a0 : !tw.task_id, !tw.task_id }
  %a2, %b2 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a1, %b1 : !tw.task_id, !tw.task_id } else { scf.yield %b1, %a1 : !tw.task_id, !tw.task_id }
  %a3, %b3 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a2, %b2 : !tw.task_id, !tw.task_id } else { scf.yield %b2, %a2 : !tw.task_id, !tw.task_id }
  %a4, %b4 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a3, %b3 : !tw.task_id, !tw.task_id } else { scf.yield %b3, %a3 : !tw.task_id, !tw.task_id }
  %a5, %b5 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a4, %b4 : !tw.task_id, !tw.task_id } else { scf.yield %b4, %a4 : !tw.task_id, !tw.task_id }
  %a6, %b6 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a5, %b5 : !tw.task_id, !tw.task_id } else { scf.yield %b5, %a5 : !tw.task_id, !tw.task_id }
  %a7, %b7 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a6, %b6 : !tw.task_id, !tw.task_id } else { scf.yield %b6, %a6 : !tw.task_id, !tw.task_id }
  %a8, %b8 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a7, %b7 : !tw.task_id, !tw.task_id } else { scf.yield %b7, %a7 : !tw.task_id, !tw.task_id }
  %a9, %b9 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a8, %b8 : !tw.task_id, !tw.task_id } else { scf.yield %b8, %a8 : !tw.task_id, !tw.task_id }
  %a10, %b10 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a9, %b9 : !tw.task_id, !tw.task_id } else { scf.yield %b9, %a9 : !tw.task_id, !tw.task_id }
  %a11, %b11 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a10, %b10 : !tw.task_id, !tw.task_id } else { scf.yield %b10, %a10 : !tw.task_id, !tw.task_id }
  %a12, %b12 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a11, %b11 : !tw.task_id, !tw.task_id } else { scf.yield %b11, %a11 : !tw.task_id, !tw.task_id }
  %a13, %b13 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a12, %b12 : !tw.task_id, !tw.task_id } else { scf.yield %b12, %a12 : !tw.task_id, !tw.task_id }
  %a14, %b14 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a13, %b13 : !tw.task_id, !tw.task_id } else { scf.yield %b13, %a13 : !tw.task_id, !tw.task_id }
  %a15, %b15 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a14, %b14 : !tw.task_id, !tw.task_id } else { scf.yield %b14, %a14 : !tw.task_id, !tw.task_id }
  %a16, %b16 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a15, %b15 : !tw.task_id, !tw.task_id } else { scf.yield %b15, %a15 : !tw.task_id, !tw.task_id }
  %a17, %b17 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a16, %b16 : !tw.task_id, !tw.task_id } else { scf.yield %b16, %a16 : !tw.task_id, !tw.task_id }
  %a18, %b18 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a17, %b17 : !tw.task_id, !tw.task_id } else { scf.yield %b17, %a17 : !tw.task_id, !tw.task_id }
  %a19, %b19 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a18, %b18 : !tw.task_id, !tw.task_id } else { scf.yield %b18, %a18 : !tw.task_id, !tw.task_id }
  %a20, %b20 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a19, %b19 : !tw.task_id, !tw.task_id } else { scf.yield %b19, %a19 : !tw.task_id, !tw.task_id }
  %a21, %b21 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a20, %b20 : !tw.task_id, !tw.task_id } else { scf.yield %b20, %a20 : !tw.task_id, !tw.task_id }
  %a22, %b22 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a21, %b21 : !tw.task_id, !tw.task_id } else { scf.yield %b21, %a21 : !tw.task_id, !tw.task_id }
  %a23, %b23 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a22, %b22 : !tw.task_id, !tw.task_id } else { scf.yield %b22, %a22 : !tw.task_id, !tw.task_id }
  %a24, %b24 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a23, %b23 : !tw.task_id, !tw.task_id } else { scf.yield %b23, %a23 : !tw.task_id, !tw.task_id }
  %a25, %b25 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a24, %b24 : !tw.task_id, !tw.task_id } else { scf.yield %b24, %a24 : !tw.task_id, !tw.task_id }
  %a26, %b26 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a25, %b25 : !tw.task_id, !tw.task_id } else { scf.yield %b25, %a25 : !tw.task_id, !tw.task_id }
  %a27, %b27 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a26, %b26 : !tw.task_id, !tw.task_id } else { scf.yield %b26, %a26 : !tw.task_id, !tw.task_id }
  %a28, %b28 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a27, %b27 : !tw.task_id, !tw.task_id } else { scf.yield %b27, %a27 : !tw.task_id, !tw.task_id }
  %a29, %b29 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a28, %b28 : !tw.task_id, !tw.task_id } else { scf.yield %b28, %a28 : !tw.task_id, !tw.task_id }
  %a30, %b30 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a29, %b29 : !tw.task_id, !tw.task_id } else { scf.yield %b29, %a29 : !tw.task_id, !tw.task_id }
  %a31, %b31 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a30, %b30 : !tw.task_id, !tw.task_id } else { scf.yield %b30, %a30 : !tw.task_id, !tw.task_id }
  %a32, %b32 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a31, %b31 : !tw.task_id, !tw.task_id } else { scf.yield %b31, %a31 : !tw.task_id, !tw.task_id }
  %a33, %b33 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a32, %b32 : !tw.task_id, !tw.task_id } else { scf.yield %b32, %a32 : !tw.task_id, !tw.task_id }
  %a34, %b34 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a33, %b33 : !tw.task_id, !tw.task_id } else { scf.yield %b33, %a33 : !tw.task_id, !tw.task_id }
  %a35, %b35 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a34, %b34 : !tw.task_id, !tw.task_id } else { scf.yield %b34, %a34 : !tw.task_id, !tw.task_id }
  %a36, %b36 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a35, %b35 : !tw.task_id, !tw.task_id } else { scf.yield %b35, %a35 : !tw.task_id, !tw.task_id }
  %a37, %b37 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a36, %b36 : !tw.task_id, !tw.task_id } else { scf.yield %b36, %a36 : !tw.task_id, !tw.task_id }
  %a38, %b38 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a37, %b37 : !tw.task_id, !tw.task_id } else { scf.yield %b37, %a37 : !tw.task_id, !tw.task_id }
  %a39, %b39 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a38, %b38 : !tw.task_id, !tw.task_id } else { scf.yield %b38, %a38 : !tw.task_id, !tw.task_id }
  %a40, %b40 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a39, %b39 : !tw.task_id, !tw.task_id } else { scf.yield %b39, %a39 : !tw.task_id, !tw.task_id }
  %a41, %b41 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a40, %b40 : !tw.task_id, !tw.task_id } else { scf.yield %b40, %a40 : !tw.task_id, !tw.task_id }
  %a42, %b42 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a41, %b41 : !tw.task_id, !tw.task_id } else { scf.yield %b41, %a41 : !tw.task_id, !tw.task_id }
  %a43, %b43 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a42, %b42 : !tw.task_id, !tw.task_id } else { scf.yield %b42, %a42 : !tw.task_id, !tw.task_id }
  %a44, %b44 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a43, %b43 : !tw.task_id, !tw.task_id } else { scf.yield %b43, %a43 : !tw.task_id, !tw.task_id }
  %a45, %b45 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a44, %b44 : !tw.task_id, !tw.task_id } else { scf.yield %b44, %a44 : !tw.task_id, !tw.task_id }
  %a46, %b46 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a45, %b45 : !tw.task_id, !tw.task_id } else { scf.yield %b45, %a45 : !tw.task_id, !tw.task_id }
  %a47, %b47 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a46, %b46 : !tw.task_id, !tw.task_id } else { scf.yield %b46, %a46 : !tw.task_id, !tw.task_id }
  %a48, %b48 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a47, %b47 : !tw.task_id, !tw.task_id } else { scf.yield %b47, %a47 : !tw.task_id, !tw.task_id }
  %a49, %b49 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a48, %b48 : !tw.task_id, !tw.task_id } else { scf.yield %b48, %a48 : !tw.task_id, !tw.task_id }
  %a50, %b50 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a49, %b49 : !tw.task_id, !tw.task_id } else { scf.yield %b49, %a49 : !tw.task_id, !tw.task_id }
  %a51, %b51 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a50, %b50 : !tw.task_id, !tw.task_id } else { scf.yield %b50, %a50 : !tw.task_id, !tw.task_id }
  %a52, %b52 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a51, %b51 : !tw.task_id, !tw.task_id } else { scf.yield %b51, %a51 : !tw.task_id, !tw.task_id }
  %a53, %b53 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a52, %b52 : !tw.task_id, !tw.task_id } else { scf.yield %b52, %a52 : !tw.task_id, !tw.task_id }
  %a54, %b54 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a53, %b53 : !tw.task_id, !tw.task_id } else { scf.yield %b53, %a53 : !tw.task_id, !tw.task_id }
  %a55, %b55 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a54, %b54 : !tw.task_id, !tw.task_id } else { scf.yield %b54, %a54 : !tw.task_id, !tw.task_id }
  %a56, %b56 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a55, %b55 : !tw.task_id, !tw.task_id } else { scf.yield %b55, %a55 : !tw.task_id, !tw.task_id }
  %a57, %b57 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a56, %b56 : !tw.task_id, !tw.task_id } else { scf.yield %b56, %a56 : !tw.task_id, !tw.task_id }
  %a58, %b58 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a57, %b57 : !tw.task_id, !tw.task_id } else { scf.yield %b57, %a57 : !tw.task_id, !tw.task_id }
  %a59, %b59 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a58, %b58 : !tw.task_id, !tw.task_id } else { scf.yield %b58, %a58 : !tw.task_id, !tw.task_id }
  %a60, %b60 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a59, %b59 : !tw.task_id, !tw.task_id } else { scf.yield %b59, %a59 : !tw.task_id, !tw.task_id }
  %a61, %b61 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a60, %b60 : !tw.task_id, !tw.task_id } else { scf.yield %b60, %a60 : !tw.task_id, !tw.task_id }
  %a62, %b62 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a61, %b61 : !tw.task_id, !tw.task_id } else { scf.yield %b61, %a61 : !tw.task_id, !tw.task_id }
  %a63, %b63 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a62, %b62 : !tw.task_id, !tw.task_id } else { scf.yield %b62, %a62 : !tw.task_id, !tw.task_id }
  %a64, %b64 = scf.if %c -> (!tw.task_id, !tw.task_id) { scf.yield %a63, %b63 : !tw.task_id, !tw.task_id } else { scf.yield %b63, %a63 : !tw.task_id, !tw.task_id }
  tw.submit @use(%x : !tw.tensor<64xf32>) after(%a64 : !tw.task_id)
  tw.return
}
