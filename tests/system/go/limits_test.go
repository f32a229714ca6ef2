package sdk

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/worker"
	"google.golang.org/grpc/metadata"
)

func signalWith(bytes int) *workflowservice.SignalWorkflowExecutionRequest {
	payload := &common.Payload{Data: []byte(strings.Repeat("x", bytes))}
	return &workflowservice.SignalWorkflowExecutionRequest{
		Namespace:         "default",
		WorkflowExecution: &common.WorkflowExecution{WorkflowId: "nobody"},
		SignalName:        "add",
		Input:             &common.Payloads{Payloads: []*common.Payload{payload}},
	}
}

func TestAMessageThatIsTooLargeIsRefusedInWords(t *testing.T) {
	e := newEnv(t, func(worker.Worker) {})
	_, err := e.client.WorkflowService().SignalWorkflowExecution(e.ctx, signalWith(5<<20))
	require.ErrorContains(t, err, "grpc: received message larger than max")
}

func TestTooManyHeadersAreRefusedInWords(t *testing.T) {
	e := newEnv(t, func(worker.Worker) {})
	ctx := e.ctx
	for i := range 300 {
		ctx = metadata.AppendToOutgoingContext(ctx, fmt.Sprintf("x-%d", i), "value")
	}
	_, err := e.client.WorkflowService().SignalWorkflowExecution(ctx, signalWith(1))
	if os.Getenv("PERDURE_SERVER_KIND") == "real" { // which has no such limit
		var notFound *serviceerror.NotFound
		require.ErrorAs(t, err, &notFound)
		return
	}
	require.ErrorContains(t, err, "metadata size exceeds limit")
}

// More than one connection takes half-sent: those over the limit are refused, and made again.
func TestManyCallsAtOnceAreAllAnswered(t *testing.T) {
	e := newEnv(t, func(worker.Worker) {})
	large := strings.Repeat("x", 1000)
	errs := make([]error, 1100)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			errs[i] = e.client.SignalWorkflow(e.ctx, "nobody", "", "add", large)
		})
	}
	all.Wait()
	var notFound *serviceerror.NotFound
	for _, err := range errs {
		require.ErrorAs(t, err, &notFound)
	}
}
