// `npm run test:mlflow`: a real MLflow server on loopback, trained into, killed in mid-run, and read back by its REST API.
// Not part of `npm test`, since MLflow is a download of hundreds of megabytes.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { metricsOf, ptychofleet, runChecks, succeed, trackingPython, trainArguments } from './bench.mjs';
import { MlflowServer } from './mlflow-server.mjs';

const logging = (experiment) => ['--logger', 'csv,mlflow', '--experiment-name', experiment];

/** All that metrics.csv holds is on the server, once, with the same digits. */
async function holdsEverything(server, run, folder) {
  for (const [name, values] of metricsOf(folder)) {
    assert.deepEqual(await server.metric(run.info.run_id, name), values, name);
  }
}

await runChecks(async (folder, check) => {
  const python = await trackingPython();
  const server = new MlflowServer(python, folder);
  const scan = path.join(folder, 'scan.npz');
  const out = (name) => path.join(folder, name);
  const env = () => ({ MLFLOW_TRACKING_URI: server.address });
  await succeed(['simulate', scan, '--count', '32', '--seed', '5', '--quiet']);
  await server.start();
  try {
    await check('parameters, metrics of every step and epoch, tags and artifacts arrive', async () => {
      const notes = ['--notes', 'a small run', '--log-grad-norm', '--test_data_file', scan];
      await succeed(trainArguments(scan, out('whole'), 2, ...logging('whole'), ...notes), env());
      const [run, ...others] = await server.runs('whole');
      assert.deepEqual(others, []);
      assert.equal(run.info.status, 'FINISHED');
      assert.equal(run.info.run_name, 'whole');
      const params = new Map(run.data.params.map(({ key, value }) => [key, value]));
      const { spec } = JSON.parse(fs.readFileSync(path.join(out('whole'), 'run.json'), 'utf8'));
      for (const section of ['model', 'loss', 'data', 'training', 'execution']) {
        for (const [key, value] of Object.entries(spec[section]))
          assert.equal(params.get(`${section}.${key}`), String(value ?? 'none'), key);
      }
      const tags = new Map(run.data.tags.map(({ key, value }) => [key, value]));
      assert.equal(tags.get('mlflow.note.content'), 'a small run');
      assert.equal(tags.get('model_name'), 'PtychoPINNv2');
      await holdsEverything(server, run, out('whole'));
      assert.deepEqual(
        (await server.metric(run.info.run_id, 'grad_norm')).map(([step]) => step),
        [1, 2, 3, 4],
      );
      for (const name of ['wts.h5.zip', 'run.json', 'loss.png']) {
        const sent = await server.artifact(run, name);
        assert.ok(Buffer.from(sent).equals(fs.readFileSync(path.join(out('whole'), name))), name);
      }
    });

    await check('a server that is killed in mid-run and comes back has lost nothing', async () => {
      const training = ptychofleet(trainArguments(scan, out('killed'), 12, ...logging('killed')), env());
      let run;
      while (
        (await server.metric(run?.info.run_id ?? 'none', 'train_loss_epoch').catch(() => [])).length < 2
      ) {
        [run] = await server.runs('killed');
        await setTimeout(200);
      }
      await server.kill();
      await setTimeout(4000);
      await server.start();
      const { code, stderr } = await training.ended;
      assert.equal(code, 0, stderr);
      assert.match(stderr, /warning: the MLflow server is away/);
      assert.match(stderr, /warning: the MLflow server answers again/);
      [run] = await server.runs('killed');
      assert.equal((await server.metric(run.info.run_id, 'train_loss_step')).length, 24);
      await holdsEverything(server, run, out('killed'));
      assert.equal(run.info.status, 'FINISHED');
    });

    await check('a server that stays away fails no run, and what was kept is sent afterwards', async () => {
      const address = server.address;
      await server.kill();
      const { stderr } = await succeed(trainArguments(scan, out('later'), 2, ...logging('later')), env());
      assert.match(stderr, /send them with: ptychofleet mlflow send/);
      const tooEarly = await ptychofleet(['mlflow', 'send', out('nothing')], env()).ended;
      assert.equal(tooEarly.code, 2);
      await server.start();
      await succeed(['mlflow', 'send', out('later'), '--mlflow-tracking-uri', address]);
      const [run] = await server.runs('later');
      await holdsEverything(server, run, out('later'));
      assert.equal(run.info.status, 'FINISHED');
      assert.ok((await server.artifact(run, 'wts.h5.zip')).length > 1000);
      // Again: nothing new, nothing twice.
      await succeed(['mlflow', 'send', out('later')], env());
      await holdsEverything(server, run, out('later'));
      assert.equal((await server.runs('later')).length, 1);
    });

    await check('an interrupted run is KILLED there, with the steps it had', async () => {
      const training = ptychofleet(trainArguments(scan, out('stopped'), 500, ...logging('stopped')), env());
      let runs = [];
      while (!runs[0]?.data.metrics?.some(({ key }) => key === 'train_loss_epoch')) {
        runs = await server.runs('stopped');
        await setTimeout(200);
      }
      training.child.kill('SIGINT');
      assert.equal((await training.ended).code, 130);
      const [run] = await server.runs('stopped');
      assert.equal(run.info.status, 'KILLED');
      await holdsEverything(server, run, out('stopped'));
    });
  } finally {
    await server.kill();
  }
});
