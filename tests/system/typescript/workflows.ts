// The workflows of sdk.test.ts. They run in the SDK's sandbox, so they stand apart.
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  executeChild,
  getExternalWorkflowHandle,
  isCancellation,
  patched,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  sleep,
  startChild,
  upsertMemo,
  upsertSearchAttributes,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type * as activities from './activities.ts';

const { flaky, patient, broken } = proxyActivities<typeof activities>({
  startToCloseTimeout: '10 seconds',
  heartbeatTimeout: '5 seconds',
  retry: { initialInterval: '50 milliseconds', maximumAttempts: 3 },
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
});
const { local } = proxyLocalActivities<typeof activities>({ startToCloseTimeout: '5 seconds' });

export const add = defineSignal<[string]>('add');
export const collected = defineQuery<string[], [string]>('collected');

export async function runFlaky(): Promise<string> {
  return await flaky();
}

export async function runPatient(): Promise<string> {
  return await patient();
}

export async function runBroken(): Promise<string> {
  return await broken();
}

/** Returns its signals until the one that says "end", or until the time is up. */
export async function collect(limitMilliseconds: number): Promise<string[]> {
  const values: string[] = [];
  setHandler(add, (value) => {
    values.push(value);
  });
  setHandler(collected, (prefix) => values.map((value) => prefix + value));
  const inTime = await condition(() => values.includes('end'), limitMilliseconds);
  return inTime ? values : [...values, 'time is up'];
}

export async function tidyUpWhenCancelled(): Promise<string> {
  try {
    await sleep('1 hour');
    return 'not cancelled';
  } catch (error) {
    if (!isCancellation(error)) throw error;
    await CancellationScope.nonCancellable(() => sleep(50));
    return 'tidied up';
  }
}

export async function markers(): Promise<string[]> {
  const path = patched('change') ? 'new' : 'old';
  const result = await local();
  const drawn = uuid4();
  await sleep(50);
  return [path, result, typeof drawn];
}

export async function upsert(): Promise<void> {
  upsertMemo({ note: 'changed' });
  upsertSearchAttributes({ SystemTestKeyword: ['changed'] });
}

export async function fail(): Promise<void> {
  throw ApplicationFailure.create({ message: 'no', type: 'Refused', details: [42], nonRetryable: true });
}

/** Two children, of which one fails; a signal to the other and to nobody, and a cancel of `stranger`. */
export async function parent(stranger: string): Promise<string> {
  const child = await startChild(collect, { args: [3_600_000] });
  await child.signal(add, 'end');
  const values = await child.result();
  const failed = await executeChild(fail).then(
    () => 'no failure',
    (error) => error.cause.type,
  );
  await getExternalWorkflowHandle(stranger).cancel();
  const unknown = await getExternalWorkflowHandle(uuid4())
    .signal(add, 'nobody')
    .then(
      () => 'signalled',
      () => 'nobody',
    );
  return [...values, failed, unknown].join(' ');
}

/** Is followed by itself until it has come to 0; then it tells the run before. */
export async function countdown(from: number): Promise<string> {
  if (from > 0) await continueAsNew<typeof countdown>(from - 1);
  return workflowInfo().continuedFromExecutionRunId ?? '';
}
