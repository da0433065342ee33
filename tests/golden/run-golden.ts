import { statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Fault, invalidInput, messageOf } from '@ptychofleet/base';
import { checkFile } from './check-file.ts';
import { passes, type FileReport } from './comparison.ts';
import { refreshPage } from './fidelity-page.ts';
import { defaultFolder, fidelityPage, goldenFiles } from './folders.ts';
import { closingLine, failures, leftOut, summaryRows, textTable } from './summary.ts';

const usage = `npm run golden -- [--dir PATH] [--json] [--report]

Compares PtychoFleet with every NPZ file of golden vectors below a folder. What a file holds is told by its keys.

  --dir PATH  the folder; default ../shared/golden, or tests/golden/vectors where that is missing
  --json      every comparison as JSON instead of the table
  --report    also put the table into docs/fidelity.md

Exit code: 0 all files pass, 1 a file differs or is unknown, 2 the command was wrong.`;

/** Where the command writes to, and where it was called from. */
export interface GoldenPorts {
  readonly workingFolder: string;
  /** One line of the result. */
  write(line: string): void;
  /** One line of progress or of what is wrong. */
  note(line: string): void;
}

/** @returns the exit code. */
export async function runGolden(args: readonly string[], ports: GoldenPorts): Promise<number> {
  try {
    const options = parseOptions(args);
    if (options.help) {
      ports.write(usage);
      return 0;
    }
    const folder =
      options.dir === undefined ? defaultFolder() : path.resolve(ports.workingFolder, options.dir);
    const reports = filesOf(folder).map((name) => {
      ports.note(name);
      return checkFile(folder, name);
    });
    if (options.json)
      ports.write(JSON.stringify({ folder, passed: reports.every(passes), files: reports.map(record) }, null, 2)); // prettier-ignore
    else printed(folder, reports).forEach((line) => ports.write(line));
    if (options.report) await refreshPage(fidelityPage, reports);
    return reports.every(passes) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    ports.note(`golden: ${error.message}`);
    return 2;
  }
}

function parseOptions(args: readonly string[]) {
  const flag = { type: 'boolean', default: false } as const;
  const options = { dir: { type: 'string' }, json: flag, report: flag, help: flag } as const;
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (error) {
    throw new Fault('invalid-input', `${messageOf(error)}; npm run golden -- --help lists the options`);
  }
}

function filesOf(folder: string): string[] {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found === undefined || !found.isDirectory())
    throw invalidInput(
      '--dir',
      folder,
      'a folder that exists',
      'give the path of the folder of golden files',
    );
  const names = goldenFiles(folder);
  if (names.length === 0)
    throw invalidInput('--dir', `${folder} without a single NPZ file`, 'a folder with golden files');
  return names;
}

function printed(folder: string, reports: readonly FileReport[]): string[] {
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
  const settings = reports.flatMap((report) => report.settings.map((text) => `${report.file}: ${text}`));
  return [
    textTable(summaryRows(reports)),
    ...section('Taken because it fits, where keys leave it open:', settings),
    ...section('Known, and without a counterpart here:', leftOut(reports)),
    ...section('Failed:', failures(reports)),
    '',
    `${closingLine(reports)} (${folder})`,
  ];
}

/** JSON has no Infinity: a difference that is none, as of sizes that differ, is null. */
function record(report: FileReport): object {
  return { ...report, passed: passes(report) };
}
