// A worker with the SDK's default options, and clients that each start a workflow of one activity when their last one
// is done: node loop.ts ADDRESS WORKFLOWS AT_ONCE. Prints one line of JSON: what support/closed_loop.py calls a Loop.
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { oneActivity } from './loop_workflow.ts';

const [address, workflows, atOnce] = process.argv.slice(2);
const taskQueue = `loop-${randomUUID()}`;

Runtime.install({ logger: new DefaultLogger('ERROR') });
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  taskQueue,
  workflowsPath: fileURLToPath(new URL('./loop_workflow.ts', import.meta.url)),
  activities: { act: async () => {} },
});
const client = new Client({ connection: await Connection.connect({ address }) });

const done: { id: string; ms: number }[] = [];
let left = Number(workflows);

/** One client's part. */
async function runOne(): Promise<void> {
  while (left-- > 0) {
    const workflowId = `loop-${randomUUID()}`;
    const began = performance.now();
    await client.workflow.execute(oneActivity, { taskQueue, workflowId });
    done.push({ id: workflowId, ms: performance.now() - began });
  }
}

await worker.runUntil(async () => {
  const began = performance.now();
  await Promise.all(Array.from({ length: Number(atOnce) }, runOne));
  console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000, done }));
});
process.exit(0);
