// What is here and what is missing: node tools/setup/doctor.mjs [--json]. Changes nothing and needs no node_modules.
import { pathToFileURL } from 'node:url';
import {
  cachePart,
  compilerPart,
  gpuPart,
  processorPart,
  protosPart,
  pythonPart,
  tensorflowPart,
} from './doctor-parts.mjs';
import { createContext } from './places.mjs';
import { SetupProblem } from './problem.mjs';
import { steps } from './steps/index.mjs';

const help = `Usage: ptychofleet doctor [options]

Checks every part of the installation and says how to mend it; changes nothing.

Options:
  --json      one object {ok, parts} on stdout
  -h, --help  display help for command

Examples:
  ptychofleet doctor
  ptychofleet doctor --json

Exit codes: 0 all that is needed is here, 2 something is missing.
`;

const words = { ok: 'ok', missing: 'MISSING', absent: 'absent' };

/**
 * Prints the report, one part after the other.
 * @param {readonly string[]} args `--json` for one JSON object `{ok, parts}`
 * @returns {Promise<number>} exit code: 0 when all that is needed is here, 2 when something is missing or an argument is unknown
 */
export async function runDoctor(args) {
  if (args.some((arg) => arg === '--help' || arg === '-h')) {
    process.stdout.write(help);
    return 0;
  }
  const unknown = args.find((arg) => arg !== '--json');
  if (unknown !== undefined) {
    process.stderr.write(`doctor knows the flags --json and --help only, not "${unknown}".\n`);
    return 2;
  }
  const parts = await examine(createContext());
  const ok = parts.every((part) => part.state !== 'missing');
  if (args.includes('--json'))
    process.stdout.write(`${JSON.stringify({ ok, parts: parts.map(reported) }, null, 2)}\n`);
  else for (const part of parts) process.stdout.write(`${lines(part)}\n`);
  return ok ? 0 : 2;
}

async function examine(context) {
  const checked = steps.map((step) => checkedPart(step, context));
  const isOk = (name) => checked.find((part) => part.name === name).state === 'ok';
  return [
    ...checked,
    await tensorflowPart(context, isOk('binding')),
    await pythonPart(context, !isOk('libtensorflow')),
    await compilerPart(context, !isOk('binding')),
    processorPart(),
    await gpuPart(context),
    cachePart(context),
    protosPart(context),
  ];
}

function checkedPart(step, context) {
  try {
    const { ok, ...found } = step.check(context);
    return { name: step.name, state: ok ? 'ok' : 'missing', ...found };
  } catch (error) {
    if (!(error instanceof SetupProblem)) throw error;
    const { message: problem, remedy } = error;
    return { name: step.name, state: 'missing', version: null, path: null, problem, remedy };
  }
}

/** A part that is in order has neither problem nor remedy to report. */
function reported({ name, state, version, path, problem, remedy }) {
  return state === 'ok' ? { name, state, version, path } : { name, state, version, path, problem, remedy };
}

function lines(part) {
  const head = `${words[part.state].padEnd(8)} ${part.name.padEnd(15)}`;
  const place = part.path && part.state === 'ok' ? `\n${' '.repeat(25)}${part.path}` : '';
  if (part.state === 'ok') return `${head} ${part.version ?? ''}${place}`;
  return `${head} ${part.problem}\n${' '.repeat(25)}${part.remedy}`;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await runDoctor(process.argv.slice(2));
}
