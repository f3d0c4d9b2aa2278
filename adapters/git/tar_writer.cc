#include "adapters/git/tar_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kBufferBytes = 1 << 20;
constexpr std::size_t kNameBytes = 100;
constexpr std::uint64_t kMostBytes = 077777777777;  // eleven octal digits

// As the format lays it out; all numbers are octal text.
struct UstarHeader {
  char name[kNameBytes];
  char mode[8], uid[8], gid[8];
  char size[12], mtime[12];
  char checksum[8];
  char type;
  char target[kNameBytes];
  char magic[8];
  char user[32], group[32];
  char major[8], minor[8];
  char prefix[155];
  char rest[12];
};
static_assert(sizeof(UstarHeader) == kBlock);

template <std::size_t N>
void PutOctal(char (&field)[N], std::uint64_t value) {
  std::snprintf(field, N, "%0*llo", static_cast<int>(N - 1),
                static_cast<unsigned long long>(value));
}

void PutName(char (&field)[kNameBytes], std::string_view name) {
  std::memcpy(field, name.data(), std::min(name.size(), kNameBytes));
}

}  // namespace

Status TarWriter::Put(std::string_view bytes) {
  buffer_ += bytes;
  return buffer_.size() < kBufferBytes ? OkStatus() : Flush();
}

Status TarWriter::Flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t n = write(file_, rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, "cannot write an archive of a tree");
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  buffer_.clear();
  return OkStatus();
}

Status TarWriter::Pad(std::uint64_t size) {
  const std::size_t over = size % kBlock;
  return over == 0 ? OkStatus() : Put(std::string(kBlock - over, '\0'));
}

Status TarWriter::LongName(std::string_view name, char type) {
  RETURN_IF_ERROR(Header("././@LongLink", "", type, 0644, name.size() + 1));
  RETURN_IF_ERROR(Put(name));
  RETURN_IF_ERROR(Put(std::string_view("\0", 1)));
  return Pad(name.size() + 1);
}

Status TarWriter::Header(std::string_view path, std::string_view target, char type, unsigned mode,
                         std::uint64_t size) {
  if (size > kMostBytes) {
    return InvalidArgument(Cat(EscapeControl(path), " is too large to be sent to a workspace"));
  }
  if (target.size() > kNameBytes) RETURN_IF_ERROR(LongName(target, 'K'));
  if (path.size() > kNameBytes) RETURN_IF_ERROR(LongName(path, 'L'));
  UstarHeader header = {};
  PutName(header.name, path);
  PutName(header.target, target);
  PutOctal(header.mode, mode);
  PutOctal(header.uid, 0);
  PutOctal(header.gid, 0);
  PutOctal(header.size, size);
  PutOctal(header.mtime, static_cast<std::uint64_t>(std::max<std::int64_t>(mtime_, 0)));
  header.type = type;
  std::memcpy(header.magic, "ustar  ", sizeof header.magic);  // GNU's, as its long names are
  std::memset(header.checksum, ' ', sizeof header.checksum);
  const auto* bytes = reinterpret_cast<const unsigned char*>(&header);
  unsigned sum = 0;
  for (std::size_t i = 0; i < sizeof header; ++i) sum += bytes[i];
  std::snprintf(header.checksum, sizeof header.checksum, "%06o", sum);
  return Put({reinterpret_cast<const char*>(&header), sizeof header});
}

Status TarWriter::AddFile(std::string_view path, unsigned mode, std::string_view bytes) {
  RETURN_IF_ERROR(Header(path, "", '0', mode, bytes.size()));
  RETURN_IF_ERROR(Put(bytes));
  return Pad(bytes.size());
}

Status TarWriter::AddFileFrom(std::string_view path, unsigned mode, const std::string& source) {
  const UniqueFd file(open(source.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat info;
  if (!file || fstat(file.get(), &info) != 0)
    return ErrnoStatus(errno, Cat("cannot read ", source));
  const auto size = static_cast<std::uint64_t>(info.st_size);
  RETURN_IF_ERROR(Header(path, "", '0', mode, size));
  std::string piece(kBufferBytes, '\0');
  for (std::uint64_t left = size; left > 0;) {
    const ssize_t n = read(file.get(), piece.data(), std::min<std::uint64_t>(left, piece.size()));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Internal(Cat("cannot read all of ", source));
    RETURN_IF_ERROR(Put(std::string_view(piece).substr(0, static_cast<std::size_t>(n))));
    left -= static_cast<std::uint64_t>(n);
  }
  return Pad(size);
}

Status TarWriter::AddLink(std::string_view path, std::string_view target) {
  return Header(path, target, '2', 0777, 0);
}

Status TarWriter::AddFolder(std::string_view path) {
  return Header(Cat(path, "/"), "", '5', 0755, 0);
}

Status TarWriter::End() {
  RETURN_IF_ERROR(Put(std::string(2 * kBlock, '\0')));
  return Flush();
}

}  // namespace regreen
