#include "server/auth/tls_files.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "base/wall_clock.h"
#include "server/auth/tls_source.h"

namespace perdure::server {
namespace {

struct Pair {
  std::string certificate;
  std::string key;
};

std::string Taken(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

// A certificate signed by its own key.
Pair NewPair(absl::Duration from = absl::ZeroDuration(), absl::Duration to = absl::Hours(1)) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_gmtime_adj(X509_getm_notBefore(certificate), absl::ToInt64Seconds(from));
  X509_gmtime_adj(X509_getm_notAfter(certificate), absl::ToInt64Seconds(to));
  X509_set_pubkey(certificate, key);
  X509_sign(certificate, key, EVP_sha256());
  BIO* certificate_pem = BIO_new(BIO_s_mem());
  BIO* key_pem = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(certificate_pem, certificate);
  PEM_write_bio_PrivateKey(key_pem, key, nullptr, nullptr, 0, nullptr, nullptr);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return {Taken(certificate_pem), Taken(key_pem)};
}

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/perdure-tls-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string Write(const std::string& name, const std::string& content) const {
    const std::string path = path_ + "/" + name;
    std::ofstream(path) << content;
    return path;
  }

 private:
  std::string path_;
};

std::string Error(const TlsFiles& files) {
  return std::string(ReadTlsFiles(files, WallClock()).status().message());
}

}  // namespace

TEST_CASE("a certificate, its key and the clients' authority are read") {
  const Folder folder;
  const Pair pair = NewPair();
  const TlsFiles files{folder.Write("c", pair.certificate), folder.Write("k", pair.key),
                       folder.Write("a", NewPair().certificate)};
  const auto content = ReadTlsFiles(files, WallClock());
  REQUIRE(content.ok());
  CHECK(content->certificate == pair.certificate);
  CHECK(content->key == pair.key);
}

TEST_CASE("what cannot be used is named by its key of the configuration") {
  const Folder folder;
  const Pair pair = NewPair();
  const std::string certificate = folder.Write("c", pair.certificate);
  const std::string key = folder.Write("k", pair.key);
  CHECK(absl::StrContains(Error({certificate, "", ""}), "go together"));
  CHECK(absl::StrContains(Error({"", "", key}), "go together"));
  CHECK(absl::StrContains(Error({"/nowhere", key, ""}), "tls.certificate_file: cannot read /nowhere"));
  CHECK(absl::StrContains(Error({certificate, "/nowhere", ""}), "tls.key_file: cannot read /nowhere"));
  CHECK(absl::StrContains(Error({key, key, ""}), "has no certificate in PEM form"));
  CHECK(absl::StrContains(Error({certificate, certificate, ""}), "has no private key"));
  CHECK(absl::StrContains(Error({certificate, folder.Write("k2", NewPair().key), ""}), "is not the key of"));
  CHECK(absl::StrContains(Error({certificate, key, "/nowhere"}), "tls.client_ca_file: cannot read"));
  CHECK(absl::StrContains(Error({certificate, key, key}), "tls.client_ca_file"));
}

TEST_CASE("a certificate that is not valid by its dates is refused") {
  const Folder folder;
  const auto error = [&](absl::Duration from, absl::Duration to) {
    const Pair pair = NewPair(from, to);
    return Error({folder.Write("c", pair.certificate), folder.Write("k", pair.key), ""});
  };
  CHECK(absl::StrContains(error(-absl::Hours(2), -absl::Hours(1)), "ended on 2"));
  CHECK(absl::StrContains(error(absl::Hours(1), absl::Hours(2)), "check this machine's clock"));
  CHECK(error(-absl::Hours(1), absl::Hours(1)).empty());
}

TEST_CASE("the first end among the clients' authorities is known") {
  const Folder folder;
  const Pair pair = NewPair();
  const std::string authorities = NewPair(absl::ZeroDuration(), absl::Hours(9)).certificate +
                                  NewPair(absl::ZeroDuration(), absl::Hours(5)).certificate;
  const auto content = ReadTlsFiles(
      {folder.Write("c", pair.certificate), folder.Write("k", pair.key), folder.Write("a", authorities)},
      WallClock());
  REQUIRE(content.ok());
  CHECK(content->client_ca_not_after < WallClock() + absl::Hours(5) + absl::Seconds(2));
  CHECK(content->client_ca_not_after > WallClock() + absl::Hours(4));
  CHECK(content->not_after < WallClock() + absl::Hours(2));
}

TEST_CASE("renewed files are in use from the next look on, unless their dates are over") {
  const Folder folder;
  const Pair first = NewPair();
  const TlsFiles files{folder.Write("c", first.certificate), folder.Write("k", first.key), ""};
  const auto source = TlsSource::Open(files, WallClock);
  REQUIRE(source.ok());
  const auto before = (*source)->Current();
  CHECK((*source)->Current() == before);
  const Pair over = NewPair(-absl::Hours(2), -absl::Hours(1));
  folder.Write("c", over.certificate);
  folder.Write("k", over.key);
  CHECK((*source)->Current() == before);
  const Pair renewed = NewPair(absl::ZeroDuration(), absl::Hours(3));
  folder.Write("c", renewed.certificate + "\n");
  folder.Write("k", renewed.key + "\n");
  CHECK((*source)->Current()->certificate == renewed.certificate + "\n");
  PrometheusMetrics metrics;
  TlsSource::ShowExpiry(*source, metrics);
  const std::string text = metrics.Text();
  CHECK(absl::StrContains(text, R"(perdure_tls_expiry_seconds{file="certificate"} 10)"));
}

TEST_CASE("the mark changes with a file, and only then") {
  const Folder folder;
  const TlsFiles files{folder.Write("c", "1"), folder.Write("k", "2"), ""};
  const std::string mark = TlsFilesMark(files);
  CHECK(TlsFilesMark(files) == mark);
  folder.Write("k", "23");
  CHECK(TlsFilesMark(files) != mark);
}

}  // namespace perdure::server
