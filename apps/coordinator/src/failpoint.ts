import { invalidInput } from '@ptychofleet/base';
import { failpointNames, noFailpoints, type Failpoint } from '@ptychofleet/store';

/**
 * For tests of crashes: `name` or `name:n` ends this process as a power cut would when the boundary of that name is
 * reached for the n-th time.
 */
export function failpointOf(text: string | undefined): Failpoint {
  if (text === undefined || text === '') return noFailpoints;
  const [name, times = '1'] = text.split(':');
  if (!failpointNames.some((known) => known === name) || !/^[1-9]\d*$/.test(times))
    throw invalidInput(
      'PTYCHOFLEET_FAILPOINT',
      text,
      `one of ${failpointNames.join(', ')}, and :n for the n-th time`,
    );
  let left = Number(times);
  return (reached) => {
    if (reached !== name) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
}
