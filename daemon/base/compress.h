// zstd for what we keep, gzip for what we are given. Any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "daemon/base/status.h"

namespace regreen {

std::string ZstdCompress(std::string_view bytes, int level = 1);
// InvalidArgument when it is not zstd; ResourceExhausted when the result would pass max_bytes.
StatusOr<std::string> ZstdDecompress(std::string_view bytes, std::size_t max_bytes);
bool LooksLikeGzip(std::string_view bytes);
// Several members in a row are one result, as gzip(1) does it. Errors as above.
StatusOr<std::string> GzipDecompress(std::string_view bytes, std::size_t max_bytes);

}  // namespace regreen
