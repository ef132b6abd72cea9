# make install, and find_package(Tilewright) in other projects. docs/guide/install.md says what lands where.
include(CMakePackageConfigHelpers)

set(TW_INSTALL_INCLUDEDIR "${CMAKE_INSTALL_INCLUDEDIR}/tilewright-${PROJECT_VERSION}")
set(TW_INSTALL_DOCDIR "${CMAKE_INSTALL_DATAROOTDIR}/doc/tilewright")
set(TW_INSTALL_CMAKEDIR "${CMAKE_INSTALL_LIBDIR}/cmake/Tilewright")

install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/" DESTINATION "${TW_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
# As in the repository, so that links between the pages hold.
install(FILES LICENSE README.md CONTRIBUTING.md DESTINATION "${TW_INSTALL_DOCDIR}")
install(DIRECTORY docs DESTINATION "${TW_INSTALL_DOCDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/examples/" DESTINATION "${CMAKE_INSTALL_DATADIR}/tilewright/examples"
  PATTERN CMakeLists.txt EXCLUDE PATTERN "*_test.cpp" EXCLUDE)

install(TARGETS tw task-submit RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(TARGETS tw-device RUNTIME DESTINATION "${CMAKE_INSTALL_LIBEXECDIR}/tilewright")
if(TARGET tw-compile)
  install(TARGETS tw-compile RUNTIME DESTINATION "${CMAKE_INSTALL_LIBEXECDIR}/tilewright")
endif()

set_property(TARGET tilewright PROPERTY INTERFACE_INCLUDE_DIRECTORIES
  "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>" "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include/orchestration>"
  "$<INSTALL_INTERFACE:${TW_INSTALL_INCLUDEDIR}>" "$<INSTALL_INTERFACE:${TW_INSTALL_INCLUDEDIR}/orchestration>")
install(TARGETS tilewright EXPORT TilewrightTargets LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
if(TW_COMPILER)  # programs in the language link it; it needs libMLIR of this machine
  install(TARGETS tilewright_compiler LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
endif()
install(EXPORT TilewrightTargets NAMESPACE Tilewright:: DESTINATION "${TW_INSTALL_CMAKEDIR}")
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/TilewrightConfig.cmake.in" "${PROJECT_BINARY_DIR}/TilewrightConfig.cmake"
  INSTALL_DESTINATION "${TW_INSTALL_CMAKEDIR}" PATH_VARS TW_INSTALL_INCLUDEDIR)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/TilewrightConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/TilewrightConfig.cmake" "${PROJECT_BINARY_DIR}/TilewrightConfigVersion.cmake"
  DESTINATION "${TW_INSTALL_CMAKEDIR}")
