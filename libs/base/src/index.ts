export { assert, AssertionError, unreachable } from './assert.ts';
export { errorKinds, Fault, invalidInput, messageOf, type ErrorKind, type FaultDetails } from './errors.ts';
export {
  bytesOf,
  digestOf,
  digestOfText,
  hexOf,
  isContentDigest,
  isDigest,
  kindOf,
  RunningDigest,
} from './digest.ts';
export { valuesDigestOf } from './digest.ts';
export type { ContentDigest, Digest, DigestKind, ValuesDigest } from './digest.ts';
export { RandomSequence, RandomStream } from './random.ts';
export { Permutation } from './permutation.ts';
export { silentLogger, type Clock, type Logger } from './ports.ts';
