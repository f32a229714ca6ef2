// Command loop runs a worker with the SDK's default options, and clients that each start a workflow of one activity
// when their last one is done.
//
//	loop ADDRESS WORKFLOWS AT_ONCE
//
// It prints one line of JSON: what support/closed_loop.py calls a Loop.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

func act(context.Context) error { return nil }

func oneActivity(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	return workflow.ExecuteActivity(ctx, act).Get(ctx, nil)
}

type done struct {
	ID           string  `json:"id"`
	Milliseconds float64 `json:"ms"`
}

type loop struct {
	client    client.Client
	taskQueue string
	left      atomic.Int64
	mutex     sync.Mutex
	done      []done
}

// runOne is one client's part.
func (l *loop) runOne(ctx context.Context) error {
	for l.left.Add(-1) >= 0 {
		options := client.StartWorkflowOptions{ID: "loop-" + uuid.NewString(), TaskQueue: l.taskQueue}
		began := time.Now()
		run, err := l.client.ExecuteWorkflow(ctx, options, oneActivity)
		if err != nil {
			return err
		}
		if err := run.Get(ctx, nil); err != nil {
			return err
		}
		took := float64(time.Since(began).Microseconds()) / 1000
		l.mutex.Lock()
		l.done = append(l.done, done{options.ID, took})
		l.mutex.Unlock()
	}
	return nil
}

func run(address string, workflows, atOnce int) error {
	// The SDK's own logger writes to standard output.
	logger := sdklog.NewStructuredLogger(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	c, err := client.Dial(client.Options{HostPort: address, Logger: logger})
	if err != nil {
		return err
	}
	defer c.Close()
	l := loop{client: c, taskQueue: "loop-" + uuid.NewString()}
	l.left.Store(int64(workflows))
	w := worker.New(c, l.taskQueue, worker.Options{})
	w.RegisterWorkflow(oneActivity)
	w.RegisterActivity(act)
	if err := w.Start(); err != nil {
		return err
	}
	defer w.Stop()

	began := time.Now()
	failures := make(chan error, atOnce)
	for range atOnce {
		go func() { failures <- l.runOne(context.Background()) }()
	}
	for range atOnce {
		if err := <-failures; err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"seconds": time.Since(began).Seconds(), "done": l.done})
}

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: loop ADDRESS WORKFLOWS AT_ONCE")
	}
	workflows, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	atOnce, err := strconv.Atoi(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	if err := run(os.Args[1], workflows, atOnce); err != nil {
		log.Fatal(fmt.Errorf("the loop: %w", err))
	}
}
