#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "daemon/base/hash.h"
#include "daemon/base/log.h"
#include "daemon/base/secret.h"

namespace regreen {
namespace {

TEST(Hmac, AgreesWithGitHubsVector) {
  EXPECT_EQ(HexEncode(HmacSha256("It's a Secret to Everybody", "Hello, World!")),
            "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
}

TEST(Hash, KnownDigestsAndEncodings) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Base64Encode("any carnal pleas"), "YW55IGNhcm5hbCBwbGVhcw==");
  std::string bytes;
  EXPECT_TRUE(HexDecode("00fFa1", &bytes));
  EXPECT_EQ(bytes, std::string("\x00\xff\xa1", 3));
  EXPECT_FALSE(HexDecode("0", &bytes));
  EXPECT_FALSE(HexDecode("zz", &bytes));
  EXPECT_NE(RandomHex(16), RandomHex(16));
}

TEST(ConstantTimeEquals, ComparesWholeStrings) {
  EXPECT_TRUE(ConstantTimeEquals("same", "same"));
  EXPECT_FALSE(ConstantTimeEquals("same", "sama"));
  EXPECT_FALSE(ConstantTimeEquals("same", "same "));
  EXPECT_TRUE(ConstantTimeEquals("", ""));
}

TEST(ResolveSecret, ReadsFilesAndTheEnvironment) {
  const std::string path = testing::TempDir() + "/secret";
  std::ofstream(path) << "hunter2\n";
  EXPECT_EQ(ResolveSecret("file:" + path)->Reveal(), "hunter2");
  setenv("REGREEN_TEST_SECRET", "from-env", 1);
  EXPECT_EQ(ResolveSecret("env:REGREEN_TEST_SECRET")->Reveal(), "from-env");
  std::ofstream(path) << "\n";
  EXPECT_EQ(ResolveSecret("file:" + path).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(ResolveSecret("env:REGREEN_TEST_NOT_SET").status().code(), StatusCode::kNotFound);
}

TEST(ResolveSecret, AMistakenSecretIsNotRepeatedInTheError) {
  const auto secret = ResolveSecret("s3cr3t-value-itself");
  EXPECT_EQ(secret.status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(secret.status().message()).find("s3cr3t"), std::string::npos);
}

TEST(Redact, MasksKnownSecretsAndTokenShapes) {
  MaskInLogs(Secret("correct horse battery"));
  EXPECT_EQ(Redact("a correct horse battery b"), "a [secret] b");
  EXPECT_EQ(Redact("token ghp_abcdefghijklmnopqrstuvwxyz0123456789 end"), "token [secret] end");
  EXPECT_EQ(Redact("ghs_long.with-dots_0123456789.abcdef"), "[secret]");
  EXPECT_EQ(Redact("glpat-0123456789abcdefghij AKIAABCDEFGHIJKLMNOP"), "[secret] [secret]");
  EXPECT_EQ(Redact("nothing here"), "nothing here");
}

}  // namespace
}  // namespace regreen
