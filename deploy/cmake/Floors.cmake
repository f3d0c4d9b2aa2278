# regreen_floor(NAME DIR [DEPS…]): one static library for each floor, from every .cc in its folder.
# The floor test in tests/unit reads the #include lines and keeps the order; linking follows it.
function(regreen_floor name dir)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${dir}/*.cc")
  if(sources)
    add_library(regreen_${name} STATIC ${sources})
    target_link_libraries(regreen_${name} PUBLIC regreen_options ${ARGN})
  else()
    add_library(regreen_${name} INTERFACE)
    target_link_libraries(regreen_${name} INTERFACE regreen_options ${ARGN})
  endif()
endfunction()

# regreen_test(NAME DIR DEPS…): one GoogleTest binary from every .cc below DIR, one ctest entry
# for each case. LABEL is the last word of the folder's kind (unit, contract, scenario).
function(regreen_test name dir label)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${dir}/*.cc")
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE regreen_options ${ARGN} GTest::gtest GTest::gmock_main)
  target_compile_definitions(${name} PRIVATE REGREEN_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  gtest_discover_tests(${name} TEST_PREFIX "${label}." DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS ${label} TIMEOUT 300)
endfunction()
