package sdk

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// counting tells how many signals it has seen, until one that says the end.
func counting(ctx workflow.Context) (int, error) {
	seen := 0
	if err := workflow.SetQueryHandler(ctx, "seen", func(more int) (int, error) { return seen + more, nil }); err != nil {
		return 0, err
	}
	signals := workflow.GetSignalChannel(ctx, "see")
	for end := false; !end; {
		signals.Receive(ctx, &end)
		seen++
	}
	return seen, nil
}

func TestQueries(t *testing.T) {
	e := newEnv(t, func(w worker.Worker) { w.RegisterWorkflow(counting) })
	run := e.start(client.StartWorkflowOptions{}, counting)
	ask := func(query string, args ...any) (int, error) {
		answer, err := e.client.QueryWorkflow(e.ctx, run.GetID(), "", query, args...)
		if err != nil {
			return 0, err
		}
		var seen int
		return seen, answer.Get(&seen)
	}
	for i := range 5 {
		seen, err := ask("seen", 100)
		require.NoError(t, err)
		require.Equal(t, 100+i, seen)
		require.NoError(t, e.client.SignalWorkflow(e.ctx, run.GetID(), "", "see", i == 4))
	}
	require.NoError(t, run.Get(e.ctx, nil))
	seen, err := ask("seen", 0)
	require.NoError(t, err)
	require.Equal(t, 5, seen)

	_, err = ask("unknown")
	var failed *serviceerror.QueryFailed
	require.ErrorAs(t, err, &failed)
	rejected, err := e.client.QueryWorkflowWithOptions(e.ctx, &client.QueryWorkflowWithOptionsRequest{
		WorkflowID:           run.GetID(),
		QueryType:            "seen",
		Args:                 []any{0},
		QueryRejectCondition: enums.QUERY_REJECT_CONDITION_NOT_OPEN,
	})
	require.NoError(t, err)
	require.Equal(t, enums.WORKFLOW_EXECUTION_STATUS_COMPLETED, rejected.QueryRejected.GetStatus())
}

func TestAWorkerWithoutACacheAnswersFromTheHistory(t *testing.T) {
	e := newEnv(t, func(w worker.Worker) { w.RegisterWorkflow(counting) })
	run := e.start(client.StartWorkflowOptions{}, counting)
	require.NoError(t, e.client.SignalWorkflow(e.ctx, run.GetID(), "", "see", false))
	worker.PurgeStickyWorkflowCache()
	for range 3 {
		answer, err := e.client.QueryWorkflow(e.ctx, run.GetID(), "", "seen", 0)
		require.NoError(t, err)
		var seen int
		require.NoError(t, answer.Get(&seen))
		require.Equal(t, 1, seen)
		worker.PurgeStickyWorkflowCache()
	}
}
