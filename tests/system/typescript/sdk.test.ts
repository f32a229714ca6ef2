// Checks the server with the TypeScript SDK. PERDURE_ADDRESS is the server under test, PERDURE_DEV_SERVER the
// binary to start as a dev server.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  ActivityFailure,
  ApplicationFailure,
  Client,
  Connection,
  QueryNotRegisteredError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  type WorkflowHandle,
} from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import * as activities from './activities.ts';
import * as workflows from './workflows.ts';

const address = process.env.PERDURE_ADDRESS ?? assert.fail('PERDURE_ADDRESS is not set');
const devServer = process.env.PERDURE_DEV_SERVER ?? assert.fail('PERDURE_DEV_SERVER is not set');

const taskQueue = randomUUID();
let connection: Connection;
let workerConnection: NativeConnection;
let client: Client;
let workflowBundle: WorkflowBundleWithSourceMap;
let stopWorker: () => Promise<void>;

before(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  workflowBundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./workflows.ts', import.meta.url)),
  });
  connection = await Connection.connect({ address });
  client = new Client({ connection });
  workerConnection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection: workerConnection,
    taskQueue,
    workflowBundle,
    activities,
    maxHeartbeatThrottleInterval: '50 milliseconds',
  });
  const running = worker.run();
  stopWorker = async () => {
    worker.shutdown();
    await running;
  };
});

after(async () => {
  await stopWorker();
  await workerConnection.close();
  await connection.close();
});

async function start<F extends (...args: any[]) => Promise<any>>(
  workflow: F,
  args: Parameters<F>,
  options: object = {},
): Promise<WorkflowHandle<F>> {
  return await client.workflow.start(workflow as any, { workflowId: randomUUID(), taskQueue, args, ...options } as any);
}

async function failureOf(handle: WorkflowHandle): Promise<Error | undefined> {
  const error = await handle.result().then(
    () => assert.fail('the workflow did not fail'),
    (failed) => failed,
  );
  assert.ok(error instanceof WorkflowFailedError, String(error));
  return error.cause;
}

test('an activity is retried with its heartbeat details', async () => {
  assert.equal(await (await start(workflows.runFlaky, [])).result(), 'progress');
});

test('the failure of an activity reaches the caller', async () => {
  const failure = await failureOf(await start(workflows.runBroken, []));
  assert.ok(failure instanceof ActivityFailure);
  assert.ok(failure.cause instanceof ApplicationFailure);
  assert.equal(failure.cause.type, 'Broken');
  assert.deepEqual(failure.cause.details, [42]);
});

test('the failure of a workflow reaches the caller', async () => {
  const failure = await failureOf(await start(workflows.fail, []));
  assert.ok(failure instanceof ApplicationFailure);
  assert.deepEqual([failure.message, failure.type, failure.details], ['no', 'Refused', [42]]);
});

test('cancellation reaches the activity by heartbeat', async () => {
  const handle = await start(workflows.runPatient, []);
  while ((await handle.describe()).raw.pendingActivities?.length !== 1);
  await handle.cancel();
  assert.equal((await failureOf(handle))?.name, 'CancelledFailure');
});

test('a cancelled workflow may tidy up', async () => {
  const handle = await start(workflows.tidyUpWhenCancelled, []);
  await handle.cancel();
  assert.match(await handle.result(), /tidied up/);
});

test('signals and timers', async () => {
  const handle = await start(workflows.collect, [3_600_000]);
  for (const value of ['a', 'b', 'end']) await handle.signal(workflows.add, value);
  assert.deepEqual(await handle.result(), ['a', 'b', 'end']);
  assert.deepEqual(await (await start(workflows.collect, [200])).result(), ['time is up']);
});

test('queries of an open run and a closed one', async () => {
  const handle = await start(workflows.collect, [3_600_000]);
  const seen: string[] = [];
  for (const value of ['a', 'b', 'end']) {
    assert.deepEqual(await handle.query(workflows.collected, '> '), seen);
    await handle.signal(workflows.add, value);
    seen.push(`> ${value}`);
  }
  await handle.result();
  assert.deepEqual(await handle.query(workflows.collected, '> '), seen);
  await assert.rejects(handle.query('unknown'), QueryNotRegisteredError);
});

test('patches and local activities, and a replay of their history', async () => {
  const handle = await start(workflows.markers, []);
  assert.deepEqual(await handle.result(), ['new', 'local', 'string']);
  await Worker.runReplayHistory({ workflowBundle }, await handle.fetchHistory(), handle.workflowId);
});

test('memo and search attributes change', async () => {
  const handle = await start(workflows.upsert, [], {
    memo: { note: 'given' },
    searchAttributes: { SystemTestKeyword: ['given'] },
  });
  await handle.result();
  const description = await handle.describe();
  assert.deepEqual(description.memo, { note: 'changed' });
  assert.deepEqual(description.searchAttributes.SystemTestKeyword, ['changed']);
});

test('a second start of a running workflow is refused', async () => {
  const handle = await start(workflows.collect, [3_600_000]);
  await assert.rejects(
    start(workflows.collect, [1], { workflowId: handle.workflowId }),
    WorkflowExecutionAlreadyStartedError,
  );
  await handle.terminate('enough');
  assert.equal((await failureOf(handle))?.name, 'TerminatedFailure');
});

test('children, and signals and cancels of others', async () => {
  const stranger = await start(workflows.tidyUpWhenCancelled, []);
  assert.equal(await (await start(workflows.parent, [stranger.workflowId])).result(), 'end Refused nobody');
  assert.equal(await stranger.result(), 'tidied up');
});

test('a workflow is followed by itself', async () => {
  const handle = await start(workflows.countdown, [1]);
  assert.equal(await handle.result(), handle.firstExecutionRunId);
});

test('list and count', async () => {
  const handle = await start(workflows.collect, [10]);
  await handle.result();
  const query = `WorkflowId = '${handle.workflowId}' AND ExecutionStatus = 'Completed'`;
  while ((await client.workflow.count(query)).count !== 1);
  const found = [];
  for await (const info of client.workflow.list({ query })) found.push(info.workflowId);
  assert.deepEqual(found, [handle.workflowId]);
});

/** On a connection that gives up at once: the SDK's own repeats RESOURCE_EXHAUSTED for 40 s. */
async function withoutRetries(calls: (direct: Connection) => Promise<void>): Promise<void> {
  const direct = await Connection.connect({ address, interceptors: [] });
  try {
    await calls(direct);
  } finally {
    await direct.close();
  }
}

function signalWith(bytes: number) {
  return {
    namespace: 'default',
    workflowExecution: { workflowId: 'nobody' },
    signalName: 'add',
    input: { payloads: [{ data: Buffer.alloc(bytes, 'x') }] },
  };
}

test('a message that is too large is refused in words', async () => {
  await withoutRetries(async ({ workflowService }) => {
    await assert.rejects(
      workflowService.signalWorkflowExecution(signalWith(5 << 20)),
      /grpc: received message larger than max/,
    );
  });
});

test('too many headers are refused in words', async () => {
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`x-${at}`, 'value']));
  // The real server has no such limit.
  const words = process.env.PERDURE_SERVER_KIND === 'real' ? /not found/ : /metadata size exceeds limit/;
  await withoutRetries(async (direct) => {
    const call = () => direct.workflowService.signalWorkflowExecution(signalWith(1));
    await assert.rejects(direct.withMetadata(many, call), words);
  });
});

test('the dev server starts as the test environment starts it', async () => {
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: devServer } },
  });
  try {
    const worker = await Worker.create({ connection: environment.nativeConnection, taskQueue: 'q', workflowBundle });
    const options = { workflowId: 'w', taskQueue: 'q', args: [50] as [number] };
    const result = await worker.runUntil(environment.client.workflow.execute(workflows.collect, options));
    assert.deepEqual(result, ['time is up']);
  } finally {
    await environment.teardown();
  }
});
