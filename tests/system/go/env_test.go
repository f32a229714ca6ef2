package sdk

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
)

// env is what a test works with: a client, and a worker for a task queue that no other test has.
type env struct {
	*testing.T
	ctx       context.Context
	client    client.Client
	taskQueue string
}

func newEnv(t *testing.T, register func(worker.Worker)) env {
	t.Parallel()
	address := os.Getenv("PERDURE_ADDRESS")
	require.NotEmpty(t, address, "PERDURE_ADDRESS")
	c, err := client.Dial(client.Options{HostPort: address, Logger: failOnError{t}})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	e := env{t, ctx, c, uuid.NewString()}
	w := worker.New(c, e.taskQueue, worker.Options{MaxHeartbeatThrottleInterval: 50 * time.Millisecond})
	register(w)
	require.NoError(t, w.Start())
	t.Cleanup(func() {
		w.Stop()
		c.Close()
		cancel()
	})
	return e
}

func (e env) start(options client.StartWorkflowOptions, run any, args ...any) client.WorkflowRun {
	e.Helper()
	options.TaskQueue = e.taskQueue
	started, err := e.client.ExecuteWorkflow(e.ctx, options, run, args...)
	require.NoError(e, err)
	return started
}

// failOnError is a logger: nothing that these workers do by themselves may fail.
type failOnError struct{ t *testing.T }

func (failOnError) Debug(string, ...any) {}
func (failOnError) Info(string, ...any)  {}
func (l failOnError) Warn(message string, kv ...any) {
	l.t.Log(append([]any{"warn:", message}, kv...)...)
}
func (l failOnError) Error(message string, kv ...any) {
	if message != "Activity error." { // the test's own activities may fail
		l.t.Error(append([]any{message}, kv...)...)
	}
}
