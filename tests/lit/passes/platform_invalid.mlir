// RUN: not tw-opt %s -infer-memory-space=platform=a7 2>&1 | FileCheck %s
// CHECK: error: 'a7' is no platform; there are a2a3, a2a3sim, a5, a5sim
