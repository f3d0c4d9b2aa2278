#include "tests/support/test_keys.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "daemon/base/file.h"
#include "daemon/base/hash.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

const TempDir& Folder() {
  static const TempDir folder = [] {
    // OpenSSL's random numbers, begun before the folder, outlive it: it is emptied by their help.
    const std::string prefix = Cat("regreen-keys-", RandomHex(2), "-");
    auto made = TempDir::Create(std::filesystem::temp_directory_path(), prefix);
    EXPECT_TRUE(made.ok()) << made.status();
    return std::move(made).value();
  }();
  return folder;
}

std::string At(const std::string& name) {
  return (Folder().path() / name).string();
}

bool Openssl(const std::string& arguments) {
  const std::string command =
      Cat("cd ", Folder().path().string(), " && openssl ", arguments, " >/dev/null 2>&1");
  return std::system(command.c_str()) == 0;
}

std::string Made(const std::string& name, const std::string& arguments) {
  EXPECT_TRUE(Openssl(arguments)) << "openssl " << arguments;
  return ReadFile(At(name), 1 << 16).value_or("");
}

}  // namespace

const TestKeys& Keys() {
  static const TestKeys keys = [] {
    TestKeys made;
    made.pkcs1 = Made("rsa", "genrsa -traditional -out rsa 2048");
    made.pkcs8 = Made("p8", "pkcs8 -topk8 -nocrypt -in rsa -out p8");
    made.passphrase = Made("locked", "pkcs8 -topk8 -in rsa -out locked -passout pass:x");
    made.public_half = Made("pub", "rsa -in rsa -pubout -out pub");
    made.small = Made("small", "genrsa -out small 1024");
    made.elliptic = Made("ec", "ecparam -genkey -name prime256v1 -noout -out ec");
    return made;
  }();
  return keys;
}

bool IsSignedByTestKey(const std::string& text, const std::string& signature) {
  Keys();
  EXPECT_TRUE(WriteFileAtomic(At("text"), text).ok() &&
              WriteFileAtomic(At("signature"), signature).ok());
  return Openssl("dgst -sha256 -verify pub -signature signature text");
}

}  // namespace regreen
