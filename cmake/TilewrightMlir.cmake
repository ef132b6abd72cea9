# MLIR 19 as Debian packs it, for the compiler layer alone. Decides TW_COMPILER where that is AUTO; everything else builds without.
set_property(CACHE TW_COMPILER PROPERTY STRINGS AUTO ON OFF)
if(NOT TW_COMPILER MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "TW_COMPILER=${TW_COMPILER}: there are AUTO, ON and OFF")
endif()
if(TW_COMPILER STREQUAL "OFF")
  tw_summary("compiler" FALSE "TW_COMPILER=OFF; tw compile refuses, everything else works")
  return()
endif()

find_package(MLIR 19.1 QUIET CONFIG HINTS /usr/lib/llvm-19/lib/cmake/mlir)
if(NOT MLIR_FOUND)
  if(TW_COMPILER STREQUAL "ON")
    message(FATAL_ERROR "TW_COMPILER=ON, but there is no MLIR 19.1: install libmlir-19-dev mlir-19-tools llvm-19-dev llvm-19-tools, "
                        "or configure with -DTW_COMPILER=OFF")
  endif()
  set(TW_COMPILER OFF)
  tw_summary("compiler" FALSE "no MLIR 19.1 (libmlir-19-dev mlir-19-tools llvm-19-dev llvm-19-tools); tw compile refuses")
  return()
endif()
set(TW_COMPILER ON)
tw_summary("compiler" TRUE "MLIR ${MLIR_VERSION}")

list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
# The installed configuration names an include directory of the machine that built it.
set(MLIR_INCLUDE_DIRS "${LLVM_INCLUDE_DIRS}")
set(MLIR_MAIN_INCLUDE_DIR "${LLVM_INCLUDE_DIRS}")
include(TableGen)
include(AddLLVM)
include(AddMLIR)

# tw_uses_mlir(TARGET): for every target whose sources include headers of MLIR. MLIR tells the traits of operations apart by symbols
# that GCC and the clang that built libMLIR spell differently in text, so that they must be one symbol for both: a hidden one
# would be another trait, and a module would have no symbol table.
function(tw_uses_mlir target)
  set_target_properties(${target} PROPERTIES CXX_VISIBILITY_PRESET default VISIBILITY_INLINES_HIDDEN OFF
    INSTALL_RPATH "${LLVM_LIBRARY_DIRS}")
  target_include_directories(${target} SYSTEM PUBLIC ${MLIR_INCLUDE_DIRS})
  target_link_directories(${target} PUBLIC ${LLVM_LIBRARY_DIRS})
endfunction()
