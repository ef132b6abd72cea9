# cmake -D PREFIX=... -D WORK_DIR=... -D DEVICE_SUITE=... -D HARDWARE_TEST=... -D CXX=... -D EXAMPLES=... -P testhw.cmake
#
# Builds testhw against the installed tree below PREFIX and uses it: the device suite, the tests that need hardware, tw.
cmake_minimum_required(VERSION 3.25)
find_program(CCACHE ccache)
set(launcher "")
if(CCACHE)
  set(launcher "-DCMAKE_CXX_COMPILER_LAUNCHER=${CCACHE}")
endif()
execute_process(COMMAND "${CMAKE_COMMAND}" -G Ninja -S "${CMAKE_CURRENT_LIST_DIR}/plugin" -B "${WORK_DIR}/build" "-DCMAKE_PREFIX_PATH=${PREFIX}"
  "-DCMAKE_CXX_COMPILER=${CXX}" -DCMAKE_BUILD_TYPE=Release ${launcher} COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${WORK_DIR}/build" COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)

# run(EXPECTED_RC EXPECTED_REGEX ENVIRONMENT... -- COMMAND...): fails unless the command ends so and says so.
function(run rc regex)
  execute_process(COMMAND "${CMAKE_COMMAND}" -E env ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(NOT result EQUAL rc OR NOT text MATCHES "${regex}")
    message(SEND_ERROR "${ARGN}\nends with ${result}, not ${rc}, or does not say '${regex}':\n${text}")
  endif()
endfunction()
set(here "TW_PLATFORM_PATH=${WORK_DIR}/build")
set(tw "${PREFIX}/bin/tw")

# The device suite, whose tests that need hardware run too: none is skipped but those for another kind of platform.
run(0 "PASSED" ${here} TW_TEST_PLATFORM=testhw -- "${DEVICE_SUITE}" --gtest_brief=1)
run(0 "OK . Hardware.IsThereWhenItWasAskedFor.*requires hardware a2a3; the tests run on testhw" ${here} TW_TEST_PLATFORM=testhw --
    "${DEVICE_SUITE}" --gtest_filter=Hardware.*)
# Without hardware, or without asking for it, they skip and say why; asking for what is not there fails.
run(0 "requires hardware; TW_TEST_PLATFORM names none" --unset=TW_TEST_PLATFORM ${here} -- "${DEVICE_SUITE}" --gtest_filter=Hardware.*)
run(0 "requires hardware; TW_TEST_PLATFORM names a2a3sim" TW_TEST_PLATFORM=a2a3sim -- "${DEVICE_SUITE}" --gtest_filter=Hardware.*)
run(1 "requires hardware; TW_TEST_PLATFORM names testhw: unknown platform 'testhw'" --unset=TW_PLATFORM_PATH TW_TEST_PLATFORM=testhw --
    "${DEVICE_SUITE}" --gtest_filter=Hardware.*)

run(1 "requires hardware; TW_TEST_PLATFORM names none" --unset=TW_TEST_PLATFORM TW_TEST_SELECTED_BY_LABEL=1 -- "${DEVICE_SUITE}")
run(0 "PASSED  . 4 tests" -- "${HARDWARE_TEST}")

# The installed programs find it by path and, once it is installed, by themselves; without it they say what is missing.
set(hello run "${EXAMPLES}/hello/callable.json" --platform testhw --arg "a=f32[5000]=randn:1" --arg "b=f32[5000]=randn:2" --arg "c=f32[5000]")
run(0 "testhw +no +24 +48" ${here} -- "${tw}" platforms)
run(0 "\"origin\": \"${WORK_DIR}/build/libtw_platform_testhw.so\"" ${here} -- "${tw}" platforms --json)
run(0 "testhw" ${here} -- "${tw}" devices)
run(0 "platforms +testhw +ok" ${here} -- "${tw}" doctor)
run(0 "" ${here} "TW_CACHE_DIR=${WORK_DIR}/cache" -- "${tw}" ${hello})
run(2 "there is no testhw device 4" ${here} "TW_CACHE_DIR=${WORK_DIR}/cache" -- "${tw}" ${hello} --device 4)
run(2 "unknown platform 'testhw'" --unset=TW_PLATFORM_PATH -- "${tw}" ${hello})
file(GLOB_RECURSE library "${PREFIX}/*/libtilewright.so")
cmake_path(GET library PARENT_PATH directory)
file(INSTALL "${WORK_DIR}/build/libtw_platform_testhw.so" DESTINATION "${directory}/tilewright/platforms")
run(0 "${directory}/tilewright/platforms/libtw_platform_testhw.so" --unset=TW_PLATFORM_PATH -- "${tw}" platforms --json)
file(REMOVE_RECURSE "${directory}/tilewright/platforms")

# A plug-in that another plug-in hides, one that is no plug-in, and a chip whose plug-in belongs to another.
file(MAKE_DIRECTORY "${WORK_DIR}/bad")
file(COPY_FILE "${WORK_DIR}/build/libtw_platform_testhw.so" "${WORK_DIR}/bad/libtw_platform_testhw.so")
file(COPY_FILE "${WORK_DIR}/build/libtw_platform_testhw.so" "${WORK_DIR}/bad/libtw_platform_a2a3.so")
file(WRITE "${WORK_DIR}/bad/libtw_platform_text.so" "not a shared object, and long enough to hold the header of one ...........")
set(bad "TW_PLATFORM_PATH=${WORK_DIR}/build:${WORK_DIR}/bad:/not/there")
run(0 "hidden by ${WORK_DIR}/build/libtw_platform_testhw.so.*it is no ELF file|it is no ELF file.*hidden by" ${bad} -- "${tw}" platforms)
run(0 "this library is testhw and nothing else" ${bad} -- "${tw}" platforms)
run(0 "platforms +text +absent.*it is no ELF file" ${bad} -- "${tw}" doctor)
run(0 "/not/there +absent" ${bad} -- "${tw}" doctor)
run(2 "it is no ELF file" ${bad} -- "${tw}" run "${EXAMPLES}/hello/callable.json" --platform text)
run(2 "a real Ascend device and needs a Tilewright platform plug-in, none is installed" ${here} --
    "${tw}" run "${EXAMPLES}/hello/callable.json" --platform a2a3)
