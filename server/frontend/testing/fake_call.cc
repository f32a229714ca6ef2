#include "server/frontend/testing/fake_call.h"

#include "base/check.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace perdure::server::testing {
namespace {

class FakeCall final : public Call {
 public:
  FakeCall(const Method& method, CallObserver& observer, CallSettings settings,
           std::shared_ptr<Outcome> outcome)
      : Call(method, observer, absl::ZeroDuration()),
        settings_(std::move(settings)),
        outcome_(std::move(outcome)) {
    outcome_->cancel = [this] { Cancel(); };
  }

  std::optional<absl::Duration> TimeLeft() const override { return settings_.time_left; }
  std::string_view Header(std::string_view name) const override {
    if (name == "client-name") return settings_.client_name;
    return name == "authorization" ? settings_.authorization : std::string_view();
  }

 private:
  void Send(absl::StatusOr<ReplyBytes> answer) override {
    if (answer.ok()) {
      outcome_->answer = answer->Flat();
    } else {
      outcome_->answer = answer.status();
    }
  }
  void Ref() override { ++references_; }
  void Unref() override {
    if (--references_ == 0) delete this;
  }
  absl::Duration Monotonic() const override { return absl::ZeroDuration(); }

  const CallSettings settings_;
  const std::shared_ptr<Outcome> outcome_;
  int references_ = 1;
};

}  // namespace

std::shared_ptr<Outcome> StartCall(FakeNode& node, std::string_view method, const std::string& request,
                                   CallSettings settings) {
  const Method* found = node.methods.Find(method);
  PERDURE_CHECK(found != nullptr && found->spec.handler != nullptr, method);
  auto outcome = std::make_shared<Outcome>();
  const auto bytes = [&](absl::FunctionRef<bool(google::protobuf::io::ZeroCopyInputStream&)> read) {
    google::protobuf::io::ArrayInputStream stream(request.data(), static_cast<int>(request.size()));
    return read(stream);
  };
  found->spec.handler(node.frontend, CallPtr(new FakeCall(*found, node, std::move(settings), outcome)),
                      bytes);
  return outcome;
}

}  // namespace perdure::server::testing
