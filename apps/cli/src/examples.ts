import type { Command } from 'commander';

/** Lines to copy, by command; each has to fit an 80-column terminal. */
const examples: Readonly<Record<string, readonly string[]>> = {
  train: [
    'train --train_data_file scan.npz --output_dir out/s --gridsize 1',
    'train --train_data_file scan.npz --test_data_file other.npz \\\n      --output_dir out/s --gridsize 2 --max_epochs 30 --learning-rate 5e-4',
    'train --config run.yaml --workers 4 --json 2>progress.jsonl',
    'train --config out/s/run.json --output_dir out/again',
    'train --config out/s/run.json --resume out/s',
  ],
  infer: [
    'infer --model_path out/s --test_data scan.npz --output_dir out/rec',
    'infer --model_path out/s --test_data scan.npz \\\n      --output_dir out/rec --inference-batch-size 64 --workers 2',
  ],
  demo: ['demo', 'demo --output_dir out/quick --max_epochs 5'],
  up: ['up --workers 4', 'up --listen 0.0.0.0:50051 --state-dir /data/fleet'],
  runs: ['runs', 'runs --coordinator 10.0.0.5:50051 --json'],
  'runs verify': ['runs verify out/s', 'runs verify out/s --steps 120..160 --workers 2'],
  'runs diff': ['runs diff out/s out/again'],
  watch: [
    'watch',
    'watch r-7f3a --coordinator 10.0.0.5:50051',
    'watch r-7f3a --logger csv,mlflow --output_dir out/s',
  ],
  'mlflow send': ['mlflow send out/s --mlflow-tracking-uri http://10.0.0.9:5000'],
  cancel: ['cancel r-7f3a'],
  pause: ['pause r-7f3a'],
  resume: ['resume r-7f3a'],
  drain: ['drain w3 --coordinator 10.0.0.5:50051'],
  workers: ['workers --coordinator 10.0.0.5:50051'],
  simulate: ['simulate scan.npz --object star --count 1024 --photons 1e5'],
  'bundle show': ['bundle show out/s'],
  'bundle verify': ['bundle verify out/s/wts.h5.zip --json'],
  'bundle export': ['bundle export out/s weights.npz --layout torch'],
  'bundle import': ['bundle import weights.npz out/back --like out/s'],
  'config resolve train': [
    'config resolve train --train_data_file scan.npz --gridsize 2',
    'config resolve train --config run.yaml --json',
  ],
  'config resolve infer': ['config resolve infer --model_path out/s --test_data scan.npz'],
  'config schema': ['config schema > ptychofleet.schema.json'],
  'config fields': ['config fields', 'config fields --json'],
  coordinator: ['coordinator --help'],
  worker: ['worker --help'],
  doctor: ['doctor'],
};

/** Ends the help of every command that has examples with them. */
export function addExamples(program: Command): void {
  for (const [path, lines] of Object.entries(examples)) {
    let command: Command | undefined = program;
    for (const name of path.split(' ')) command = command?.commands.find((one) => one.name() === name);
    const heading = lines.length === 1 ? 'Example' : 'Examples';
    command?.addHelpText(
      'after',
      `\n${heading}:\n${lines.map((line) => `  ptychofleet ${line}`).join('\n')}`,
    );
  }
}
