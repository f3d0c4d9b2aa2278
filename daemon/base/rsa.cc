#include "daemon/base/rsa.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <utility>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr int kFewestBits = 2048;

// A key with a passphrase must not make OpenSSL ask for it on the terminal.
int NoPassphrase(char*, int, int, void*) {
  return 0;
}

Status WhyUnreadable(std::string_view pem) {
  const auto holds = [&](std::string_view words) {
    return pem.find(words) != std::string_view::npos;
  };
  if (holds("ENCRYPTED"))
    return InvalidArgument("the key is protected by a passphrase; take it off by: openssl rsa");
  if (holds("BEGIN OPENSSH PRIVATE KEY"))
    return InvalidArgument("this is a key of SSH, not the PEM file that was downloaded");
  if (holds("BEGIN PUBLIC KEY") || holds("BEGIN RSA PUBLIC KEY") || holds("BEGIN CERTIFICATE"))
    return InvalidArgument("this is a public key or a certificate; the private key is needed");
  if (!holds("-----BEGIN "))
    return InvalidArgument("this is no PEM file: it has no line that says BEGIN … PRIVATE KEY");
  return InvalidArgument("the PEM file is damaged or cut off; download the key again");
}

}  // namespace

StatusOr<RsaKey> RsaKey::FromPem(const Secret& pem) {
  const std::string& text = pem.Reveal();
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free);
  if (bio == nullptr) return Internal("OpenSSL gives no memory for a key");
  std::shared_ptr<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr),
                                EVP_PKEY_free);
  ERR_clear_error();
  if (key == nullptr) return WhyUnreadable(text);
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA)
    return InvalidArgument("the key is of another kind than RSA");
  if (EVP_PKEY_get_bits(key.get()) < kFewestBits)
    return InvalidArgument(Cat("the RSA key has under ", kFewestBits, " bits"));
  return RsaKey(std::move(key));
}

StatusOr<std::string> RsaKey::SignSha256(std::string_view bytes) const {
  auto* const key = static_cast<EVP_PKEY*>(key_.get());
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  const auto* const data = reinterpret_cast<const unsigned char*>(bytes.data());
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key)), '\0');
  std::size_t size = signature.size();
  // PKCS#1 v1.5 is OpenSSL's own choice for RSA.
  if (context == nullptr ||
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, data,
                     bytes.size()) != 1) {
    ERR_clear_error();
    return Internal("OpenSSL could not sign with the key");
  }
  signature.resize(size);
  return signature;
}

}  // namespace regreen
