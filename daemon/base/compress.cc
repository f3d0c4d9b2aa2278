#include "daemon/base/compress.h"

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <memory>
#include <utility>

#include "daemon/base/text.h"

namespace regreen {
namespace {

Status TooLarge(std::size_t max_bytes) {
  return ResourceExhausted(
      Cat("The compressed bytes unpack to more than the ", max_bytes, " bytes that are allowed."));
}

// Appends what the frame at the start of `bytes` holds, and moves `bytes` past it.
Status UnpackFrame(std::string_view& bytes, std::size_t max_bytes, std::string& out) {
  const std::size_t length = ZSTD_findFrameCompressedSize(bytes.data(), bytes.size());
  if (ZSTD_isError(length)) {
    return InvalidArgument(Cat("The bytes are not whole zstd: ", ZSTD_getErrorName(length), "."));
  }
  const std::size_t room = max_bytes - out.size();
  const unsigned long long content = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (content == ZSTD_CONTENTSIZE_ERROR) return InvalidArgument("The bytes are not zstd.");
  const bool known = content != ZSTD_CONTENTSIZE_UNKNOWN;
  if (known && content > room) return TooLarge(max_bytes);

  // One call straight into the result: no window buffer, so a frame cannot ask for more than the
  // cap.
  const std::size_t start = out.size();
  out.resize(start + (known ? static_cast<std::size_t>(content) : room));
  const std::size_t got =
      ZSTD_decompress(out.data() + start, out.size() - start, bytes.data(), length);
  if (ZSTD_isError(got)) {
    if (!known && ZSTD_getErrorCode(got) == ZSTD_error_dstSize_tooSmall) return TooLarge(max_bytes);
    return InvalidArgument(Cat("The zstd bytes are damaged: ", ZSTD_getErrorName(got), "."));
  }
  out.resize(start + got);
  bytes.remove_prefix(length);
  return OkStatus();
}

// Making a context takes as long as packing a webhook does, so a thread keeps one. Its size follows
// the largest input that it saw, so it only sees small ones.
constexpr std::size_t kSmall = 128 << 10;

ZSTD_CCtx* SmallContext() {
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  thread_local std::unique_ptr<ZSTD_CCtx, Free> context(ZSTD_createCCtx());
  if (context == nullptr) std::abort();  // no memory
  return context.get();
}

// Owns zlib's state of one inflation.
class Inflater {
 public:
  Inflater() { ok_ = inflateInit2(&stream_, 16 + MAX_WBITS) == Z_OK; }
  ~Inflater() {
    if (ok_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  bool ok() const { return ok_; }
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_ = {};
  bool ok_ = false;
};

Status AppendCapped(const unsigned char* bytes, std::size_t size, std::size_t max_bytes,
                    std::string& out) {
  if (size > max_bytes - out.size()) return TooLarge(max_bytes);
  const std::size_t needed = out.size() + size;
  if (needed > out.capacity()) {
    out.reserve(std::min(max_bytes, std::max(needed, 2 * out.capacity())));
  }
  out.append(reinterpret_cast<const char*>(bytes), size);
  return OkStatus();
}

// Unpacks one member, and leaves the stream's input behind it.
Status UnpackMember(z_stream& stream, std::size_t max_bytes, std::string& out) {
  unsigned char buffer[32 << 10];
  while (true) {
    stream.next_out = buffer;
    stream.avail_out = sizeof(buffer);
    const int result = inflate(&stream, Z_NO_FLUSH);
    RETURN_IF_ERROR(AppendCapped(buffer, sizeof(buffer) - stream.avail_out, max_bytes, out));
    if (result == Z_STREAM_END) return OkStatus();
    if (result == Z_MEM_ERROR) return ResourceExhausted("There is no memory to unpack gzip.");
    if (result != Z_OK || (stream.avail_in == 0 && stream.avail_out > 0)) {
      return InvalidArgument("The gzip bytes are damaged or end too early.");
    }
  }
}

}  // namespace

std::string ZstdCompress(std::string_view bytes, int level) {
  std::string out;
  out.resize(ZSTD_compressBound(bytes.size()));
  const std::size_t size =
      bytes.size() <= kSmall
          ? ZSTD_compressCCtx(SmallContext(), out.data(), out.size(), bytes.data(), bytes.size(),
                              level)
          : ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), level);
  // The room suffices by zstd's own bound: only memory can be missing.
  if (ZSTD_isError(size)) std::abort();
  out.resize(size);
  return out;
}

StatusOr<std::string> ZstdDecompress(std::string_view bytes, std::size_t max_bytes) {
  if (bytes.empty()) return InvalidArgument("There are no bytes where zstd was expected.");
  std::string out;
  while (!bytes.empty()) RETURN_IF_ERROR(UnpackFrame(bytes, max_bytes, out));
  return out;
}

bool LooksLikeGzip(std::string_view bytes) {
  return bytes.size() >= 3 && bytes.substr(0, 3) == "\x1f\x8b\x08";
}

StatusOr<std::string> GzipDecompress(std::string_view bytes, std::size_t max_bytes) {
  if (!LooksLikeGzip(bytes)) return InvalidArgument("The bytes are not gzip.");
  if (bytes.size() > std::numeric_limits<uInt>::max()) {
    return InvalidArgument("More than 4 GB of gzip cannot be unpacked at once.");
  }
  Inflater inflater;
  if (!inflater.ok()) return ResourceExhausted("There is no memory to unpack gzip.");
  z_stream& stream = inflater.stream();
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  while (true) {
    RETURN_IF_ERROR(UnpackMember(stream, max_bytes, out));
    // gzip(1) takes zeros behind the last member for padding, as tapes and block devices add it.
    while (stream.avail_in > 0 && *stream.next_in == 0) {
      ++stream.next_in;
      --stream.avail_in;
    }
    if (stream.avail_in == 0) return out;
    inflateReset(&stream);
  }
}

}  // namespace regreen
