import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { runCommand } from '../commands.mjs';
import { readFolder, readJson, stateFile, writeJson } from '../places.mjs';
import { SetupProblem } from '../problem.mjs';

/** Our own TypeScript, compiled project by project. Unchanged sources are recognised by hash, without starting the compiler. */
export const build = {
  name: 'build',
  check(context) {
    const projects = projectFolders(context);
    const ok =
      readJson(stateFile(context, 'build.json'))?.sources === sourceDigest(context, projects) &&
      projects.every((folder) => fs.existsSync(path.join(folder, 'dist', '.tsbuildinfo')));
    return {
      ok,
      version: ok ? `${projects.length} projects` : null,
      path: context.root,
      problem: 'The compiled JavaScript (dist folders) is absent or older than the sources.',
      remedy: 'Run npm run setup, which runs the TypeScript compiler.',
    };
  },
  async run(context, progress) {
    const projects = projectFolders(context);
    // Taken before the compiler starts: a file saved meanwhile makes the next check fail, as it should.
    const sources = sourceDigest(context, projects);
    progress.start(this.name, () => 'compiling TypeScript');
    const compiler = path.join(context.root, 'node_modules', 'typescript', 'bin', 'tsc');
    const result = await runCommand(context.node, [compiler, '-b', 'tsconfig.build.json'], {
      cwd: context.root,
    });
    if (result.code !== 0) {
      progress.note(result.stdout + result.stderr);
      throw new SetupProblem(
        'The TypeScript build failed; its messages are above.',
        'Correct the sources and try again.',
      );
    }
    writeJson(stateFile(context, 'build.json'), { sources });
  },
};

function projectFolders(context) {
  const file = path.join(context.root, 'tsconfig.build.json');
  return readJson(file).references.map((reference) => path.join(context.root, reference.path));
}

function sourceDigest(context, projects) {
  const hash = crypto.createHash('sha256');
  const add = (file) => {
    if (fs.existsSync(file))
      hash.update(path.relative(context.root, file)).update('\0').update(fs.readFileSync(file));
  };
  for (const name of ['tsconfig.base.json', 'tsconfig.build.json']) add(path.join(context.root, name));
  for (const project of projects) {
    add(path.join(project, 'tsconfig.json'));
    add(path.join(project, 'package.json'));
    for (const file of sourceFiles(path.join(project, 'src'))) add(file);
  }
  return hash.digest('hex');
}

function sourceFiles(folder) {
  return readFolder(folder).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return sourceFiles(file);
    return entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts') ? [file] : [];
  });
}
