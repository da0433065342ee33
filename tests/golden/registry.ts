import type { GoldenKind } from './kind.ts';
import { diffraction } from './kinds/diffraction.ts';
import { grouping } from './kinds/grouping.ts';
import { losses } from './kinds/losses.ts';
import { metrics } from './kinds/metrics.ts';
import { network } from './kinds/network.ts';
import { normalisation } from './kinds/normalisation.ts';
import { reassembly } from './kinds/reassembly.ts';
import { referenceRun } from './kinds/reference-run.ts';
import { scaleSolvers } from './kinds/scale-solvers.ts';
import { scan } from './kinds/scan.ts';
import { schedules } from './kinds/schedules.ts';
import { simulator } from './kinds/simulator.ts';
import { stitching } from './kinds/stitching.ts';
import { tensorflowNetwork } from './kinds/tensorflow-network.ts';
import { trajectory } from './kinds/trajectory.ts';
import { translation } from './kinds/translation.ts';

/** All kinds of golden files; the first that a file's keys fit is its kind. */
export const kinds: readonly GoldenKind[] = [
  trajectory,
  network,
  tensorflowNetwork,
  losses,
  diffraction,
  translation,
  reassembly,
  scaleSolvers,
  normalisation,
  grouping,
  schedules,
  stitching,
  referenceRun,
  metrics,
  simulator,
  scan,
];
