// What an executor counts of the messages that its entities send and get. Handles live as long as the
// Metrics.
#pragma once

#include <string>

#include "server/metrics/metrics.h"

namespace perdure::server {

struct MessageMetrics {
  MessageMetrics(Metrics& metrics, const std::string& executor)
      : sent(metrics.counter("perdure_messages_sent", {{"executor", executor}})),
        done(metrics.counter("perdure_messages_done", {{"executor", executor}})),
        refused(metrics.counter("perdure_messages_refused", {{"executor", executor}})),
        unanswered(metrics.counter("perdure_messages_unanswered", {{"executor", executor}})),
        not_acted_on(metrics.counter("perdure_messages_not_acted_on", {{"executor", executor}})),
        under_way(metrics.gauge("perdure_messages_under_way", {{"executor", executor}})),
        failing(metrics.gauge("perdure_messages_failing", {{"executor", executor}})) {}

  Counter& sent;
  Counter& done;
  Counter& refused;
  Counter& unanswered;
  Counter& not_acted_on;
  Gauge& under_way;
  Gauge& failing;
};

}  // namespace perdure::server
