import { Fault } from '@ptychofleet/base';
import type { PreparedLabels } from './prepared-scan.ts';
import type { ScanDataset } from './scan.ts';
import { cutPatch } from './simulation/patches.ts';

/**
 * Labels of the `kept` patterns in the network's units: those of the file, else patches cut from its object at the scan
 * positions (data spec §7; the reference cuts groups at mirrored positions, training spec §3.2).
 * @param unit object in the units of the file = unit × object of the network.
 * @param purpose what needs them, for the fault
 * @throws Fault when the scan holds neither labels nor an object
 */
export function labelsOf(scan: ScanDataset, kept: Int32Array, unit: number, purpose: string): PreparedLabels {
  const { N, labels, object } = scan;
  const area = N * N;
  const amplitude = new Float32Array(kept.length * area);
  const phase = new Float32Array(kept.length * area);
  if (labels !== undefined) {
    kept.forEach((pattern, i) => {
      amplitude.set(labels.amplitude.subarray(pattern * area, (pattern + 1) * area), i * area);
      phase.set(labels.phase.subarray(pattern * area, (pattern + 1) * area), i * area);
    });
    for (let i = 0; i < amplitude.length; i++) amplitude[i] /= unit;
    return { amplitude, phase };
  }
  if (object === null) throw missingLabels(purpose);
  const patch = new Float64Array(2 * area);
  kept.forEach((pattern, i) => {
    cutPatch(object, scan.x[pattern], scan.y[pattern], N, patch);
    for (let pixel = 0; pixel < area; pixel++) {
      const [re, im] = [patch[2 * pixel], patch[2 * pixel + 1]];
      amplitude[i * area + pixel] = Math.sqrt(re * re + im * im) / unit;
      phase[i * area + pixel] = Math.atan2(im, re);
    }
  });
  return { amplitude, phase };
}

function missingLabels(purpose: string): Fault {
  const names = 'label_amp and label_phase, label, Y or objectGuess';
  return new Fault(
    'invalid-input',
    `${purpose} needs labels (DATA-SUP-001): received a scan without any, expected ${names}; add one of them to the scan file or train without labels`,
    { field: purpose, received: 'no labels', expected: names },
  );
}
