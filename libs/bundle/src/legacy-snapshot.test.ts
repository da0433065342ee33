import { describe, expect, it } from 'vitest';
import { fieldOfLegacyKey, fileNameOf, legacyKeys, legacySnapshot } from './index.ts';

describe('legacySnapshot', () => {
  it('has the 63 keys of bundle spec §3, absent ones as null', () => {
    const snapshot = legacySnapshot({}, 988.2);
    expect(new Set(Object.keys(snapshot)).size).toBe(63);
    expect(legacyKeys).toHaveLength(61);
    const { intensity_scale, _version, ...canonical } = snapshot;
    expect([intensity_scale, _version]).toEqual([988.2, '1.0']);
    expect(Object.values(canonical).every((value) => value === null)).toBe(true);
  });

  it('takes each value from its field in camel case, with the renames of upstream', () => {
    const run = Object.fromEntries(legacyKeys.map((key, i) => [fieldOfLegacyKey(key), i]));
    expect(Object.keys(run)).toHaveLength(61);
    const snapshot = legacySnapshot(run, 1);
    legacyKeys.forEach((key, i) => expect(snapshot[key]).toBe(i));
    expect(
      ['object.big', 'n_filters_scale', 'adam_beta1', 'train_data_file_path', 'output_prefix'].map(
        fieldOfLegacyKey,
      ),
    ).toEqual(['objectBig', 'nFiltersScale', 'adamBeta1', 'trainDataFile', 'outputDir']);
  });

  it('reduces machine paths to file names', () => {
    const run = {
      trainDataFile: '/data/a/scan.npz',
      testDataFile: 'C:\\data\\test.npz',
      outputDir: '/home/me/out/',
    };
    const snapshot = legacySnapshot(run, 1);
    expect(snapshot.train_data_file_path).toBe('scan.npz');
    expect(snapshot.test_data_file_path).toBe('test.npz');
    expect(snapshot.output_prefix).toBe('out');
    expect(fileNameOf('plain.npz')).toBe('plain.npz');
  });
});
