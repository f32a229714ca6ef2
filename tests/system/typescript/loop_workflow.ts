// The workflow of loop.ts. It runs in the SDK's sandbox, so it stands apart.
import { proxyActivities } from '@temporalio/workflow';

const { act } = proxyActivities<{ act(): Promise<void> }>({ startToCloseTimeout: '1 minute' });

export async function oneActivity(): Promise<void> {
  await act();
}
