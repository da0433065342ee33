import { Fault } from '@ptychofleet/base';
import { shown } from './levels/shown.ts';

/** A value that another field rules out. @param expected ends the sentence and says how to mend it */
export function ruleFault(field: string, received: unknown, expected: string): Fault {
  return new Fault('invalid-input', `${field}: received ${shown(received)}, expected ${expected}`, {
    field,
    received: shown(received),
    expected,
  });
}

/** A value that changes nothing because `decisive` has the value that it has. */
export function noEffect(
  path: string,
  received: unknown,
  decisive: string,
  value: unknown,
  wanted: string,
): Fault {
  const key = path.slice(path.indexOf('.') + 1);
  return new Fault(
    'invalid-input',
    `${path}: ${shown(received)} has no effect while ${decisive} is ${shown(value)}; ` +
      `set ${decisive} to ${wanted} or leave ${key} out`,
    { field: path, received: shown(received) },
  );
}
