# cmake -D BUILD_DIR=... -D WORK_DIR=... -D VERSION=... -D CXX=... -P install.cmake
#
# Installs the build into a prefix of its own, moves the prefix, and uses what is there as a user would.
cmake_minimum_required(VERSION 3.25)
file(REMOVE_RECURSE "${WORK_DIR}")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${BUILD_DIR}" --prefix "${WORK_DIR}/first" COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
file(RENAME "${WORK_DIR}/first" "${WORK_DIR}/prefix")
set(prefix "${WORK_DIR}/prefix")
set(include "${prefix}/include/tilewright-${VERSION}")

# Every published header compiles on its own, from the installed tree alone.
file(GLOB_RECURSE headers RELATIVE "${include}" "${include}/*.h" "${include}/*.hpp")
if(NOT "orchestration/pto_orchestration_api.h" IN_LIST headers OR NOT "tilewright/call_config.h" IN_LIST headers)
  message(FATAL_ERROR "headers are missing below ${include}: ${headers}")
endif()
foreach(header IN LISTS headers)
  file(WRITE "${WORK_DIR}/header.cpp" "#include <${header}>\n")
  execute_process(
    COMMAND "${CXX}" -std=c++20 -Wall -Wextra -Werror -fsyntax-only -D__CPU_SIM -D__DAV_VEC__ "-I${include}" "-I${include}/pto"
            "-I${include}/orchestration" "${WORK_DIR}/header.cpp"
    RESULT_VARIABLE result ERROR_VARIABLE text)
  if(NOT result EQUAL 0)
    message(SEND_ERROR "${header} does not compile on its own:\n${text}")
  endif()
endforeach()

foreach(file LICENSE README.md docs/guide/install.md)
  if(NOT EXISTS "${prefix}/share/doc/tilewright/${file}")
    message(SEND_ERROR "documentation ${file} is not installed")
  endif()
endforeach()

# The installed programs find each other and the headers where they lie now.
execute_process(COMMAND "${prefix}/bin/tw" --version OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
if(NOT text MATCHES "${VERSION}")
  message(SEND_ERROR "the installed tw --version says '${text}', not ${VERSION}")
endif()
execute_process(
  COMMAND "${CMAKE_COMMAND}" -E env --unset=TW_INCLUDE_DIR --unset=TW_DEVICE_PROGRAM "TW_CACHE_DIR=${WORK_DIR}/cache"
          "${prefix}/bin/tw" run "${prefix}/share/tilewright/examples/hello/callable.json" --platform a2a3sim
          --arg "a=f32[5000]=randn:1" --arg "b=f32[5000]=randn:2" --arg "c=f32[5000]"
  RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE text)
if(NOT result EQUAL 0)
  message(SEND_ERROR "the installed tw run ends with ${result}:\n${text}")
endif()

# A tile program is compiled, run and compared with the installed header, library and tw, where the compiler was built.
file(GLOB compiler "${prefix}/lib*/libtilewright-compiler.so" "${prefix}/lib*/*/libtilewright-compiler.so")
if(compiler)
  cmake_path(GET compiler PARENT_PATH libraries)
  execute_process(
    COMMAND "${CXX}" -std=c++20 "-I${include}" "${prefix}/share/tilewright/examples/tile_programs/hello.cpp" -o "${WORK_DIR}/hello"
            "-L${libraries}" -ltilewright-compiler "-Wl,-rpath,${libraries}"
    COMMAND_ERROR_IS_FATAL ANY)
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -E env --unset=TW_INCLUDE_DIR --unset=TW_DEVICE_PROGRAM "TW_CACHE_DIR=${WORK_DIR}/cache" "${WORK_DIR}/hello"
    OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(NOT text MATCHES "PASS\n$")
    message(SEND_ERROR "a program with the installed library says '${text}'")
  endif()
endif()

# A project elsewhere finds and uses the library.
execute_process(COMMAND "${CMAKE_COMMAND}" -G Ninja -S "${CMAKE_CURRENT_LIST_DIR}/consumer" -B "${WORK_DIR}/consumer"
  -D "CMAKE_PREFIX_PATH=${prefix}" COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${WORK_DIR}/consumer" COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
execute_process(COMMAND "${WORK_DIR}/consumer/consumer" OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
if(NOT text MATCHES "^${VERSION}\n")
  message(SEND_ERROR "the installed library says it is '${text}', not ${VERSION}")
endif()
execute_process(COMMAND "${WORK_DIR}/consumer/host_program" OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
if(NOT text STREQUAL "0 wrong\n")
  message(SEND_ERROR "the host test program of a kernel says '${text}'")
endif()
