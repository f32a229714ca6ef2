#include "server/cli/log_sinks.h"

#include <algorithm>
#include <mutex>
#include <string>

#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "base/log_fields.h"
#include "nlohmann/json.hpp"
#include "spdlog/sinks/base_sink.h"

namespace perdure::server {
namespace {

std::string Time(const spdlog::details::log_msg& line) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromChrono(line.time), absl::UTCTimeZone());
}

std::string_view Level(const spdlog::details::log_msg& line) {
  const auto name = spdlog::level::to_string_view(line.level);
  return {name.data(), name.size()};
}

LogLine Split(const spdlog::details::log_msg& line) {
  return SplitFields({line.payload.data(), line.payload.size()});
}

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

class Text final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& line, spdlog::memory_buf_t& out) override {
    const LogLine split = Split(line);
    std::string text = fmt::format("time={} level={} msg={}", Time(line), Level(line), Quoted(split.message));
    for (const auto& [key, value] : split.fields) text += fmt::format(" {}={}", key, Quoted(value));
    text.push_back('\n');
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<formatter> clone() const override { return std::make_unique<Text>(); }
};

class Json final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& line, spdlog::memory_buf_t& out) override {
    const LogLine split = Split(line);
    nlohmann::ordered_json object = {
        {"time", Time(line)}, {"level", Level(line)}, {"msg", std::string(split.message)}};
    for (const auto& [key, value] : split.fields) object[std::string(key)] = std::string(value);
    const std::string text =
        object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<formatter> clone() const override { return std::make_unique<Json>(); }
};

class Limited final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit Limited(spdlog::sink_ptr inner) : inner_(std::move(inner)) {}

 private:
  // Guarded by the base's mutex, which is held by the calls below.
  struct Bucket {
    double left = kLogBurst;
    spdlog::log_clock::time_point filled;
    int64_t left_out = 0;
  };

  void sink_it_(const spdlog::details::log_msg& line) override {
    std::string key(Split(line).message);
    if (!buckets_.contains(key) && buckets_.size() >= kLogMessages) key.clear();
    const auto [found, is_new] = buckets_.try_emplace(std::move(key));
    Bucket& bucket = found->second;
    if (!is_new) {
      const double seconds = std::chrono::duration<double>(line.time - bucket.filled).count();
      bucket.left = std::min<double>(kLogBurst, bucket.left + std::max(0.0, seconds));
    }
    bucket.filled = line.time;
    if (bucket.left < 1) {
      ++bucket.left_out;
      return;
    }
    bucket.left -= 1;
    if (bucket.left_out == 0) return inner_->log(line);
    const LogLine split = Split(line);
    std::string text = WithFields(split.message, {{"left_out", std::to_string(bucket.left_out)}});
    bucket.left_out = 0;
    text.append(line.payload.data() + split.message.size(), line.payload.size() - split.message.size());
    spdlog::details::log_msg copy = line;
    copy.payload = text;
    inner_->log(copy);
  }
  void flush_() override { inner_->flush(); }
  void set_pattern_(const std::string& pattern) override { inner_->set_pattern(pattern); }
  void set_formatter_(std::unique_ptr<spdlog::formatter> formatter) override {
    inner_->set_formatter(std::move(formatter));
  }

  const spdlog::sink_ptr inner_;
  absl::flat_hash_map<std::string, Bucket> buckets_;
};

}  // namespace

std::unique_ptr<spdlog::formatter> TextFormatter() { return std::make_unique<Text>(); }
std::unique_ptr<spdlog::formatter> JsonFormatter() { return std::make_unique<Json>(); }
spdlog::sink_ptr LimitedSink(spdlog::sink_ptr inner) { return std::make_shared<Limited>(std::move(inner)); }

}  // namespace perdure::server
