// Assembles libs/params/src/kernels/*.wat into modules that hold them as base64; --check fails when one is stale.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import prettier from 'prettier';
import wabt from 'wabt';

const folder = new URL('../../libs/params/src/kernels/', import.meta.url);
const check = process.argv.includes('--check');
const { parseWat } = await wabt();

for (const name of (await readdir(folder)).filter((file) => file.endsWith('.wat'))) {
  const module = parseWat(name, await readFile(new URL(name, folder), 'utf8'), { simd: true });
  module.validate();
  const base64 = Buffer.from(module.toBinary({}).buffer).toString('base64');
  const file = new URL(name.replace('.wat', '.gen.ts'), folder);
  const text = await prettier.format(
    `// Generated from ${name} by \`npm run kernels\`; do not edit.\nexport const ${name.replace('.wat', '')}Wasm = '${base64}';\n`,
    { ...(await prettier.resolveConfig(file)), parser: 'typescript' },
  );
  if ((await readFile(file, 'utf8').catch(() => '')) === text) continue;
  if (check) process.exitCode = 1;
  else await writeFile(file, text);
  console.log(
    `libs/params/src/kernels/${name.replace('.wat', '.gen.ts')} ${check ? 'is stale: run "npm run kernels"' : 'written'}`,
  );
}
