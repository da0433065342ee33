// `npm run test:tensorboard`: trains a small run and lets TensorBoard's own reader say what is in its event files.
// Not part of `npm test`, since TensorBoard and MLflow are a download of hundreds of megabytes.
import assert from 'node:assert/strict';
import path from 'node:path';
import { runCommand } from '../setup/commands.mjs';
import { context, metricsOf, runChecks, succeed, trackingPython, trainArguments } from './bench.mjs';

async function eventsIn(python, folder) {
  const reader = path.join(context.root, 'tools/tracking/read_events.py');
  const { code, stdout, stderr } = await runCommand(python, [reader, folder], { env: context.env });
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

await runChecks(async (folder, check) => {
  const python = await trackingPython();
  const scan = path.join(folder, 'scan.npz');
  await succeed(['simulate', scan, '--count', '32', '--seed', '5', '--quiet']);
  const out = path.join(folder, 'run');
  const flags = ['--logger', 'csv,tensorboard', '--log-grad-norm', '--test_data_file', scan];
  await succeed(trainArguments(scan, out, 2, ...flags));
  const version = path.join(out, 'lightning_logs/version_0');

  await check('every value of metrics.csv is a scalar at its step, in float32', async () => {
    const { scalars } = await eventsIn(python, version);
    const metrics = metricsOf(out);
    assert.deepEqual(Object.keys(scalars).sort(), [...metrics.keys()].sort());
    for (const [name, values] of metrics)
      assert.deepEqual(
        scalars[name],
        values.map(([step, value]) => [step, Math.fround(value)]),
        name,
      );
    assert.deepEqual(
      scalars.train_loss_step.map(([step]) => step),
      [1, 2, 3, 4],
    );
    assert.equal(scalars.val_loss.length, 2);
  });

  await check('the configuration is a text', async () => {
    const { texts } = await eventsIn(python, version);
    assert.match(texts.configuration, /\| training\.epochs \| 2 \|/);
  });
});
