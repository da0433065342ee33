import { setTimeout } from 'node:timers/promises';
import { CoordinatorClient, type Worker } from '@ptychofleet/wire';
import type { Bench, Running } from './processes.test-support.ts';

/** The scan of all tests here: 32 patterns of 64 × 64, seed 5. */
export const scanSeed = 5;

export async function simulateScan(bench: Bench, count = 32): Promise<string> {
  const file = bench.path('scan.npz');
  await bench.succeed('simulate', file, '--count', String(count), '--seed', String(scanSeed), '--quiet');
  return file;
}

/** A training that is over in seconds and has eight micro-batches in every step; `flags` go beyond it. */
export function trainArguments(
  scan: string,
  folder: string,
  flags: Readonly<Record<string, string | number>> = {},
): string[] {
  const all = {
    '--train_data_file': scan,
    '--output_dir': folder,
    '--gridsize': 1,
    '--n_filters_scale': 1,
    '--batch_size': 16,
    '--max_epochs': 2,
    '--accelerator': 'cpu',
    ...flags,
  };
  return ['train', ...Object.entries(all).flatMap(([flag, value]) => [flag, String(value)])];
}

export function inferArguments(model: string, scan: string, folder: string, ...more: string[]): string[] {
  return ['infer', '--model_path', model, '--test_data', scan, '--output_dir', folder, ...more];
}

/** Asks until the workers are as wanted; the test's own timeout is the limit. */
export async function workersWhen(
  address: string,
  wanted: (workers: readonly Worker[]) => boolean,
): Promise<Worker[]> {
  const client = new CoordinatorClient(address);
  try {
    for (;;) {
      const workers = await client.listWorkers();
      if (wanted(workers)) return workers;
      await setTimeout(50);
    }
  } finally {
    client.close();
  }
}

/** Starts a coordinator on a free port; resolves with its address, read from its log. */
export async function startCoordinator(
  bench: Bench,
  stateFolder: string,
  ...more: string[]
): Promise<{ coordinator: Running; address: string }> {
  const place = ['--listen', '127.0.0.1:0', '--state-dir', stateFolder];
  const coordinator = bench.start(['coordinator', ...place, ...more]);
  const [, address = ''] = await coordinator.said(/"address":"(127\.0\.0\.1:\d+)".*"listening"/);
  return { coordinator, address };
}
