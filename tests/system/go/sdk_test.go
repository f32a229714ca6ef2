// Package sdk checks the server with the Go SDK: what differs from the Python SDK's core, which is written in Rust.
//
// PERDURE_ADDRESS is the server under test, PERDURE_DEV_SERVER the binary to start as a dev server.
package sdk

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

func oneActivity(ctx workflow.Context, name string) (string, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 10 * time.Second,
		HeartbeatTimeout:    5 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 50 * time.Millisecond, MaximumAttempts: 3},
		WaitForCancellation: true,
	})
	var result string
	err := workflow.ExecuteActivity(ctx, name).Get(ctx, &result)
	return result, err
}

func TestActivityIsRetriedWithItsHeartbeatDetails(t *testing.T) {
	flaky := func(ctx context.Context) (string, error) {
		if activity.GetInfo(ctx).Attempt < 3 {
			activity.RecordHeartbeat(ctx, "progress")
			return "", errors.New("again")
		}
		var details string
		err := activity.GetHeartbeatDetails(ctx, &details)
		return details, err
	}
	e := newEnv(t, func(w worker.Worker) {
		w.RegisterWorkflow(oneActivity)
		w.RegisterActivityWithOptions(flaky, activity.RegisterOptions{Name: "flaky"})
	})
	var result string
	require.NoError(t, e.start(client.StartWorkflowOptions{}, oneActivity, "flaky").Get(e.ctx, &result))
	require.Equal(t, "progress", result)
}

func TestActivityFailureReachesTheCaller(t *testing.T) {
	broken := func(context.Context) (string, error) {
		return "", temporal.NewNonRetryableApplicationError("broken", "Broken", nil, 42)
	}
	e := newEnv(t, func(w worker.Worker) {
		w.RegisterWorkflow(oneActivity)
		w.RegisterActivityWithOptions(broken, activity.RegisterOptions{Name: "broken"})
	})
	err := e.start(client.StartWorkflowOptions{}, oneActivity, "broken").Get(e.ctx, nil)
	var failure *temporal.ApplicationError
	require.ErrorAs(t, err, &failure)
	require.Equal(t, "Broken", failure.Type())
	var detail int
	require.NoError(t, failure.Details(&detail))
	require.Equal(t, 42, detail)
}

func TestActivityTimeout(t *testing.T) {
	hang := func(ctx context.Context) (string, error) {
		<-ctx.Done()
		return "", ctx.Err()
	}
	run := func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			StartToCloseTimeout: 300 * time.Millisecond,
			RetryPolicy:         &temporal.RetryPolicy{MaximumAttempts: 1},
		})
		return workflow.ExecuteActivity(ctx, "hang").Get(ctx, nil)
	}
	e := newEnv(t, func(w worker.Worker) {
		w.RegisterWorkflow(run)
		w.RegisterActivityWithOptions(hang, activity.RegisterOptions{Name: "hang"})
	})
	var timeout *temporal.TimeoutError
	require.ErrorAs(t, e.start(client.StartWorkflowOptions{}, run).Get(e.ctx, nil), &timeout)
}

func TestCancellationReachesTheActivityByHeartbeat(t *testing.T) {
	began := make(chan struct{})
	patient := func(ctx context.Context) (string, error) {
		close(began)
		for {
			select {
			case <-ctx.Done():
				return "", ctx.Err()
			case <-time.After(50 * time.Millisecond):
				activity.RecordHeartbeat(ctx)
			}
		}
	}
	e := newEnv(t, func(w worker.Worker) {
		w.RegisterWorkflow(oneActivity)
		w.RegisterActivityWithOptions(patient, activity.RegisterOptions{Name: "patient"})
	})
	run := e.start(client.StartWorkflowOptions{}, oneActivity, "patient")
	<-began
	require.NoError(t, e.client.CancelWorkflow(e.ctx, run.GetID(), run.GetRunID()))
	var canceled *temporal.CanceledError
	require.ErrorAs(t, run.Get(e.ctx, nil), &canceled)
}

func TestActivityCompletedByToken(t *testing.T) {
	tokens := make(chan []byte, 1)
	hand := func(ctx context.Context) (string, error) {
		tokens <- activity.GetInfo(ctx).TaskToken
		return "", activity.ErrResultPending
	}
	e := newEnv(t, func(w worker.Worker) {
		w.RegisterWorkflow(oneActivity)
		w.RegisterActivityWithOptions(hand, activity.RegisterOptions{Name: "hand"})
	})
	run := e.start(client.StartWorkflowOptions{}, oneActivity, "hand")
	require.NoError(t, e.client.CompleteActivity(e.ctx, <-tokens, "from outside", nil))
	var result string
	require.NoError(t, run.Get(e.ctx, &result))
	require.Equal(t, "from outside", result)
}

// collect returns its signals until the one that says "end", or until the time is up.
func collect(ctx workflow.Context, limit time.Duration) ([]string, error) {
	var values []string
	ended := false
	timer := workflow.NewTimer(ctx, limit)
	for !ended {
		workflow.NewSelector(ctx).
			AddReceive(workflow.GetSignalChannel(ctx, "add"), func(channel workflow.ReceiveChannel, _ bool) {
				var value string
				channel.Receive(ctx, &value)
				values = append(values, value)
				ended = value == "end"
			}).
			AddFuture(timer, func(workflow.Future) { values, ended = append(values, "time is up"), true }).
			Select(ctx)
	}
	return values, nil
}

func TestSignalsAndTimers(t *testing.T) {
	e := newEnv(t, func(w worker.Worker) { w.RegisterWorkflow(collect) })
	run := e.start(client.StartWorkflowOptions{}, collect, time.Hour)
	for _, value := range []string{"a", "b", "end"} {
		require.NoError(t, e.client.SignalWorkflow(e.ctx, run.GetID(), "", "add", value))
	}
	var values []string
	require.NoError(t, run.Get(e.ctx, &values))
	require.Equal(t, []string{"a", "b", "end"}, values)

	run = e.start(client.StartWorkflowOptions{}, collect, 200*time.Millisecond)
	require.NoError(t, run.Get(e.ctx, &values))
	require.Equal(t, []string{"time is up"}, values)
}

func TestVersionsSideEffectsAndLocalActivities(t *testing.T) {
	local := func(context.Context) (string, error) { return "local", nil }
	run := func(ctx workflow.Context) ([]string, error) {
		version := workflow.GetVersion(ctx, "change", workflow.DefaultVersion, 2)
		var effect string
		if err := workflow.SideEffect(ctx, func(workflow.Context) any { return "effect" }).Get(&effect); err != nil {
			return nil, err
		}
		var result string
		ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: time.Second})
		if err := workflow.ExecuteLocalActivity(ctx, local).Get(ctx, &result); err != nil {
			return nil, err
		}
		if err := workflow.Sleep(ctx, 50*time.Millisecond); err != nil {
			return nil, err
		}
		if version != 2 {
			return nil, errors.New("a new workflow must see the highest version")
		}
		return []string{effect, result}, nil
	}
	e := newEnv(t, func(w worker.Worker) { w.RegisterWorkflow(run) })
	var values []string
	started := e.start(client.StartWorkflowOptions{}, run)
	require.NoError(t, started.Get(e.ctx, &values))
	require.Equal(t, []string{"effect", "local"}, values)

	// The SDK's replayer accepts the history as the server keeps it.
	events := e.client.GetWorkflowHistory(
		e.ctx, started.GetID(), "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	var recorded history.History
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err)
		recorded.Events = append(recorded.Events, event)
	}
	replayer := worker.NewWorkflowReplayer()
	replayer.RegisterWorkflow(run)
	require.NoError(t, replayer.ReplayWorkflowHistory(nil, &recorded))
}

func TestMemoAndSearchAttributes(t *testing.T) {
	key := temporal.NewSearchAttributeKeyKeyword("SystemTestKeyword")
	run := func(ctx workflow.Context) error {
		if err := workflow.UpsertMemo(ctx, map[string]any{"note": "changed"}); err != nil {
			return err
		}
		return workflow.UpsertTypedSearchAttributes(ctx, key.ValueSet("changed"))
	}
	e := newEnv(t, func(w worker.Worker) { w.RegisterWorkflow(run) })
	started := e.start(client.StartWorkflowOptions{
		Memo:                  map[string]any{"note": "given"},
		TypedSearchAttributes: temporal.NewSearchAttributes(key.ValueSet("given")),
	}, run)
	require.NoError(t, started.Get(e.ctx, nil))
	described, err := e.client.DescribeWorkflow(e.ctx, started.GetID(), "")
	require.NoError(t, err)
	found, ok := described.TypedSearchAttributes.GetKeyword(key)
	require.True(t, ok)
	require.Equal(t, "changed", found)
}

func TestSecondStartOfARunningWorkflow(t *testing.T) {
	e := newEnv(t, func(w worker.Worker) { w.RegisterWorkflow(collect) })
	options := client.StartWorkflowOptions{ID: uuid.NewString(), WorkflowExecutionErrorWhenAlreadyStarted: true}
	first := e.start(options, collect, time.Hour)
	options.TaskQueue = e.taskQueue
	_, err := e.client.ExecuteWorkflow(e.ctx, options, collect, time.Hour)
	require.True(t, temporal.IsWorkflowExecutionAlreadyStartedError(err), "%v", err)
	require.NoError(t, e.client.TerminateWorkflow(e.ctx, first.GetID(), "", "enough"))
	var terminated *temporal.TerminatedError
	require.ErrorAs(t, first.Get(e.ctx, nil), &terminated)
}

func TestDevServer(t *testing.T) {
	t.Parallel()
	path := os.Getenv("PERDURE_DEV_SERVER")
	require.NotEmpty(t, path, "PERDURE_DEV_SERVER")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	server, err := testsuite.StartDevServer(ctx, testsuite.DevServerOptions{ExistingPath: path})
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Stop()) }()
	w := worker.New(server.Client(), "queue", worker.Options{})
	w.RegisterWorkflow(collect)
	require.NoError(t, w.Start())
	defer w.Stop()
	run, err := server.Client().ExecuteWorkflow(
		ctx, client.StartWorkflowOptions{TaskQueue: "queue"}, collect, 50*time.Millisecond)
	require.NoError(t, err)
	var values []string
	require.NoError(t, run.Get(ctx, &values))
	require.Equal(t, []string{"time is up"}, values)
}
