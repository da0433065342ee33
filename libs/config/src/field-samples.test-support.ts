import type { Field } from './fields/field.ts';
import { refusalOf } from './levels/level.ts';
import { applies } from './rules.ts';

const candidates: readonly unknown[] = [
  ...[true, false, 2, 4, 1, 64, 8, 16, 0, 0.5, 0.25, 0.75, 1e-7, 3, 6, 20, 1e9, 128, -1],
  ...['some/path.npz', 'http://localhost:5000', 'yes', '1e9', 'a: b # c', "it's", 'naïve', null],
];

/** Values that the field takes by itself, its default left out. */
export function samplesOf(field: Field): readonly unknown[] {
  const own = (field.type.choices ?? []).map((choice) => field.type.fromText(choice));
  return [...new Set([...own, ...candidates])].filter(
    (value) =>
      value !== field.default &&
      field.type.schema.safeParse(value).success &&
      refusalOf(field, value) === undefined,
  );
}

/** Whether anything but the default can be said: not for a refused field, nor where all other choices are. */
export function isOpen(field: Field): boolean {
  if (field.refused !== undefined) return false;
  const served = field.type.choices?.filter((choice) => field.refusedValues?.[choice] === undefined);
  return served === undefined || served.length > 1;
}

/** What has to be said beside the field for it to have an effect, by the keys of its section. */
export function companionsOf(field: Field, all: readonly Field[]): Readonly<Record<string, unknown>> {
  const condition = field.onlyWith;
  if (condition === undefined) return {};
  const decisive = all.find((one) => one.section === field.section && one.key === condition.key);
  if (decisive === undefined) throw new Error(`${field.path}: ${condition.key} is no field`);
  const value = [decisive.default, ...samplesOf(decisive)].find((one) => applies(condition, one));
  return { [decisive.name]: value };
}
