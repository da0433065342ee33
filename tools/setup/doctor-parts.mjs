import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram, lastLine, runCommand } from './commands.mjs';
import { folderBytes, megabytes, readFolder } from './places.mjs';
import { findCompiler } from './steps/binding.mjs';

const probeScript = fileURLToPath(new URL('probe-runtime.cjs', import.meta.url));

/**
 * A part of the doctor's report.
 * @typedef {{name: string, state: 'ok'|'missing'|'absent', version: string|null, path: string|null, problem?: string, remedy?: string}} Part
 * `missing` is needed and makes the doctor fail; `absent` is not needed as things stand.
 */

/** @returns {Promise<Part>} */
export async function pythonPart(context, needed) {
  const python = findProgram('python3', context.env);
  const result = python && (await runCommand(python, ['-m', 'pip', '--version'], { env: context.env }));
  const found = result?.code === 0 ? /^pip (\S+).*\(python (\S+)\)/.exec(result.stdout) : null;
  return {
    name: 'python and pip',
    state: found ? 'ok' : needed ? 'missing' : 'absent',
    version: found ? `pip ${found[1]}, Python ${found[2]}` : null,
    path: python,
    problem: python ? `${python} has no pip.` : 'There is no python3 on PATH.',
    remedy: 'Only the download of libtensorflow needs it (Debian, Ubuntu: apt install python3-pip).',
  };
}

/** @returns {Promise<Part>} */
export async function compilerPart(context, needed) {
  const name = 'compiler';
  try {
    const compiler = findCompiler(context);
    const result = await runCommand(compiler, ['--version'], { env: context.env });
    return { name, state: 'ok', version: result.stdout.split('\n')[0], path: compiler };
  } catch (error) {
    const state = needed ? 'missing' : 'absent';
    return { name, state, version: null, path: null, problem: error.message, remedy: error.remedy };
  }
}

/** Loads the library through the binding in a child process and takes one gradient; says whether TensorFlow uses a GPU. */
export async function tensorflowPart(context, bindingOk) {
  const name = 'tensorflow';
  const remedy =
    'Run npm run setup; if it says that everything is in place, delete the folder bindings in the cache folder first.';
  if (!bindingOk)
    return {
      name,
      state: 'missing',
      version: null,
      path: null,
      problem: 'The binding is not built.',
      remedy,
    };
  const result = await runCommand(context.node, [probeScript], { cwd: context.root, env: context.env });
  if (result.code !== 0) {
    return { name, state: 'missing', version: null, path: null, problem: lastLine(result.stderr), remedy };
  }
  const probe = JSON.parse(result.stdout.slice(result.stdout.lastIndexOf('\n') + 1));
  const right = probe.backend === 'tensorflow' && String(probe.gradient) === '2,4,6';
  return {
    name,
    state: right ? 'ok' : 'missing',
    version: `${probe.tensorflow}, tfjs ${probe.tfjs}, backend ${probe.backend}, computes on the ${probe.gpu ? 'GPU' : 'CPU'}`,
    path: null,
    problem: `The gradient of x^2 at (1, 2, 3) came out as (${probe.gradient}).`,
    remedy,
  };
}

/** @returns {Part} */
export function processorPart() {
  const info = readText('/proc/cpuinfo');
  const features = ['avx', 'avx2', 'fma', 'avx512f', 'amx_bf16'].filter((flag) =>
    new RegExp(`\\b${flag}\\b`).test(info),
  );
  const lacksAvx = process.arch === 'x64' && info !== '' && !features.includes('avx');
  const model = os.cpus()[0]?.model.trim() || process.arch;
  return {
    name: 'processor',
    state: lacksAvx ? 'missing' : 'ok',
    version: `${model}, ${os.availableParallelism()} threads, ${features.join(' ')}`,
    path: null,
    problem: 'The processor lacks AVX, which TensorFlow for x86-64 needs.',
    remedy: 'Use another machine, or a TensorFlow built without AVX through PTYCHOFLEET_LIBTENSORFLOW.',
  };
}

/** @returns {Promise<Part>} */
export async function gpuPart(context) {
  const query = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader'];
  const smi = findProgram('nvidia-smi', context.env);
  const result = smi && (await runCommand(smi, query, { env: context.env }));
  const devices = readFolder('/dev').filter((entry) => /^nvidia\d+$/.test(entry.name));
  const listed = result?.code === 0 ? result.stdout.trim().split('\n').join('; ') : null;
  return {
    name: 'gpu',
    state: listed || devices.length > 0 ? 'ok' : 'absent',
    version: listed ?? (devices.length > 0 ? `${devices.length} NVIDIA devices` : null),
    path: smi ?? (devices[0] ? `/dev/${devices[0].name}` : null),
    problem: 'No NVIDIA GPU is visible.',
    remedy: 'Not needed. With one, PTYCHOFLEET_ACCELERATOR=cuda npm run setup brings the CUDA build.',
  };
}

/** @returns {Part} */
export function cachePart(context) {
  const exists = fs.existsSync(context.cache);
  return {
    name: 'cache folder',
    state: exists ? 'ok' : 'absent',
    version: exists ? megabytes(folderBytes(context.cache)) : null,
    path: context.cache,
    problem: 'There is no cache folder yet.',
    remedy: 'Set-up makes it. PTYCHOFLEET_CACHE_DIR names another place.',
  };
}

/** @returns {Part} */
export function protosPart(context) {
  const folder = path.join(context.root, 'protos', 'ptychofleet', 'v1');
  const files = readFolder(folder).filter((entry) => entry.name.endsWith('.proto'));
  return {
    name: 'protos',
    state: files.length > 0 ? 'ok' : 'missing',
    version: `${files.length} files`,
    path: folder,
    problem: 'The API definitions are absent.',
    remedy: 'Restore the folder from the repository: git checkout -- protos.',
  };
}

function readText(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
