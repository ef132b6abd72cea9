// The name of a submitted task (spec/api.md, A.6).
#pragma once

#include <stdint.h>

/// raw = ring << 32 | local. Valid ids are never reused within a run.
struct PTO2TaskId {
  uint64_t raw;

  static constexpr PTO2TaskId make(uint8_t ring_id, uint32_t local_id) { return {static_cast<uint64_t>(ring_id) << 32 | local_id}; }
  static constexpr PTO2TaskId invalid() { return {UINT64_MAX}; }
  constexpr uint8_t ring() const { return static_cast<uint8_t>(raw >> 32); }
  constexpr uint32_t local() const { return static_cast<uint32_t>(raw); }
  constexpr bool is_valid() const { return raw != UINT64_MAX; }
  constexpr bool is_invalid() const { return raw == UINT64_MAX; }
  friend constexpr bool operator==(PTO2TaskId a, PTO2TaskId b) { return a.raw == b.raw; }
  friend constexpr bool operator!=(PTO2TaskId a, PTO2TaskId b) { return a.raw != b.raw; }
};
