import fs from 'node:fs';
import path from 'node:path';
import { findProgram, lastLine, runCommand } from '../commands.mjs';
import { chooseLibrary, isMain, locateLibrary, shortHash } from '../library.mjs';
import { linkTarget, makeFolder, readFolder, readJson, replaceLink, writeJson } from '../places.mjs';
import { SetupProblem } from '../problem.mjs';
import { diskFull, makeStaging, removeAbandonedStaging } from '../wheels.mjs';

const sources = ['binding/tfjs_backend.cc', 'binding/tfjs_binding.cc'];
// As the package's binding.gyp and Node's own build settings have them. Node-API is the same in every Node from 20 on,
// so its headers from the npm registry do, and neither node-gyp nor a download of Node's headers is needed.
const flags = [
  '-std=gnu++17',
  '-O3',
  '-fPIC',
  '-pthread',
  '-fno-rtti',
  '-fno-exceptions',
  '-fno-omit-frame-pointer',
];
const defines = ['-DNAPI_VERSION=8', '-DBUILDING_NODE_EXTENSION', '-D_GLIBCXX_USE_CXX11_ABI=1'];
const linking = ['-shared', '-Wl,-rpath,$ORIGIN/../../deps/lib'];

/** The native half of @tensorflow/tfjs-node-gpu, compiled once per library and kept in the cache folder. */
export const binding = {
  name: 'binding',
  check(context) {
    const places = placesOf(context);
    const library = locateLibrary(chooseLibrary(context));
    const key = library && fs.existsSync(places.package) ? keyOf(places, library) : null;
    const ok =
      key !== null &&
      readJson(places.stamp)?.key === key &&
      fs.existsSync(places.binding) &&
      linksOf(places, library).every(([link, target]) => linkTarget(link) === target);
    return {
      ok,
      version: ok ? `@tensorflow/tfjs-node-gpu ${readJson(places.packageJson).version}` : null,
      path: places.binding,
      problem: 'The native part of @tensorflow/tfjs-node-gpu is not built, or built for another library.',
      remedy: 'Run npm run setup, which compiles it.',
    };
  },
  async run(context, progress) {
    const places = placesOf(context);
    requireSources(context, places);
    const library = locateLibrary(chooseLibrary(context));
    const key = keyOf(places, library);
    const cached = path.join(context.cache, 'bindings', `tfjs_binding-${process.arch}-${key}.node`);
    link(places, library);
    if (fs.existsSync(cached)) {
      progress.start(this.name, () => 'taking the compiled binding from the cache');
      install(places, cached, key);
      if ((await loadError(context, places)) === null) return;
    }
    progress.start(this.name, () => 'compiling');
    await compile(context, places, library, cached);
    install(places, cached, key);
    const error = await loadError(context, places);
    if (error === null) return;
    fs.rmSync(places.stamp, { force: true });
    throw new SetupProblem(`The compiled TensorFlow binding does not load: ${error}.`, loadRemedy(error));
  },
};

function placesOf(context) {
  const folder = path.join(context.root, 'node_modules', '@tensorflow', 'tfjs-node-gpu');
  return {
    package: folder,
    packageJson: path.join(folder, 'package.json'),
    headers: path.join(context.root, 'node_modules', 'node-api-headers', 'include'),
    binding: path.join(folder, 'lib', 'napi-v8', 'tfjs_binding.node'),
    stamp: path.join(folder, 'lib', 'napi-v8', 'ptychofleet-setup.json'),
    deps: path.join(folder, 'deps'),
  };
}

/** Files that npm put there and somebody removed: npm's record goes, too, so that the next set-up installs again. */
function requireSources(context, places) {
  const needed = [
    ...sources.map((name) => path.join(places.package, name)),
    path.join(places.headers, 'node_api.h'),
  ];
  const lost = needed.find((file) => !fs.existsSync(file));
  if (lost === undefined) return;
  fs.rmSync(path.join(context.root, 'node_modules', '.package-lock.json'), { force: true });
  throw new SetupProblem(
    `node_modules is incomplete: it lacks ${lost}.`,
    'Run the same command again, and it installs the packages anew.',
  );
}

/** Whatever decides the bytes of the binding: sources, flags, machine, library. */
function keyOf(places, library) {
  const code = readFolder(path.join(places.package, 'binding')).map((entry) =>
    fs.readFileSync(path.join(places.package, 'binding', entry.name)),
  );
  return shortHash([...code, ...flags, ...defines, ...linking, process.arch, library.identity]);
}

/** Links that the binding's RPATH leads to; deps/nvidia is where the CUDA build of TensorFlow looks, relative to deps/lib. */
function linksOf(places, library) {
  const links = library.files.map(([name, target]) => [path.join(places.deps, 'lib', name), target]);
  links.push([path.join(places.deps, 'include'), library.include]);
  if (library.nvidia) links.push([path.join(places.deps, 'nvidia'), library.nvidia]);
  return links;
}

function link(places, library) {
  const links = linksOf(places, library);
  for (const [file, target] of links) replaceLink(file, target);
  const wanted = new Set(links.map(([file]) => file));
  const lib = path.join(places.deps, 'lib');
  const present = [
    ...readFolder(lib).map((entry) => path.join(lib, entry.name)),
    path.join(places.deps, 'nvidia'),
  ];
  for (const file of present) if (!wanted.has(file)) fs.rmSync(file, { recursive: true, force: true });
}

async function compile(context, places, library, cached) {
  const compiler = findCompiler(context);
  makeFolder(path.dirname(cached));
  removeAbandonedStaging(context);
  const staging = makeStaging(context);
  const draft = path.join(staging, 'tfjs_binding.node');
  const includes = [places.headers, library.include].map((folder) => `-I${folder}`);
  const inputs = sources.map((name) => path.join(places.package, name));
  const libraries = library.files.filter(
    ([name]) => isMain(name) || name.startsWith('libtensorflow_framework'),
  );
  const args = [
    ...flags,
    ...defines,
    ...includes,
    ...inputs,
    ...linking,
    ...libraries.map(([, file]) => file),
    '-o',
    draft,
  ];
  const result = await runCommand(compiler, args, { env: context.env });
  if (result.code === 0) fs.renameSync(draft, cached);
  fs.rmSync(staging, { recursive: true, force: true });
  if (result.code === 0) return;
  if (/No space left/.test(result.stderr)) throw diskFull(context);
  throw new SetupProblem(
    `${compiler} could not compile the TensorFlow binding: ${lastLine(result.stderr)}.`,
    'A compiler with C++17 (g++ 8 or clang 7, or newer) can; name another one with CXX.',
  );
}

export function findCompiler(context) {
  const names = context.env.CXX ? [context.env.CXX] : ['g++', 'clang++', 'c++'];
  for (const name of names) {
    const program = findProgram(name, context.env);
    if (program) return program;
  }
  throw new SetupProblem(
    `There is no C++ compiler (looked for ${names.join(', ')}), and the TensorFlow binding is compiled here.`,
    'Install one (Debian, Ubuntu: apt install g++; Fedora, RHEL: dnf install gcc-c++), or copy the bindings folder of another machine into the cache folder.',
  );
}

/** A copy, not a link: Node resolves links before it loads, and the RPATH is relative to where the file really lies. */
function install(places, cached, key) {
  makeFolder(path.dirname(places.binding));
  const draft = `${places.binding}.${process.pid}`;
  fs.copyFileSync(cached, draft);
  fs.renameSync(draft, places.binding);
  writeJson(places.stamp, { key });
}

/** Loaded in a process of its own: what does not fit this machine may crash rather than throw. */
async function loadError(context, places) {
  const script = 'process.stdout.write(require(process.argv[1]).TF_Version)';
  const env = { ...context.env, TF_CPP_MIN_LOG_LEVEL: '2' };
  const result = await runCommand(context.node, ['-e', script, places.binding], { env });
  return result.code === 0 && result.stdout !== '' ? null : lastLine(result.stderr);
}

function loadRemedy(error) {
  if (/SIGILL|Illegal instruction/.test(error))
    return 'The processor lacks AVX, which TensorFlow for x86-64 needs.';
  if (/GLIBC/.test(error))
    return "Use a newer Linux: the TensorFlow build needs a newer C or C++ library than this one's.";
  return 'Run npm run doctor for the state of each part.';
}
