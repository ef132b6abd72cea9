"""Tests of remove_flags.py: which lines belong together, and that it reports a flag that nobody misses."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import remove_flags

LOOP = """void kernel() {
  set_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);
  for (int i = 0; i < 4; ++i) {  // a comment {
    wait_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    if (i > 2) {
      set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
      wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    } else {
      pipe_barrier(PIPE_V);
    }
    set_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);
  }
  wait_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);
}"""

PROGRAM = """#!/bin/sh
# A tile program whose one kernel has a flag, and a check that says the same whatever is taken away.
if [ "$1" = -o ]; then
  mkdir -p "$2/kernels/aiv"
  printf 'set_flag(PIPE_V, PIPE_S, EVENT_ID0);\nwait_flag(PIPE_V, PIPE_S, EVENT_ID0);\n' > "$2/kernels/aiv/k.cpp"
elif [ "$TW_REMOVED_FLAG" != -1 ]; then
  echo "$SAYS"
  exit ${CODE}
fi
"""


class FlagsTest(unittest.TestCase):
    def test_what_a_loop_carries_is_one_flag_and_an_event_used_twice_is_two(self):
        self.assertEqual(
            remove_flags.flags_of(LOOP),
            [("PIPE_V", "PIPE_MTE2", [1, 3, 12, 14]), ("PIPE_MTE2", "PIPE_V", [4, 5]), ("PIPE_MTE2", "PIPE_V", [7, 8])],
        )

    def test_each_line_of_a_flag_gets_its_number(self):
        text, flags = remove_flags.put_switches(LOOP, 10)
        self.assertEqual(len(flags), 3)
        self.assertEqual([text.count(f"if (keep({number}))") for number in (10, 11, 12)], [4, 2, 2])

    def test_a_flag_that_is_left_set_is_no_kernel_of_ours(self):
        with self.assertRaises(AssertionError):
            remove_flags.flags_of("set_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);")


class RunTest(unittest.TestCase):
    def run_on(self, says, code):
        with tempfile.TemporaryDirectory() as directory:
            program = pathlib.Path(directory) / "program"
            program.write_text(PROGRAM)
            program.chmod(0o755)
            script = pathlib.Path(remove_flags.__file__)
            return subprocess.run(
                [sys.executable, script, "--tw", "true", "--platform", "a2a3sim", program],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={"PATH": "/usr/bin:/bin", "SAYS": says, "CODE": str(code)},
            )

    def test_a_flag_that_nobody_misses_fails(self):
        done = self.run_on("PASS", 0)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("kernel k: without the flag of line 1, PIPE_V to PIPE_S, the check found nothing (exit code 0)", done.stdout)

    def test_another_fault_does_not_count(self):
        for fault in (
            "[1] unordered in kernel k (func_id 0): nothing orders two accesses to the same bytes by PIPE_S and PIPE_V",
            "[1] unordered in kernel other (func_id 0): nothing orders two accesses to the same bytes by PIPE_V and PIPE_S",
            "[1] never-written in kernel k (func_id 0): by PIPE_V and PIPE_S",
        ):
            self.assertEqual(self.run_on(fault, 1).returncode, 1, fault)

    def test_the_pair_itself_does(self):
        fault = "[1] unordered in kernel k (func_id 0): nothing orders two accesses to the same bytes by PIPE_V and PIPE_S"
        self.assertEqual(self.run_on(fault, 1).returncode, 0)


if __name__ == "__main__":
    unittest.main()
