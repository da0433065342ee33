import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesOfLength, sameBytes, sharesMemory } from './bulk.test-support.ts';
import { SharedFolder } from './shared-folder.ts';

let root: string;
const folders: SharedFolder[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ptychofleet-memory-'));
});
afterEach(() => {
  for (const folder of folders.splice(0)) folder.close();
  rmSync(root, { recursive: true, force: true });
});

function created(): SharedFolder {
  const folder = SharedFolder.create(root);
  if (folder === null) throw new Error('this system has no /proc');
  folders.push(folder);
  return folder;
}

/** What a read gives, in pieces as they were told. */
function contentOf(folder: SharedFolder, file: string) {
  let memory = new Uint8Array();
  const pieces: number[] = [];
  const there = folder.read(
    file,
    (bytes) => (memory = new Uint8Array(bytes)),
    (bytes) => pieces.push(bytes),
  );
  return { there, memory, pieces };
}

describe.skipIf(!sharesMemory)('a shared folder', () => {
  it('is found by its name and is this user’s alone', () => {
    const folder = created();
    expect(statSync(join(root, folder.name)).mode & 0o777).toBe(0o700);
    expect(SharedFolder.find(folder.name, root)?.name).toBe(folder.name);
    folder.close();
    expect(SharedFolder.find(folder.name, root)).toBeNull();
    expect(readdirSync(root)).toEqual([]);
  });

  it('gives back what was written, digested while the next piece is read', () => {
    const folder = created();
    const other = SharedFolder.find(folder.name, root)!;
    folders.push(other);
    for (const length of [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_000_000]) {
      const bytes = bytesOfLength(length);
      expect(other.file().write(`of-${length}`, bytes)).toBe(true);
      const { there, memory, pieces } = contentOf(folder, `of-${length}`);
      expect(there).toBe(true);
      expect(sameBytes(memory, bytes)).toBe(true);
      expect(pieces.reduce((sum, bytes) => sum + bytes, 0)).toBe(length);
    }
  });

  it('has files that are written to again, under another name and of another length', () => {
    const folder = created();
    const file = folder.file();
    for (const [name, length] of [
      ['one', 5_000_000],
      ['one', 4_999_999],
      ['two', 7],
      ['three', 0],
      ['three', 5_000_001],
    ] as const) {
      const bytes = bytesOfLength(length);
      expect(file.write(name, bytes)).toBe(true);
      expect(folder.files()).toEqual([name]);
      expect(sameBytes(contentOf(folder, name).memory, bytes)).toBe(true);
    }
    file.remove();
    expect(folder.files()).toEqual([]);
    expect(file.write('again', bytesOfLength(3))).toBe(true);
  });

  it('says that a file is not there, or that there is one already', () => {
    const folder = created();
    expect(contentOf(folder, 'nothing')).toMatchObject({ there: false });
    const [file, other] = [folder.file(), folder.file()];
    expect(file.write('one', bytesOfLength(5))).toBe(true);
    expect(other.write('one', bytesOfLength(9))).toBe(false);
    expect(contentOf(folder, 'one').memory).toHaveLength(5);
    folder.remove('one');
    expect(contentOf(folder, 'one')).toMatchObject({ there: false });
    expect(file.write('two', bytesOfLength(5))).toBe(false);
    expect(file.write('two', bytesOfLength(5))).toBe(true);
    folder.close();
    expect(file.write('three', bytesOfLength(5))).toBe(false);
    expect(file.write('three', bytesOfLength(5))).toBe(false);
    expect(folder.files()).toEqual([]);
  });

  it('notices what is written over while it is read', () => {
    const folder = created();
    const file = folder.file();
    file.write('one', bytesOfLength(9_000_000));
    let memory = new Uint8Array();
    const meanwhile: boolean[] = [];
    const there = folder.read(
      'one',
      (bytes) => (memory = new Uint8Array(bytes)),
      () => {
        if (meanwhile.length === 0) meanwhile.push(file.write('two', bytesOfLength(9_000_000).reverse()));
      },
    );
    expect(meanwhile).toEqual([true]);
    expect(there).toBe(false);
    expect(memory).toHaveLength(9_000_000);
  });

  it('leaves nothing of a file for which there is no room', () => {
    const script = `
      const { SharedFolder } = await import(${JSON.stringify(new URL('../../dist/bulk/shared-folder.js', import.meta.url).href)});
      process.on('SIGXFSZ', () => undefined);
      const folder = SharedFolder.create(${JSON.stringify(root)});
      const wrote = [folder.file().write('large', new Uint8Array(1 << 20)), folder.file().write('small', new Uint8Array(9))];
      console.log(JSON.stringify({ wrote, files: folder.files() }));`;
    // Blocks of 1024 bytes: what a full file system does, without one.
    const limited = `ulimit -f 64; exec "$0" --input-type=module -e "$1"`;
    const printed = execFileSync('bash', ['-c', limited, process.execPath, script], { encoding: 'utf8' });
    expect(JSON.parse(printed)).toEqual({ wrote: [false, true], files: ['small'] });
  });

  it.each([
    ['a name of another form', () => 'ptychofleet'],
    ['a way out', () => '../ptychofleet-1-1-1-aaaaaa'],
    ['no text', () => ['ptychofleet-1-1-1-aaaaaa']],
    ['nothing of that name', () => 'ptychofleet-1-1-1-aaaaaa'],
    [
      'a folder that others may look into',
      () => {
        const { name } = created();
        chmodSync(join(root, name), 0o750);
        return name;
      },
    ],
    [
      'a link',
      () => {
        const name = 'ptychofleet-1-1-1-aaaaaa';
        symlinkSync(join(root, created().name), join(root, name));
        return name;
      },
    ],
    [
      'a file',
      () => {
        const name = 'ptychofleet-1-1-1-aaaaaa';
        writeFileSync(join(root, name), '', { mode: 0o600 });
        return name;
      },
    ],
  ])('is not taken for one: %s', (_, prepare) => {
    expect(SharedFolder.find(prepare(), root)).toBeNull();
  });

  it('follows no link and reads nothing but files', () => {
    const folder = created();
    const secret = join(root, 'secret');
    writeFileSync(secret, 'secret');
    symlinkSync(secret, join(root, folder.name, 'link'));
    mkdirSync(join(root, folder.name, 'folder'));
    execFileSync('mkfifo', [join(root, folder.name, 'pipe')]);
    expect(contentOf(folder, 'link')).toMatchObject({ there: false });
    for (const file of ['folder', 'pipe']) expect(() => contentOf(folder, file)).toThrow(/not a file/);
  });

  it('goes when its process is dead, and stays when it lives or cannot be seen', () => {
    const alive = created();
    const [, , start, space] = alive.name.split('-');
    const dead = alive.name.replace(/-[^-]*$/, '-dddddd').replace(`-${start}-`, '-1-');
    const elsewhere = dead.replace(`-${space}-`, '-7-');
    for (const name of [dead, elsewhere]) mkdirSync(join(root, name), { mode: 0o700 });
    writeFileSync(join(root, dead, 'weights'), 'x');
    writeFileSync(join(root, 'of-somebody-else'), 'x');
    const newest = created();
    const expected = [alive.name, elsewhere, newest.name, 'of-somebody-else'];
    expect(readdirSync(root).sort()).toEqual(expected.sort());
  });
});

describe('where there is no such memory', () => {
  it('there is no folder', () => {
    expect(SharedFolder.create(join(root, 'missing'))).toBeNull();
    renameSync(root, `${root}-moved`);
    expect(SharedFolder.create(root)).toBeNull();
    renameSync(`${root}-moved`, root);
  });
});
