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

# The labels a test may carry; docs/guide/testing.md says what each means. Whoever selects by label relies on the
# spelling, so that a slip would silently run a test everywhere, or nowhere.
set(TW_TEST_LABELS requires_hardware requires_hardware_a2a3 requires_hardware_a5 long bench no_asan no_tsan source_only)

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
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST TEST_PREFIX "${name}." TEST_LIST ${name}_TESTS)
  if(T_LABELS)
    tw_label_discovered_tests(${name} "${T_LABELS}")
  endif()
endfunction()

# gtest_discover_tests loses all labels but the first of a list, so they are set where ctest reads the tests.
function(tw_label_discovered_tests name labels)
  foreach(_label IN LISTS labels)
    if(NOT _label IN_LIST TW_TEST_LABELS)
      message(FATAL_ERROR "test ${name}: unknown label '${_label}'; known are: ${TW_TEST_LABELS}")
    endif()
  endforeach()
  set(_file "${CMAKE_CURRENT_BINARY_DIR}/${name}_labels.cmake")
  file(CONFIGURE OUTPUT "${_file}" @ONLY CONTENT [[
foreach(_test IN LISTS @name@_TESTS)
  set_tests_properties("${_test}" PROPERTIES LABELS "@labels@")
endforeach()
]])
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${_file}")
endfunction()
