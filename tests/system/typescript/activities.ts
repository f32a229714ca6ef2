// The activities of sdk.test.ts.
import { ApplicationFailure, Context } from '@temporalio/activity';

/** Fails twice, and returns what the heartbeat of an earlier attempt said. */
export async function flaky(): Promise<string> {
  const context = Context.current();
  if (context.info.attempt < 3) {
    context.heartbeat('progress');
    throw new Error('again');
  }
  return context.info.heartbeatDetails;
}

/** Heartbeats until it is cancelled. */
export async function patient(): Promise<string> {
  const context = Context.current();
  for (;;) {
    context.heartbeat();
    await context.sleep(50);
  }
}

export async function broken(): Promise<string> {
  throw ApplicationFailure.nonRetryable('broken', 'Broken', 42);
}

export async function local(): Promise<string> {
  return 'local';
}
