// Assembles libs/params/src/kernels/*.wat into modules that hold them as base64; adam-kernel.test.ts fails when one is stale.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import prettier from 'prettier';
import wabt from 'wabt';

const folder = new URL('../../libs/params/src/kernels/', import.meta.url);
const { parseWat } = await wabt();

for (const name of (await readdir(folder)).filter((file) => file.endsWith('.wat'))) {
  const features = { simd: true, threads: true };
  const module = parseWat(name, await readFile(new URL(name, folder), 'utf8'), features);
  module.validate(features);
  const base64 = Buffer.from(module.toBinary({}).buffer).toString('base64');
  const file = new URL(name.replace('.wat', '.gen.ts'), folder);
  const text = await prettier.format(
    `// Generated from ${name} by \`npm run kernels\`; do not edit.\nexport const ${name.replace('.wat', '')}Wasm = '${base64}';\n`,
    { ...(await prettier.resolveConfig(file)), parser: 'typescript' },
  );
  await writeFile(file, text);
}
