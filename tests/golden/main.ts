// npm run golden: compares PtychoFleet with golden vectors of the reference (docs/fidelity.md).
import { runGolden } from './run-golden.ts';

// TensorFlow's binding looks for options of its own in what is left of the command line, and `--dir` reads like one.
const args = process.argv.splice(2);

process.exitCode = await runGolden(args, {
  // npm changes to the repository's root; a path is meant from where npm was called.
  workingFolder: process.env.INIT_CWD ?? process.cwd(),
  write: (line) => void process.stdout.write(`${line}\n`),
  note: (line) => void process.stderr.write(`${line}\n`),
});
