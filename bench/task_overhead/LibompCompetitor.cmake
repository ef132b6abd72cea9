# omp_depend runs on libomp, so clang++ compiles it whatever compiler the project uses.
find_program(TW_CLANGXX NAMES clang++-19 clang++ DOC "clang++ with libomp, for the benchmark competitor omp_depend")
set(_libomp OFF)
set(_libomp_note "libomp (clang-19 and libomp-19-dev)")
if(TW_CLANGXX)
  set(_probe "${CMAKE_CURRENT_BINARY_DIR}/libomp_probe")
  file(WRITE "${_probe}.cpp" "#include <omp.h>\nint main() { return omp_get_max_threads() > 0 ? 0 : 1; }\n")
  execute_process(COMMAND "${TW_CLANGXX}" -std=c++20 -fopenmp=libomp "${_probe}.cpp" -o "${_probe}"
                  RESULT_VARIABLE _probe_failed OUTPUT_QUIET ERROR_QUIET)
  if(_probe_failed EQUAL 0)
    set(_libomp ON)
    set(_libomp_note "libomp (${TW_CLANGXX})")
  endif()
endif()
tw_summary("bench competitor omp_depend" "${_libomp}" "${_libomp_note}")

if(_libomp)
  set(_program "${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/tw-bench-task_overhead-omp_depend")
  add_custom_command(
    OUTPUT "${_program}"
    COMMAND "${TW_CLANGXX}" -std=c++20 -O3 -DNDEBUG -fopenmp=libomp
            -I "${PROJECT_SOURCE_DIR}/bench" -I "${PROJECT_SOURCE_DIR}/src"
            -MMD -MT "${_program}" -MF "${CMAKE_CURRENT_BINARY_DIR}/omp_depend.d"
            "${CMAKE_CURRENT_SOURCE_DIR}/omp_depend.cpp" "$<TARGET_FILE:tw_bench_task_overhead>"
            "-Wl,-rpath,$<TARGET_FILE_DIR:tw_bench_task_overhead>" -o "${_program}"
    DEPENDS omp_depend.cpp tw_bench_task_overhead
    DEPFILE "${CMAKE_CURRENT_BINARY_DIR}/omp_depend.d"
    COMMENT "Building tw-bench-task_overhead-omp_depend with ${TW_CLANGXX}"
    VERBATIM)
  add_custom_target(tw-bench-task_overhead-omp_depend ALL DEPENDS "${_program}")
  add_dependencies(tw-bench-task_overhead tw-bench-task_overhead-omp_depend)
endif()
