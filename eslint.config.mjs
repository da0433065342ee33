import { createProjectGraphAsync } from '@nx/devkit';
import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import { builtinRules } from 'eslint/use-at-your-own-risk';
import tseslint from 'typescript-eslint';
import { apps, depConstraints, layers, pureLibs, timelessLibs } from './tools/lint/layers.mjs';

// The project graph is computed in this process: a daemon would outlive the command and is one more thing to go stale.
process.env.NX_DAEMON = 'false';
process.env.NX_ISOLATE_PLUGINS = 'false';

// Without a graph the boundary rule passes everything and says so in a warning only; so make it, and look that it is whole.
const graph = await createProjectGraphAsync({ exitOnError: false });
for (const name of [...Object.keys(layers), ...Object.keys(apps)]) {
  if (!(`@ptychofleet/${name}` in graph.nodes))
    throw new Error(`the project graph lacks @ptychofleet/${name}`);
}

const sources = (libs) => libs.map((lib) => `libs/${lib}/src/**/*.ts`);
const tests = ['**/*.test.ts', '**/*.test-support.ts', '**/*.contract.ts', 'tests/**/*.ts'];

/** A ban names what to use instead, since that is what the reader wants to know. */
const clockAndChance = [
  ['performance', 'Take the time from a Clock (@ptychofleet/base).'],
  ['setTimeout', 'Return an effect, or let the app wait: nothing here may depend on time.'],
  ['setInterval', 'Return an effect, or let the app wait: nothing here may depend on time.'],
  ['setImmediate', 'Return an effect, or let the app wait: nothing here may depend on time.'],
  ['process', 'Take the value as an argument; apps read the environment through @ptychofleet/config.'],
  ['console', 'Take a Logger (@ptychofleet/base).'],
].map(([name, message]) => ({ name, message }));

const seededRandom = {
  object: 'Math',
  property: 'random',
  message: 'Use RandomStream or RandomSequence (@ptychofleet/base), seeded by the run.',
};
const wallClock = 'Take the time from a Clock (@ptychofleet/base), or as an argument.';

const namedExports = {
  selector: 'ExportDefaultDeclaration',
  message: 'Export by name: one name for one thing everywhere.',
};
// A date made of given numbers is a value like any other; what is banned is asking what time it is.
const askingTheTime = [
  { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: wallClock },
  { selector: 'CallExpression[callee.name="Date"]', message: wallClock },
];

// Node's builtins by any name; crypto alone computes and does nothing else.
const builtins = {
  regex:
    '^(node:(?!crypto$)|(fs|path|os|net|http|https|http2|tls|dns|child_process|worker_threads|cluster|timers|zlib|stream|url|util|events|perf_hooks|process|readline|v8|vm)(/|$))',
  message:
    'This library does no IO: pass bytes and values in, and let the app do the IO. Only node:crypto is allowed.',
};
const tensorflow = {
  regex: '^@tensorflow/',
  message: 'Only libs/compute touches TensorFlow: use Engine from @ptychofleet/compute.',
};
const grpc = {
  regex: '^@grpc/|^grpc-health-check$',
  message: 'Only libs/wire touches gRPC: use its clients and servers from @ptychofleet/wire.',
};

function importBan(files, patterns, ignores = []) {
  return { files, ignores, rules: { 'no-restricted-imports': ['error', { patterns }] } };
}

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      'out/**',
      '.nx/**',
      '.ptychofleet/**',
      'coverage/**',
      '**/node_modules/**',
      'libs/wire/src/gen/**',
    ],
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strict],
    languageOptions: {
      parserOptions: { project: './tsconfig.test.json', tsconfigRootDir: import.meta.dirname },
    },
    plugins: { '@nx': nx, size: { rules: { 'hard-limit': builtinRules.get('max-lines') } } },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        { depConstraints, allow: [], banTransitiveDependencies: false },
      ],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/require-array-sort-compare': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      // An assertion at an index that a loop has bounded reads better than a branch that cannot be reached.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // A leading underscore says that leaving it aside is meant.
      '@typescript-eslint/no-unused-vars': [
        'error',
        {
          argsIgnorePattern: '^_',
          varsIgnorePattern: '^_',
          caughtErrorsIgnorePattern: '^_',
          ignoreRestSiblings: true,
        },
      ],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-restricted-syntax': ['error', namedExports],
      // One rule has one severity, so the built-in one stands here twice: think of cutting at 350 lines, cut at 600.
      'max-lines': ['warn', { max: 350 }],
      'size/hard-limit': ['error', { max: 600 }],
    },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    rules: {
      'no-unused-vars': 'error',
      'prefer-const': 'error',
      'no-var': 'error',
      eqeqeq: 'error',
    },
  },
  importBan(sources(pureLibs), [builtins, tensorflow, grpc], tests),
  importBan(
    ['libs/*/src/**/*.ts', 'apps/*/src/**/*.ts'],
    [tensorflow, grpc],
    [...sources([...pureLibs, 'compute', 'wire']), ...tests],
  ),
  importBan(sources(['compute']), [grpc], tests),
  importBan(sources(['wire']), [tensorflow], tests),
  {
    files: sources(timelessLibs),
    ignores: [...tests, 'libs/bundle/src/**/*thread*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...clockAndChance],
      'no-restricted-properties': [
        'error',
        seededRandom,
        { object: 'Date', property: 'now', message: wallClock },
      ],
      'no-restricted-syntax': ['error', namedExports, ...askingTheTime],
    },
  },
  {
    // TensorFlow reads its settings from the environment when it loads, and this is the file that pins them.
    files: ['libs/compute/src/runtime.ts'],
    rules: { 'no-restricted-globals': 'off' },
  },
  {
    files: tests,
    rules: {
      // A test file is a list of cases; cutting it by length helps nobody.
      'max-lines': 'off',
      'size/hard-limit': 'off',
      // A test may read its expected values with any library, such as the NPZ reader.
      '@nx/enforce-module-boundaries': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
      // What a test sorts are names; the default order is the one that is meant.
      '@typescript-eslint/require-array-sort-compare': 'off',
    },
  },
  // Tools that load a configuration want it as the default export.
  { files: ['*.config.ts'], rules: { 'no-restricted-syntax': 'off' } },
  prettier,
);
