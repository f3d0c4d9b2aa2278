# regreen_floor(NAME DIR [DEPS…]): one static library for each floor, from every .cc in its folder.
# The floor test in tests/unit reads the #include lines and keeps the order; linking follows it.
# What nearly every file includes is compiled once, in the lowest floor: it halves the build.
set(REGREEN_PRECOMPILED
  <algorithm> <atomic> <chrono> <condition_variable> <cstdint> <deque> <filesystem> <functional> <map>
  <memory> <mutex> <optional> <set> <span> <stop_token> <string> <string_view> <thread> <utility>
  <variant> <vector>
  "${CMAKE_SOURCE_DIR}/daemon/base/status.h" "${CMAKE_SOURCE_DIR}/daemon/base/text.h")

function(regreen_precompiled target)
  if(target STREQUAL "regreen_base")
    target_precompile_headers(${target} PRIVATE ${REGREEN_PRECOMPILED})
  elseif(target STREQUAL "regreen_test_support")
    target_precompile_headers(${target} PRIVATE ${REGREEN_PRECOMPILED} <gmock/gmock.h> <gtest/gtest.h>)
  elseif("${ARGN}" STREQUAL "test")
    target_precompile_headers(${target} REUSE_FROM regreen_test_support)
  else()
    target_precompile_headers(${target} REUSE_FROM regreen_base)
  endif()
endfunction()

function(regreen_floor name dir)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${dir}/*.cc")
  if(sources)
    add_library(regreen_${name} STATIC ${sources})
    target_link_libraries(regreen_${name} PUBLIC regreen_options ${ARGN})
    regreen_precompiled(regreen_${name})
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
  regreen_precompiled(${name} test)
  gtest_discover_tests(${name} TEST_PREFIX "${label}." DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS ${label} TIMEOUT 300)
endfunction()
