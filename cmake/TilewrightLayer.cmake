# tw_layer(NAME SOURCES ... USES layer... LIBS imported-target...)
#
# One directory under src/ is one static library tw::NAME. USES names the layers it may include; the
# layering test (tests/layering) checks the include graph against docs/design/layers.txt.
function(tw_layer name)
  cmake_parse_arguments(L "" "" "SOURCES;USES;LIBS" ${ARGN})
  add_library(tw_${name} STATIC ${L_SOURCES})
  add_library(tw::${name} ALIAS tw_${name})
  target_include_directories(tw_${name} PUBLIC
    "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/include/orchestration")
  foreach(_use IN LISTS L_USES)
    target_link_libraries(tw_${name} PUBLIC tw::${_use})
  endforeach()
  if(L_LIBS)
    target_link_libraries(tw_${name} PUBLIC ${L_LIBS})
  endif()
  tw_compile_options(tw_${name})
endfunction()

# tw_test(NAME SOURCES ... USES layer... [LIBS ...] [LABELS ...])
#
# A GoogleTest program; every TEST in it is one CTest test. Unlabelled tests run anywhere; tests that need
# a device carry requires_hardware or requires_hardware_<platform>.
function(tw_test name)
  if(NOT TW_TESTS)
    return()
  endif()
  cmake_parse_arguments(T "" "" "SOURCES;USES;LIBS;LABELS" ${ARGN})
  add_executable(${name} ${T_SOURCES})
  foreach(_use IN LISTS T_USES)
    target_link_libraries(${name} PRIVATE tw::${_use})
  endforeach()
  target_link_libraries(${name} PRIVATE ${T_LIBS} GTest::gtest_main GTest::gmock)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  tw_compile_options(${name})
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST TEST_PREFIX "${name}." PROPERTIES LABELS "${T_LABELS}")
endfunction()
