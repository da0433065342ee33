// Module hooks: strips the types of .ts files as they load. SIMULATION_MUTATION names a JSON file with edits that are made to the
// text on the way in (mutations.ts), so that a planted bug never touches the working tree.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import typescript from 'typescript';

const root = new URL('../../', import.meta.url).href;
const mutation = process.env.SIMULATION_MUTATION;
const edits = mutation === undefined ? [] : JSON.parse(readFileSync(mutation, 'utf8'));
const { ModuleKind, ScriptTarget } = typescript;
const compilerOptions = {
  module: ModuleKind.ESNext,
  target: ScriptTarget.ES2022,
  verbatimModuleSyntax: true,
  inlineSourceMap: true,
};

export async function load(url, context, nextLoad) {
  if (!url.endsWith('.ts')) return nextLoad(url, context);
  let text = readFileSync(fileURLToPath(url), 'utf8');
  for (const { file, find, replace } of edits) {
    if (url !== root + file) continue;
    // A mutation that no longer fits its code would pass for one that was caught.
    if (text.split(find).length !== 2) throw new Error(`mutation does not fit ${file}: ${find}`);
    text = text.replace(find, () => replace);
  }
  const { outputText } = typescript.transpileModule(text, { compilerOptions, fileName: url });
  return { format: 'module', shortCircuit: true, source: outputText };
}
