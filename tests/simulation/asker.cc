#include "tests/simulation/asker.h"

#include <fmt/format.h>

#include <memory>
#include <utility>
#include <variant>

#include "absl/strings/numbers.h"

namespace perdure::simulation {

namespace workflow = engine::workflow;
using server::WorkflowHistory;

namespace {

constexpr absl::Duration kQueryWait = absl::Seconds(20);

}  // namespace

void Asker::Ask(const std::string& workflow_id, int acknowledged, std::function<bool()> counts) {
  if (!network_.connected()) return;
  Question question{{.namespace_id = namespace_id_, .id = workflow_id, .run_id = std::nullopt},
                    acknowledged,
                    std::move(counts)};
  workflow::Query query{{}, fmt::format("query-{}", ++asked_), kQueryWait};
  query.request.mutable_query()->set_query_type("signals");
  const server::RunRef run = question.run;
  network_.history().Ask(
      run, std::move(query), kQueryWait,
      network_.Answer<WorkflowHistory::Answer>(
          [this, question = std::move(question)](absl::StatusOr<WorkflowHistory::Answer> answer) mutable {
            if (!answer.ok()) return CheckError(question, answer.status());
            if (*answer != nullptr) OnRun(std::move(question), **answer);
          }));
}

void Asker::OnRun(Question question, const workflow::Reply& reply) {
  if (const auto* answered = std::get_if<workflow::QueryReply>(&reply)) {
    return Check(question, answered->response.query_result());
  }
  const auto& dispatch = std::get<workflow::QueryDispatch>(reply);
  question.run.run_id = dispatch.run_id;
  AskWorker(std::move(question), dispatch, !dispatch.sticky_queue.empty());
}

void Asker::AskWorker(Question question, const workflow::QueryDispatch& dispatch, bool sticky) {
  if (!network_.connected()) return;
  server::QueryTask query{.run = question.run,
                          .task_queue = sticky ? dispatch.sticky_queue : dispatch.task_queue,
                          .sticky = sticky,
                          .query = {},
                          .priority_key = dispatch.priority_key,
                          .wait = sticky ? dispatch.sticky_timeout : kQueryWait};
  query.query.set_query_type("signals");
  network_.matching().Query(
      std::move(query),
      network_.Answer<server::QueryAnswer>([this, question = std::move(question), dispatch,
                                            sticky](absl::StatusOr<server::QueryAnswer> answer) mutable {
        const bool nobody =
            absl::IsDeadlineExceeded(answer.status()) || (answer.ok() && !answer->answer.has_value());
        if (sticky && nobody) return AskWorker(std::move(question), dispatch, false);
        if (!answer.ok()) return CheckError(question, answer.status());
        if (answer->answer.has_value()) Check(question, answer->answer->query_result());
      }));
}

void Asker::Check(const Question& question, const temporal::api::common::v1::Payloads& answer) {
  int seen = -1;
  if (answer.payloads_size() != 1 || !absl::SimpleAtoi(answer.payloads(0).data(), &seen)) {
    return journal_.Broken("a query of " + question.run.id + " got what no worker said");
  }
  if (seen < question.acknowledged && question.counts()) {
    journal_.Broken(fmt::format("a query of {} saw {} signals, and {} had been acknowledged", question.run.id,
                                seen, question.acknowledged));
  }
}

void Asker::CheckError(const Question& question, const absl::Status& status) {
  if (absl::IsInvalidArgument(status) || absl::IsInternal(status) || absl::IsDataLoss(status)) {
    journal_.Broken("a query of " + question.run.id + " was answered " + status.ToString());
  }
}

}  // namespace perdure::simulation
