#include "base/status.h"

#include <catch2/catch.hpp>

#include "google/rpc/status.pb.h"
#include "temporal/api/enums/v1/failed_cause.pb.h"
#include "temporal/api/errordetails/v1/message.pb.h"

namespace perdure {
namespace {

namespace details = temporal::api::errordetails::v1;

google::rpc::Status Trailer(const absl::Status& status) {
  google::rpc::Status parsed;
  REQUIRE(parsed.ParseFromString(StatusDetailsTrailer(status)));
  REQUIRE(parsed.details_size() == 1);
  CHECK(parsed.code() == static_cast<int>(status.code()));
  CHECK(parsed.message() == status.message());
  return parsed;
}

TEST_CASE("A status without detail has no trailer") {
  CHECK(StatusDetailsTrailer(InvalidArgument("bad")).empty());
}

TEST_CASE("A payload of our own does not leave in the trailer") {
  absl::Status status = InvalidArgument("bad");
  status.SetPayload("perdure/internal", absl::Cord("x"));
  CHECK(StatusDetailsTrailer(status).empty());
}

TEST_CASE("Not found carries its failure") {
  const auto trailer = Trailer(NotFound("no such run"));
  CHECK(trailer.code() == 5);
  CHECK(trailer.details(0).Is<details::NotFoundFailure>());
}

TEST_CASE("An already started workflow says which run and whose request") {
  const auto trailer = Trailer(WorkflowExecutionAlreadyStarted("already", "request", "run", "first"));
  details::WorkflowExecutionAlreadyStartedFailure failure;
  REQUIRE(trailer.details(0).UnpackTo(&failure));
  CHECK(failure.start_request_id() == "request");
  CHECK(failure.run_id() == "run");
  CHECK(failure.first_execution_run_id() == "first");
}

TEST_CASE("A missing namespace is named in text and detail") {
  const auto trailer = Trailer(NamespaceNotFound("orders"));
  details::NamespaceNotFoundFailure failure;
  REQUIRE(trailer.details(0).UnpackTo(&failure));
  CHECK(failure.namespace_() == "orders");
  CHECK(trailer.message() == "Namespace orders is not found.");
}

TEST_CASE("An exhausted resource carries cause and scope") {
  namespace enums = temporal::api::enums::v1;
  const auto trailer = Trailer(ResourceExhausted("too fast", enums::RESOURCE_EXHAUSTED_CAUSE_RPS_LIMIT,
                                                 enums::RESOURCE_EXHAUSTED_SCOPE_NAMESPACE));
  details::ResourceExhaustedFailure failure;
  REQUIRE(trailer.details(0).UnpackTo(&failure));
  CHECK(failure.cause() == enums::RESOURCE_EXHAUSTED_CAUSE_RPS_LIMIT);
  CHECK(failure.scope() == enums::RESOURCE_EXHAUSTED_SCOPE_NAMESPACE);
}

TEST_CASE("The remaining failures carry their kind") {
  CHECK(Trailer(NamespaceAlreadyExists("x")).details(0).Is<details::NamespaceAlreadyExistsFailure>());
  CHECK(Trailer(WorkflowNotReady("x")).details(0).Is<details::WorkflowNotReadyFailure>());
  CHECK(Unavailable("x").code() == absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace perdure
