#include "daemon/triage/signature.h"

#include <gtest/gtest.h>

namespace regreen {
namespace {

struct Case {
  const char* name;
  const char* in;
  const char* out;
};

const Case kMessages[] = {
    {"a count", "expected 3 got 4", "expected <n> got <n>"},
    {"a version", "requires 1.25.3", "requires <n>"},
    {"a time", "at 2024-03-01T10:00:00.123Z it broke", "at <time> it broke"},
    {"a duration", "took 310.0115 seconds", "took <time>"},
    {"an address", "pointer 0x7ffe12ab is null", "pointer <address> is null"},
    {"a network address", "dial 10.0.0.12:5432 refused", "dial <address> refused"},
    {"a port", "localhost:49152 refused", "localhost:<n> refused"},
    {"a commit", "at 31eab3c9", "at <hash>"},
    {"an id", "job 3ab5e3b7-39a6-4b4a-9094-882ffd0b0f02 failed", "job <id> failed"},
    {"a status stays", "HTTP 503 from the registry", "HTTP 503 from the registry"},
    {"an error code stays", "error TS2304: no name", "error TS2304: no name"},
    {"a name with a digit stays", "test_x2 failed", "test_x2 failed"},
    {"quotes of another locale", "\u2018x\u2019 was not declared", "'x' was not declared"},
    {"a runner's folder", "in /home/runner/work/shop/shop/src/a.c", "in src/a.c"},
    {"another runner's folder", "in D:\\a\\shop\\shop\\src", "in src"},
    {"a temporary file", "open /tmp/pytest-of-root/x-3: no", "open <tmp>: no"},
    {"a cut word", "ValueErro...", ""},
    {"a temporary file on windows",
     "C:\\Users\\runneradmin\\AppData\\Local\\Temp\\tmpx1\\a.db is locked", "<tmp> is locked"},
    {"a date in words", "expires Mon May  6 10:11:12 2024", "expires <time> <time> <n>"},
    {"a compact time", "backup 20240506T101112Z is late", "backup <time> is late"},
    {"a long duration", "timed out after 10m0s", "timed out after <time>"},
    {"a size", "tried to allocate 1.5GB of 512 MiB", "tried to allocate <size> of <size>"},
    {"an identity in the JVM", "com.acme.Cart@1b2c3d is not com.acme.Cart@12345678",
     "com.acme.Cart@<hash> is not com.acme.Cart@<hash>"},
    {"an ordinary address of mail", "no user bob@example.org", "no user bob@example.org"},
    {"a pod", "pod web-7d9c6b5f4d-x2x9z is gone", "pod web-<id> is gone"},
    {"a worker of pytest", "worker 'gw1' crashed", "worker 'gw<n>' crashed"},
    {"a release", "needs v18.17.0", "needs v<n>"},
    {"a seed and a shard", "seed 44037, shard 2/5", "seed <n>, shard <n>"},
    {"an IPv6 port", "[::1]:34567 refused", "[::<n>]:<n> refused"},
    {"runs of spaces", "a   b\tc", "a b c"},
};

TEST(Signature, IsFreeOfWhatChangesFromRunToRun) {
  for (const Case& c : kMessages) EXPECT_EQ(StableMessage(c.in), c.out) << c.name;
}

const Case kNames[] = {
    {"github", "/home/runner/work/shop/shop/src/cart.cc", "src/cart.cc"},
    {"github on a container", "/__w/shop/shop/src/cart.cc", "src/cart.cc"},
    {"gitlab", "/builds/acme/shop/src/cart.cc", "src/cart.cc"},
    {"travis", "/home/travis/build/acme/shop/src/cart.cc", "src/cart.cc"},
    {"circle", "/home/circleci/project/src/cart.cc", "src/cart.cc"},
    {"jenkins", "/var/lib/jenkins/workspace/shop/src/cart.cc", "src/cart.cc"},
    {"azure on windows", "D:\\a\\1\\s\\src\\cart.cc", "src/cart.cc"},
    {"azure", "/home/vsts/work/1/s/src/cart.cc", "src/cart.cc"},
    {"macos", "/Users/runner/work/shop/shop/src/cart.cc", "src/cart.cc"},
    {"a folder of that name deeper down", "lib/src/cart.cc", "lib/src/cart.cc"},
    {"here", "./src/cart.cc", "src/cart.cc"},
    {"numbers stay", "tests/test_a.py::test_x[2-3]", "tests/test_a.py::test_x[2-3]"},
    {"a test on windows", "tests\\test_a.py::test_x", "tests/test_a.py::test_x"},
    {"python before 3.11", "test_x (mod.Case)", "test_x (mod.Case)"},
    {"python from 3.11 on", "test_x (mod.Case.test_x)", "test_x (mod.Case)"},
    {"another test of that case", "test_x (mod.Case.test_xx)", "test_x (mod.Case.test_xx)"},
    {"an old surefire", "works(org.acme.FooTest)", "org.acme.FooTest.works"},
    {"a parameter's type stays", "works(int)", "works(int)"},
    {"where a test stands moves", "tests/a.spec.ts:3:5 › login › works",
     "tests/a.spec.ts › login › works"},
    {"where a doc test stands moves", "src/lib.rs - total (line 12)", "src/lib.rs - total"},
    {"an object as a parameter", "t.py::test_x[<Cart object at 0x7f12ab>]",
     "t.py::test_x[<Cart object at <address>>]"},
    {"a constant as a parameter stays", "t.py::test_x[0xdeadbeef]", "t.py::test_x[0xdeadbeef]"},
    {"a php class stays", "App\\Tests\\CartTest::testTotal", "App\\Tests\\CartTest::testTotal"},
};

TEST(Signature, NamesAFileAlikeOnEveryRunner) {
  for (const Case& c : kNames) EXPECT_EQ(StableName(c.in), c.out) << c.name;
}

TEST(Signature, LeavesNoTraceOfEmptyParts) {
  EXPECT_EQ(MakeSignature("pytest", "a::b", "AssertionError"), "pytest: a::b — AssertionError");
  EXPECT_EQ(MakeSignature("", "a", ""), "a");
  EXPECT_EQ(MakeSignature("make", "", "no rule"), "make: no rule");
}

TEST(Fingerprint, DiffersByClassAndSignature) {
  const std::string one = MakeFingerprint(FailureClass::kTest, "a");
  EXPECT_EQ(one.size(), 64U);
  EXPECT_EQ(one, MakeFingerprint(FailureClass::kTest, "a"));
  EXPECT_NE(one, MakeFingerprint(FailureClass::kLint, "a"));
  EXPECT_NE(one, MakeFingerprint(FailureClass::kTest, "b"));
}

}  // namespace
}  // namespace regreen
