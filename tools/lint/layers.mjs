/**
 * Who may import whom. One table, read by the lint rules (imports) and by layers.test.mjs (package.json and tsconfig references).
 * Imports point one way; nothing imports an app, and apps talk to each other over the wire only.
 */
export const layers = {
  base: [],
  config: ['base'],
  params: ['base'],
  model: ['base', 'config', 'params'],
  run: ['base', 'config'],
  data: ['base', 'config', 'params'],
  imaging: ['base', 'config'],
  compute: ['base', 'config', 'params', 'model', 'data'],
  bundle: ['base', 'config', 'params', 'model'],
  store: ['base', 'params', 'run'],
  telemetry: ['base', 'config', 'store'],
  wire: ['base', 'config', 'params', 'run'],
};

/** What an app composes. Apps may import libs only. */
export const apps = {
  coordinator: [
    'base',
    'config',
    'params',
    'model',
    'run',
    'data',
    'imaging',
    'bundle',
    'store',
    'wire',
    'telemetry',
  ],
  worker: ['base', 'config', 'params', 'model', 'run', 'data', 'compute', 'wire'],
  cli: ['base', 'config', 'data', 'imaging', 'bundle', 'store', 'wire', 'telemetry'],
};

/** Libraries without input, output, time or chance: their functions give the same answer on every machine and at every hour. */
export const pureLibs = ['base', 'config', 'params', 'model', 'run'];

/** Libraries that may read files, and still know neither time nor chance. */
export const timelessLibs = [...pureLibs, 'data', 'imaging', 'bundle', 'compute'];

/** The form in which @nx/enforce-module-boundaries wants the tables. */
export const depConstraints = [
  ...Object.entries(layers).map(([name, allowed]) => constraint(`layer:${name}`, [name, ...allowed])),
  ...Object.entries(apps).map(([name, allowed]) => constraint(`app:${name}`, allowed)),
];

function constraint(sourceTag, allowed) {
  return { sourceTag, onlyDependOnLibsWithTags: allowed.map((layer) => `layer:${layer}`) };
}
