import { registryOf, type RunKind } from '../fields/registry.ts';
import { assignment, levelOf, unknownName, type Assignment, type Level } from './level.ts';

const prefix = 'PTYCHOFLEET_';

/**
 * The variables `PTYCHOFLEET_*`. Those of the other kind of run are passed over, since one shell serves both.
 * @param processVariables names with our prefix that belong to a process, not to a run
 */
export function environmentLevel(
  kind: RunKind,
  environment: Readonly<Record<string, string | undefined>>,
  processVariables: readonly string[] = [],
): Level {
  const registry = registryOf(kind);
  const assignments: Assignment[] = [];
  for (const [variable, text] of Object.entries(environment)) {
    if (text === undefined || !variable.startsWith(prefix) || processVariables.includes(variable)) continue;
    const found = registry.byVariable(variable);
    if (found === undefined) {
      throw unknownName('variable', variable, registry.nearestVariable(variable), 'environment');
    }
    if (found.scope !== 'other-kind') assignments.push(assignment(found, text, variable, 'text'));
  }
  return levelOf('environment', assignments);
}
