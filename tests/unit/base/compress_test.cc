#include "daemon/base/compress.h"

#include <zlib.h>

#include <random>
#include <string>

#include "gtest/gtest.h"

namespace regreen {
namespace {

std::string Gzip(const std::string& bytes) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string Noise(std::size_t size) {
  std::mt19937 generator(7);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(generator());
  return bytes;
}

struct Case {
  const char* name;
  std::string bytes;
};
const Case kCases[] = {
    {"empty", ""},
    {"one byte", "x"},
    {"text", "npm ERR! code EUSAGE\n"},
    {"noise that does not shrink", Noise(200'000)},
    {"zeros that shrink much", std::string(3'000'000, '\0')},
};

TEST(Zstd, GivesBackWhatItPacked) {
  for (const Case& c : kCases) {
    const auto bytes = ZstdDecompress(ZstdCompress(c.bytes), c.bytes.size());
    ASSERT_TRUE(bytes.ok()) << c.name << ": " << Message(bytes.status());
    EXPECT_EQ(*bytes, c.bytes) << c.name;
  }
}

TEST(Zstd, StopsAtTheCap) {
  const std::string bomb = ZstdCompress(std::string(100'000'000, '\0'));
  EXPECT_LT(bomb.size(), 20'000u);
  EXPECT_EQ(ZstdDecompress(bomb, 1'000'000).status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(ZstdDecompress(bomb, 99'999'999).status().code(), StatusCode::kResourceExhausted);
  EXPECT_TRUE(ZstdDecompress(bomb, 100'000'000).ok());
}

TEST(Zstd, CountsAllFramesAgainstTheCap) {
  const std::string two = ZstdCompress("first ") + ZstdCompress("second");
  EXPECT_EQ(*ZstdDecompress(two, 12), "first second");
  EXPECT_EQ(ZstdDecompress(two, 11).status().code(), StatusCode::kResourceExhausted);
}

TEST(Zstd, ReadsAFrameThatDoesNotSayItsSize) {
  // printf 'regreen regreen regreen\\n' | zstd --no-check --no-content-size
  const std::string frame(
      "\x28\xb5\x2f\xfd\x00\x58\x7d\x00\x00\x48regreen \x0a\x01\x00\xeb\x0a\x17", 24);
  EXPECT_EQ(*ZstdDecompress(frame, 24), "regreen regreen regreen\n");
  EXPECT_EQ(*ZstdDecompress(frame, 1000), "regreen regreen regreen\n");
  EXPECT_EQ(ZstdDecompress(frame, 23).status().code(), StatusCode::kResourceExhausted);
}

TEST(Zstd, RefusesWhatIsNotWholeZstd) {
  const std::string good = ZstdCompress(std::string(1000, 'x') + Noise(1000));
  std::string lies = good;
  lies[5] = static_cast<char>(lies[5] ^ 0x01);  // the size that the header promises
  const Case cases[] = {
      {"empty", ""},
      {"text", "plain text"},
      {"cut", good.substr(0, good.size() - 1)},
      {"header only", good.substr(0, 6)},
      {"garbage behind it", good + "garbage"},
      {"a size that is not true", lies},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(ZstdDecompress(c.bytes, 10'000).status().code(), StatusCode::kInvalidArgument)
        << c.name;
  }
}

TEST(Gzip, GivesBackWhatWasPacked) {
  for (const Case& c : kCases) {
    const std::string packed = Gzip(c.bytes);
    EXPECT_TRUE(LooksLikeGzip(packed)) << c.name;
    const auto bytes = GzipDecompress(packed, c.bytes.size());
    ASSERT_TRUE(bytes.ok()) << c.name << ": " << Message(bytes.status());
    EXPECT_EQ(*bytes, c.bytes) << c.name;
  }
}

TEST(Gzip, JoinsMembersAsGzipDoes) {
  const std::string members = Gzip("first ") + Gzip("") + Gzip("second");
  EXPECT_EQ(*GzipDecompress(members, 100), "first second");
  EXPECT_EQ(*GzipDecompress(members + std::string(512, '\0'), 100), "first second")
      << "zeros behind it are padding";
}

TEST(Gzip, StopsAtTheCap) {
  const std::string bomb = Gzip(std::string(50'000'000, '\0'));
  EXPECT_EQ(GzipDecompress(bomb, 1'000'000).status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(GzipDecompress(Gzip("first ") + Gzip("second"), 11).status().code(),
            StatusCode::kResourceExhausted);
  EXPECT_TRUE(GzipDecompress(bomb, 50'000'000).ok());
}

TEST(Gzip, RefusesWhatIsNotWholeGzip) {
  const std::string good = Gzip(Noise(5000));
  std::string broken = good;
  broken[good.size() - 6] = static_cast<char>(broken[good.size() - 6] ^ 0x40);  // its checksum
  const Case cases[] = {
      {"empty", ""},
      {"text", "plain text"},
      {"cut in the trailer", good.substr(0, good.size() - 1)},
      {"cut in the middle", good.substr(0, 2500)},
      {"the magic alone", good.substr(0, 3)},
      {"a wrong checksum", broken},
      {"garbage behind it", good + "garbage"},
      {"a second member that is cut", good + good.substr(0, 30)},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(GzipDecompress(c.bytes, 10'000).status().code(), StatusCode::kInvalidArgument)
        << c.name;
  }
}

TEST(Gzip, IsKnownByItsFirstBytes) {
  EXPECT_FALSE(LooksLikeGzip(""));
  EXPECT_FALSE(LooksLikeGzip("\x1f\x8b"));
  EXPECT_FALSE(LooksLikeGzip("{\"action\": \"completed\"}"));
  EXPECT_TRUE(LooksLikeGzip("\x1f\x8b\x08rest"));
}

}  // namespace
}  // namespace regreen
