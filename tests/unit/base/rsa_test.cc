#include "daemon/base/rsa.h"

#include <gmock/gmock.h>

#include "daemon/base/hash.h"
#include "tests/support/test_keys.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;

TEST(RsaKey, SignsWhatOpensslTakesForGood) {
  for (const std::string& pem : {Keys().pkcs1, Keys().pkcs8}) {
    const auto key = RsaKey::FromPem(Secret(pem));
    ASSERT_TRUE(key.ok()) << key.status();
    const auto signature = key->SignSha256("Hello, World!");
    ASSERT_TRUE(signature.ok()) << signature.status();
    EXPECT_TRUE(IsSignedByTestKey("Hello, World!", *signature));
    EXPECT_FALSE(IsSignedByTestKey("Hello, World?", *signature));
  }
}

TEST(RsaKey, SaysWhatWasGivenInstead) {
  struct Case {
    std::string pem;
    const char* says;
  };
  for (const Case& c :
       {Case{"", "no PEM"}, Case{"ghp_secret", "no PEM"}, Case{Keys().public_half, "public key"},
        Case{"-----BEGIN OPENSSH PRIVATE KEY-----\n", "SSH"}, Case{Keys().passphrase, "passphrase"},
        Case{Keys().pkcs8.substr(0, 300), "damaged"}, Case{Keys().elliptic, "another kind"},
        Case{Keys().small, "under 2048 bits"}}) {
    const Status status = RsaKey::FromPem(Secret(c.pem)).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(Message(status), HasSubstr(c.says));
    EXPECT_THAT(Message(status), testing::Not(HasSubstr("ghp_")));
  }
}

TEST(Base64, DecodesItsOwnFormAlone) {
  std::string bytes;
  for (const char* text : {"", "a", "ab", "abc", "abcd", "\xff\xfe"}) {
    EXPECT_TRUE(Base64Decode(Base64Encode(text), &bytes));
    EXPECT_EQ(bytes, text);
  }
  for (const char* bad :
       {"a", "ab", "abc", "ab=c", "====", "YQ==YQ==", "YR==", "Y Q==", " YWJj", "YWJj\n", "-_-_"})
    EXPECT_FALSE(Base64Decode(bad, &bytes)) << bad;
  EXPECT_EQ(Base64UrlEncode("\xff\xfe\xfd?"), "__79Pw");
}

}  // namespace
}  // namespace regreen
