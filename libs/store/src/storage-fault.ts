import { Fault, messageOf } from '@ptychofleet/base';

const full = 'the disk is full; free some space';
const readOnly = 'the file system is read-only; choose another folder';
const forbidden = 'writing there is not permitted; choose another folder';

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: full,
  EDQUOT: 'the disk quota is used up; free some space',
  EFBIG: 'a file may not grow that large; raise the limit (ulimit -f)',
  EROFS: readOnly,
  EACCES: forbidden,
  EPERM: forbidden,
  EEXIST: 'it is a file, not a folder; choose another folder',
  // What Node makes of a folder below one that is read-only.
  ENOENT: 'the folder cannot be made; choose another one',
  ENOTDIR: 'part of the path is a file, not a folder; choose another folder',
  // SQLite's names for the same.
  SQLITE_FULL: full,
  SQLITE_READONLY: readOnly,
  SQLITE_CANTOPEN: 'it cannot be opened there; choose another folder or mend its permissions',
  SQLITE_BUSY: 'another coordinator uses it; choose another --state-dir',
  SQLITE_NOTADB: 'it is damaged; move it away to begin with an empty one',
  SQLITE_CORRUPT: 'it is damaged; move it away to begin with an empty one',
};
const exhausted = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'SQLITE_FULL', 'SQLITE_IOERR']);
const lost = new Set(['SQLITE_NOTADB', 'SQLITE_CORRUPT']);

/** Why something could not be stored, in one sentence; `exhausted` where waiting and trying again can help. */
export function storageFault(path: string, error: unknown): Fault {
  if (error instanceof Fault) return error;
  const code = codeOf(error);
  // SQLite's extended codes begin with the plain one: SQLITE_IOERR_WRITE.
  const known = Object.keys(reasons).find((name) => code === name || code.startsWith(`${name}_`));
  const plain = known ?? (code.startsWith('SQLITE_IOERR') ? 'SQLITE_IOERR' : code);
  const reason = reasons[plain] ?? messageOf(error);
  const kind = exhausted.has(plain) ? 'exhausted' : lost.has(plain) ? 'data-loss' : 'invalid-input';
  return new Fault(kind, `cannot write ${path}: ${reason}`, { field: path }, { cause: error });
}

function codeOf(error: unknown): string {
  const { code = '' } = error as { code?: string };
  // A database that cannot be opened is told without a code of SQLite's.
  return code === '' && messageOf(error).startsWith('ConnectionFailed') ? 'SQLITE_CANTOPEN' : code;
}
