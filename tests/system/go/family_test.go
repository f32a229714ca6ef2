package sdk

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// hello waits for the name, from whoever signals it.
func hello(ctx workflow.Context) (string, error) {
	var name string
	workflow.GetSignalChannel(ctx, "name").Receive(ctx, &name)
	return "hello " + name, nil
}

func TestChildrenAndSignalsAndCancelsOfOthers(t *testing.T) {
	parent := func(ctx workflow.Context, stranger string) (string, error) {
		child := workflow.ExecuteChildWorkflow(ctx, "hello")
		if err := child.SignalChildWorkflow(ctx, "name", "child").Get(ctx, nil); err != nil {
			return "", err
		}
		var said string
		if err := child.Get(ctx, &said); err != nil {
			return "", err
		}
		failing := workflow.ExecuteChildWorkflow(ctx, "failing").Get(ctx, nil)
		var failure *temporal.ApplicationError
		if !errors.As(failing, &failure) || failure.Type() != "Refused" {
			return "", fmt.Errorf("the child's end is %w", failing)
		}
		if err := workflow.RequestCancelExternalWorkflow(ctx, stranger, "").Get(ctx, nil); err != nil {
			return "", err
		}
		if workflow.SignalExternalWorkflow(ctx, uuid.NewString(), "", "name", "nobody").Get(ctx, nil) == nil {
			return "", errors.New("a signal reached nobody")
		}
		return said, nil
	}
	failing := func(workflow.Context) error { return temporal.NewNonRetryableApplicationError("no", "Refused", nil) }
	e := newEnv(t, func(w worker.Worker) {
		w.RegisterWorkflowWithOptions(hello, workflow.RegisterOptions{Name: "hello"})
		w.RegisterWorkflowWithOptions(failing, workflow.RegisterOptions{Name: "failing"})
		w.RegisterWorkflow(collect)
		w.RegisterWorkflow(parent)
	})
	stranger := e.start(client.StartWorkflowOptions{}, collect, time.Hour)
	var said string
	require.NoError(t, e.start(client.StartWorkflowOptions{}, parent, stranger.GetID()).Get(e.ctx, &said))
	require.Equal(t, "hello child", said)
	described, err := e.client.DescribeWorkflowExecution(e.ctx, stranger.GetID(), "")
	require.NoError(t, err)
	require.True(t, described.GetWorkflowExtendedInfo().GetCancelRequested())
	require.NoError(t, stranger.Get(e.ctx, nil)) // the cancel ends its timer
}

// countdown is followed by itself until it has come to 0.
func countdown(ctx workflow.Context, from int) (string, error) {
	if from > 0 {
		return "", workflow.NewContinueAsNewError(ctx, countdown, from-1)
	}
	return workflow.GetInfo(ctx).ContinuedExecutionRunID, nil
}

func TestContinueAsNew(t *testing.T) {
	e := newEnv(t, func(w worker.Worker) { w.RegisterWorkflow(countdown) })
	run := e.start(client.StartWorkflowOptions{}, countdown, 3)
	var before string
	require.NoError(t, run.Get(e.ctx, &before))
	require.NotEmpty(t, before)
	require.NotEqual(t, run.GetRunID(), before)
}

func TestActivityOnItsOwn(t *testing.T) {
	flaky := func(ctx context.Context, name string) (string, error) {
		if activity.GetInfo(ctx).Attempt < 2 {
			return "", errors.New("again")
		}
		return "hello " + name, nil
	}
	e := newEnv(t, func(w worker.Worker) {
		w.RegisterActivityWithOptions(flaky, activity.RegisterOptions{Name: "flaky"})
	})
	options := client.StartActivityOptions{
		ID: uuid.NewString(), TaskQueue: e.taskQueue, StartToCloseTimeout: 10 * time.Second,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 50 * time.Millisecond},
	}
	handle, err := e.client.ExecuteActivity(e.ctx, options, "flaky", "activity")
	require.NoError(t, err)
	var said string
	require.NoError(t, handle.Get(e.ctx, &said))
	require.Equal(t, "hello activity", said)
	count, err := e.client.CountActivities(e.ctx, client.CountActivitiesOptions{
		Query: fmt.Sprintf("ActivityId = '%s' AND ExecutionStatus = 'Completed'", options.ID)})
	require.NoError(t, err)
	require.EqualValues(t, 1, count.Count)

	// Nobody takes this one.
	options.ID, options.TaskQueue = uuid.NewString(), uuid.NewString()
	handle, err = e.client.ExecuteActivity(e.ctx, options, "flaky", "nobody")
	require.NoError(t, err)
	require.NoError(t, handle.Pause(e.ctx, client.PauseActivityOptions{Reason: "later"}))
	described, err := handle.Describe(e.ctx, client.DescribeActivityOptions{})
	require.NoError(t, err)
	require.Equal(t, enums.ACTIVITY_EXECUTION_STATUS_PAUSED, described.Status)
	require.NoError(t, handle.Unpause(e.ctx, client.UnpauseActivityOptions{}))
	require.NoError(t, handle.Cancel(e.ctx, client.CancelActivityOptions{Reason: "enough"}))
	var canceled *temporal.CanceledError
	require.ErrorAs(t, handle.Get(e.ctx, nil), &canceled)
}
