import { readFileSync } from 'node:fs';
import { writeFileAtomic } from '@ptychofleet/store';
import prettier from 'prettier';
import { Fault } from '@ptychofleet/base';
import type { FileReport } from './comparison.ts';
import { closingLine, failures, leftOut, markdownTable, summaryRows } from './summary.ts';

const begin = '<!-- golden:begin, written by `npm run golden -- --report` -->';
const end = '<!-- golden:end -->';

/**
 * Replaces what stands between the markers of a page by the table of these reports.
 * @throws Fault when the page has no markers.
 */
export async function refreshPage(page: string, reports: readonly FileReport[]): Promise<void> {
  const text = readFileSync(page, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from)
    throw new Fault('invalid-input', `${page}: has no markers, expected ${begin} and ${end}; put them back`);
  const changed = `${text.slice(0, from)}${begin}\n\n${sectionOf(reports)}\n\n${text.slice(to)}`;
  const style = await prettier.resolveConfig(page);
  const formatted = await prettier.format(changed, { ...style, parser: 'markdown' });
  await writeFileAtomic(page, new TextEncoder().encode(formatted));
}

function sectionOf(reports: readonly FileReport[]): string {
  const list = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : [title, lines.map((line) => `- ${line}`).join('\n')];
  return [
    `${closingLine(reports)}.`,
    markdownTable(summaryRows(reports)),
    ...list('Known, and without a counterpart here:', leftOut(reports)),
    ...list('Failed:', failures(reports)),
  ].join('\n\n');
}
