// cpp-httplib with the limits that we serve strangers under. Only http_client.cc and http_server.cc
// include this; both must see the same settings, or there would be two different classes of one
// name.
#pragma once

#define CPPHTTPLIB_OPENSSL_SUPPORT
// Decompression stays off: a compressed body is a way to send much more than was paid for.
#define CPPHTTPLIB_HEADER_MAX_COUNT 100
#define CPPHTTPLIB_HEADER_MAX_LENGTH 8192
#define CPPHTTPLIB_REQUEST_URI_MAX_LENGTH 8192
#define CPPHTTPLIB_MAX_LINE_LENGTH 16384
// The client would otherwise wait up to a second for a server that ignores Expect: 100-continue.
#define CPPHTTPLIB_EXPECT_100_THRESHOLD 0
#define CPPHTTPLIB_NO_DEFAULT_USER_AGENT
#define CPPHTTPLIB_TCP_NODELAY true

#include <httplib.h>
