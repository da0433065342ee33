import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Outbox } from './outbox.ts';
import { Sender } from './sender.ts';
import { MlflowServer, type MlflowAddress } from './server.ts';

export interface SentOutbox {
  readonly path: string;
  readonly complete: boolean;
  readonly mlflowRunId: string | null;
}

/** Sends what earlier runs left in an output folder, one after the other, oldest name first. */
export async function sendOutboxes(
  outputFolder: string,
  address: MlflowAddress,
  waitMs: number,
  warn: (text: string) => void,
): Promise<readonly SentOutbox[]> {
  const folder = join(outputFolder, 'mlflow');
  if (!existsSync(folder)) return [];
  const sent: SentOutbox[] = [];
  for (const name of readdirSync(folder)
    .filter((one) => one.endsWith('.jsonl'))
    .toSorted()) {
    const outbox = new Outbox(join(folder, name));
    const sender = new Sender(outbox, new MlflowServer(address), warn);
    const complete = await sender.finish(waitMs);
    sent.push({ path: outbox.path, complete, mlflowRunId: outbox.delivery.mlflowRunId });
  }
  return sent;
}
