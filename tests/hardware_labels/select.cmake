# cmake -D SOURCE_DIR=... -D WORK_DIR=... -P select.cmake
#
# Builds the fixture and compares what ctest selects with the tables in docs/guide/testing.md.
cmake_minimum_required(VERSION 3.25)
set(fixture "${CMAKE_CURRENT_LIST_DIR}/fixture")
set(build "${WORK_DIR}/build")

find_program(CCACHE ccache)  # one source, many programs
set(launcher "")
if(CCACHE)
  set(launcher "-DCMAKE_CXX_COMPILER_LAUNCHER=${CCACHE}")
endif()
execute_process(COMMAND "${CMAKE_COMMAND}" -G Ninja -S "${fixture}" -B "${build}" -D "TW_SOURCE_DIR=${SOURCE_DIR}"
  -D MISSPELT=OFF ${launcher} COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${build}" COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)

# expect(WHO REGEX_OPTION... SELECTS TEST...)
function(expect who)
  cmake_parse_arguments(PARSE_ARGV 1 E "" "" "CTEST;SELECTS")
  execute_process(COMMAND "${CMAKE_CTEST_COMMAND}" --test-dir "${build}" -N ${E_CTEST}
    OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "Test +#[0-9]+: [^\n]+" lines "${text}")
  set(selected "")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^.*: ([a-z0-9_]+)\\.Fixture\\.Passes$" "\\1" test "${line}")
    list(APPEND selected "${test}")
  endforeach()
  list(SORT selected)
  list(SORT E_SELECTS)
  if(NOT selected STREQUAL E_SELECTS)
    message(SEND_ERROR "${who}: ctest ${E_CTEST} selects '${selected}', not '${E_SELECTS}'")
  endif()
endfunction()

expect("no hardware" CTEST -LE requires_hardware SELECTS anywhere anywhere_no_tsan)
expect("a2a3" CTEST -L "^requires_hardware(_a2a3)?$" SELECTS any_hardware a2a3 a2a3_long)
expect("a5" CTEST -L "^requires_hardware(_a5)?$" SELECTS any_hardware a5)
expect("second of two labels" CTEST -L "^no_asan$" SELECTS anywhere_no_tsan)
expect("everything" CTEST SELECTS anywhere anywhere_no_tsan any_hardware a2a3 a2a3_long a5)

execute_process(COMMAND "${CMAKE_COMMAND}" -S "${fixture}" -B "${build}" -D "TW_SOURCE_DIR=${SOURCE_DIR}" -D MISSPELT=ON
  RESULT_VARIABLE result ERROR_VARIABLE text OUTPUT_QUIET)
if(result EQUAL 0 OR NOT text MATCHES "unknown label 'requires_hardwre'")
  message(SEND_ERROR "a misspelt label was accepted: ${text}")
endif()
