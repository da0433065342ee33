import { defineConfig } from 'vitest/config';

// Not 'import': some of TensorFlow.js's dependencies break when `require` finds their ES modules.
const conditions = ['ptychofleet-source', 'node', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['node'] } },
  test: {
    include: [
      'libs/*/src/**/*.test.ts',
      'apps/*/src/**/*.test.ts',
      'tests/**/*.test.ts',
      'tools/**/*.test.mjs',
    ],
    pool: 'forks',
    maxWorkers: 2,
    // Simulations and property tests make short-lived objects by the million: a third of their time went into collecting them.
    execArgv: ['--max-semi-space-size=64'],
    // Only what hangs should run into them, however busy the machine is.
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
});
