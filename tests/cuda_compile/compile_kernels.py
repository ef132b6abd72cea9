#!/usr/bin/env python3
"""Compiles the kernels of all examples and instructions.cpp as CUDA device code: compile only, nothing is linked or run.

compile_kernels.py SOURCE_DIRECTORY. Ends with 77, and the reason, where there is no nvcc (TW_NVCC, PATH, /usr/local/cuda/bin).
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SKIPPED = 77  # ctest's SKIP_RETURN_CODE
ARCHES = {"a2a3": "2201", "a5": "3510"}

# What a compiler of device code must not accept: were it accepted, nothing would be checked at all.
BAD_KERNELS = {
    "a host function": "static void host_only() {}\nextern \"C\" __aicore__ void kernel_entry(__gm__ int64_t *) { host_only(); }\n",
    "a host variable": "static int host_only;\nextern \"C\" __aicore__ void kernel_entry(__gm__ int64_t *) { ++host_only; }\n",
    "thread_local": "extern \"C\" __aicore__ void kernel_entry(__gm__ int64_t *) { thread_local int x = 0; ++x; }\n",
    "an exception": "extern \"C\" __aicore__ void kernel_entry(__gm__ int64_t *) { throw 1; }\n",
}


def find_nvcc():
    named = os.environ.get("TW_NVCC")
    if named:
        return named
    return shutil.which("nvcc") or shutil.which("/usr/local/cuda/bin/nvcc")


def kernels_of_examples(source):
    """(path, core type) of each kernel that a callable.json names, once."""
    found = set()
    for spec in sorted((source / "examples").glob("*/callable.json")):
        for kernel in json.loads(spec.read_text())["incores"]:
            found.add(((spec.parent / kernel["source"]).resolve(), kernel["core_type"]))
    return sorted(found)


def main():
    source = Path(sys.argv[1]).resolve()
    nvcc = find_nvcc()
    if not nvcc:
        print("skipped: there is no nvcc (looked at TW_NVCC, PATH and /usr/local/cuda/bin)")
        return SKIPPED
    include = source / "include"

    def compile_one(path, core_defines, arch, scratch):
        output = Path(scratch) / f"{path.stem}.{arch}.{len(core_defines)}.ptx"
        command = [nvcc, "-std=c++20", "-arch=sm_90", "-rdc=true", "-ptx", "-x", "cu", "--expt-relaxed-constexpr", "-D__CPU_SIM",
                   *core_defines, f"-D__NPU_ARCH__={ARCHES[arch]}", f"-I{include}", f"-I{include / 'pto'}",
                   f"-I{include / 'orchestration'}", f"-I{path.parent}", str(path), "-o", str(output)]
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        has_entry = output.exists() and "kernel_entry" in output.read_text()
        return result.returncode == 0 and has_entry, result.stdout

    defines = {"aic": ["-D__DAV_CUBE__"], "aiv": ["-D__DAV_VEC__"]}
    both = defines["aic"] + defines["aiv"]
    instructions = source / "tests" / "cuda_compile" / "instructions.cpp"
    failures = 0
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(2) as pool:
        jobs = {}
        kernels = kernels_of_examples(source)
        for path, core in kernels:
            jobs[pool.submit(compile_one, path, defines[core], "a2a3", scratch)] = (f"{path.relative_to(source)} ({core}, a2a3)", True)
        for arch in ARCHES:
            jobs[pool.submit(compile_one, instructions, both, arch, scratch)] = (f"instructions.cpp ({arch})", True)
        for name, text in BAD_KERNELS.items():
            bad = Path(scratch) / f"bad_{name.replace(' ', '_')}.cpp"
            bad.write_text("#include <pto/pto-inst.hpp>\n" + text)
            jobs[pool.submit(compile_one, bad, both, "a2a3", scratch)] = (f"a kernel with {name}", False)
        for job, (name, good) in jobs.items():
            compiled, text = job.result()
            if compiled == good:
                continue
            failures += 1
            print(f"{name}: {'does not compile as device code' if good else 'was accepted, so that this test checks nothing'}\n{text}")
    if len(kernels) < 10:
        failures += 1
        print(f"only {len(kernels)} kernels were found below {source / 'examples'}")
    print(f"{len(kernels)} kernels of the examples and instructions.cpp, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
