// Lets Node run the sources as they stand: node --conditions=ptychofleet-source --import ./tests/golden/typescript.mjs FILE.ts
// The checker looks at parts that the packages do not export, and Node 20 does not strip types by itself.
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

// Node loads this very file a second time, on the thread where hooks run.
if (isMainThread) register(import.meta.url);

let typescript;

/** Node's hook: sources come without their types, everything else as always. */
export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
  typescript ??= (await import('typescript')).default;
  const { ModuleKind, ScriptTarget } = typescript;
  const text = await readFile(fileURLToPath(url), 'utf8');
  const compilerOptions = {
    module: ModuleKind.ESNext,
    target: ScriptTarget.ES2022,
    verbatimModuleSyntax: true,
    inlineSourceMap: true,
  };
  const { outputText } = typescript.transpileModule(text, {
    compilerOptions,
    fileName: fileURLToPath(url),
  });
  return { format: 'module', source: outputText, shortCircuit: true };
}
