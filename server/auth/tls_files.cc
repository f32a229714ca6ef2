#include "server/auth/tls_files.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <sstream>

#include <fmt/format.h>

namespace perdure::server {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

Owned<BIO> Reader(const std::string& pem) {
  return Owned<BIO>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// The first certificate of a PEM text; null where there is none.
Owned<X509> Certificate(const std::string& pem) {
  return Owned<X509>(PEM_read_bio_X509(Reader(pem).get(), nullptr, nullptr, nullptr));
}

absl::Time ToTime(const ASN1_TIME* time) {
  tm utc{};
  if (ASN1_TIME_to_tm(time, &utc) != 1) return absl::InfinitePast();
  return absl::FromTM(utc, absl::UTCTimeZone());
}

std::string Date(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
}

// When the first of a PEM text's certificates ends.
absl::Time FirstEnd(const std::string& pem) {
  absl::Time first = absl::InfiniteFuture();
  const Owned<BIO> reader = Reader(pem);
  for (Owned<X509> one(PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr)); one != nullptr;
       one.reset(PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr))) {
    first = std::min(first, ToTime(X509_get0_notAfter(one.get())));
  }
  ERR_clear_error();  // the end of the file is one
  return first;
}

// Null where it cannot be read, under a password too: there is nobody to ask for it.
Owned<EVP_PKEY> PrivateKey(const std::string& pem) {
  const auto no_password = [](char*, int, int, void*) { return 0; };
  return Owned<EVP_PKEY>(PEM_read_bio_PrivateKey(Reader(pem).get(), nullptr, no_password, nullptr));
}

absl::Status Wrong(const std::string& what) { return absl::InvalidArgumentError(what); }

absl::StatusOr<std::string> Read(std::string_view key, const std::string& path) {
  std::ifstream file(path);
  std::ostringstream content;
  content << file.rdbuf();
  if (!file) return Wrong(fmt::format("{}: cannot read {}: give it a readable PEM file", key, path));
  return content.str();
}

// Refuses a certificate that clients would refuse by its dates.
absl::Status CheckDates(const X509* leaf, const std::string& path, absl::Time now) {
  const absl::Time begins = ToTime(X509_get0_notBefore(leaf));
  const absl::Time ends = ToTime(X509_get0_notAfter(leaf));
  if (now > ends) {
    return Wrong(
        fmt::format("tls.certificate_file: the certificate in {} ended on {}: renew it", path, Date(ends)));
  }
  if (now < begins) {
    return Wrong(
        fmt::format("tls.certificate_file: the certificate in {} begins on {}: check this machine's clock, "
                    "or give it one that is "
                    "valid now",
                    path, Date(begins)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TlsContent> ReadTlsFiles(const TlsFiles& files, absl::Time now) {
  if (files.certificate.empty() || files.key.empty()) {
    return Wrong(
        "tls.certificate_file and tls.key_file go together: set both, or neither and no other tls key");
  }
  const auto certificate = Read("tls.certificate_file", files.certificate);
  if (!certificate.ok()) return certificate.status();
  const auto key = Read("tls.key_file", files.key);
  if (!key.ok()) return key.status();
  TlsContent content{.certificate = *certificate, .key = *key, .client_ca = "", .not_after = {}};

  const Owned<X509> leaf = Certificate(content.certificate);
  if (leaf == nullptr) {
    return Wrong(fmt::format("tls.certificate_file: {} has no certificate in PEM form", files.certificate));
  }
  const Owned<EVP_PKEY> its_key = PrivateKey(content.key);
  if (its_key == nullptr) {
    return Wrong(
        fmt::format("tls.key_file: {} has no private key in PEM form, or one under a password", files.key));
  }
  if (X509_check_private_key(leaf.get(), its_key.get()) != 1) {
    return Wrong(
        fmt::format("tls.key_file: {} is not the key of the first certificate in {}: give it both of "
                    "one pair, the server's own certificate first",
                    files.key, files.certificate));
  }
  absl::Status dates = CheckDates(leaf.get(), files.certificate, now);
  if (!dates.ok()) return dates;
  content.not_after = ToTime(X509_get0_notAfter(leaf.get()));
  if (files.client_ca.empty()) return content;
  const auto client_ca = Read("tls.client_ca_file", files.client_ca);
  if (!client_ca.ok()) return client_ca.status();
  content.client_ca = *client_ca;
  if (Certificate(content.client_ca) == nullptr) {
    return Wrong(fmt::format("tls.client_ca_file: {} has no certificate in PEM form", files.client_ca));
  }
  content.client_ca_not_after = FirstEnd(content.client_ca);
  return content;
}

std::string TlsFilesMark(const TlsFiles& files) {
  std::string mark;
  for (const std::string* path : {&files.certificate, &files.key, &files.client_ca}) {
    struct stat found = {};
    if (path->empty() || ::stat(path->c_str(), &found) != 0) {
      mark += "-;";
      continue;
    }
    mark += fmt::format("{}:{}:{}:{}.{};", found.st_dev, found.st_ino, found.st_size, found.st_mtim.tv_sec,
                        found.st_mtim.tv_nsec);
  }
  return mark;
}

}  // namespace perdure::server
