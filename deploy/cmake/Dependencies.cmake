# Everything comes from Debian packages; deploy/install-deps.sh installs them.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(absl REQUIRED)
find_package(spdlog REQUIRED)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
find_package(RapidJSON REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(yaml-cpp REQUIRED)
foreach(module libgit2 re2 sqlite3 libzstd libseccomp libhs)
  pkg_check_modules(${module} REQUIRED IMPORTED_TARGET ${module})
endforeach()

# cpp-httplib: a version below 0.30 is not safe on a socket that strangers reach (unbounded chunked
# and compressed bodies, header floods), and Debian 12 ships 0.11. The installer puts a newer one,
# from Debian's own source package, under build/deps.
set(REGREEN_DEPS "${CMAKE_SOURCE_DIR}/build/deps" CACHE PATH "Where install-deps.sh puts httplib.h")
find_path(HTTPLIB_INCLUDE_DIR httplib.h HINTS "${REGREEN_DEPS}/include" NO_CACHE)
if(NOT HTTPLIB_INCLUDE_DIR)
  message(FATAL_ERROR "httplib.h was not found. Run deploy/install-deps.sh: it fetches "
    "cpp-httplib 0.30 or newer from Debian's source package into ${REGREEN_DEPS}.")
endif()
file(STRINGS "${HTTPLIB_INCLUDE_DIR}/httplib.h" HTTPLIB_VERSION_LINE
  REGEX "^#define CPPHTTPLIB_VERSION " LIMIT_COUNT 1)
string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" HTTPLIB_VERSION "${HTTPLIB_VERSION_LINE}")
if(NOT HTTPLIB_VERSION OR HTTPLIB_VERSION VERSION_LESS 0.30.0)
  message(FATAL_ERROR "cpp-httplib ${HTTPLIB_VERSION} in ${HTTPLIB_INCLUDE_DIR} is too old: versions "
    "below 0.30 let strangers exhaust the daemon's memory. Run deploy/install-deps.sh, which fetches "
    "a newer one from Debian's source package into ${REGREEN_DEPS}, then configure again.")
endif()
message(STATUS "cpp-httplib ${HTTPLIB_VERSION} in ${HTTPLIB_INCLUDE_DIR}")
add_library(httplib INTERFACE)
target_include_directories(httplib SYSTEM INTERFACE "${HTTPLIB_INCLUDE_DIR}")
target_link_libraries(httplib INTERFACE OpenSSL::SSL OpenSSL::Crypto ZLIB::ZLIB Threads::Threads)
