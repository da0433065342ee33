/** An edit of one file's text, made while it loads. `find` occurs exactly once. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface Mutant {
  readonly bug: string;
  readonly edits: readonly Edit[];
}

const machine = 'libs/run/src/fleet-machine.ts';
const membership = 'libs/run/src/membership.ts';
const plan = 'libs/run/src/plan.ts';
const block = 'libs/run/src/block.ts';
const tree = 'libs/params/src/canonical-tree.ts';
const optimizer = 'libs/params/src/optimizer.ts';
const fleetState = 'libs/run/src/fleet-state.ts';
const roster = 'libs/run/src/roster.ts';
const training = 'tests/simulation/training.ts';
const worker = 'tests/simulation/worker.ts';
const blockGradient = 'apps/worker/src/gradient-of-block.ts';

const edit = (bug: string, file: string, find: string, replace: string): Mutant => ({
  bug,
  edits: [{ file, find, replace }],
});

/** Deliberate bugs, each of a kind that has been made in such systems before. */
export const mutants: readonly Mutant[] = [
  edit(
    'gradients are added in the order of arrival',
    tree,
    'let node = this.leafCount / width + index;',
    'this.#waiting.set(1, this.#waiting.has(1) ? this.#join(this.#waiting.get(1) as T, value) : value);\n    if (width > 0) return;\n    let node = this.leafCount / width + index;',
  ),
  edit(
    'a worker adds up its block from left to right',
    blockGradient,
    'const gradient = gradients.result();',
    'const gradient = gradients.result();\n  if (gradient !== null) { gradient.fill(0); for (const groupIndices of microBatches) engine.gradient({ groupIndices }).gradient.forEach((value, i) => { gradient[i] += value; }); }',
  ),
  {
    bug: 'mean of means: blocks are averaged, then their averages',
    edits: [
      {
        file: training,
        find: 'this.#gradient.addNode(level, index, answer.gradient.slice(), ',
        replace:
          'this.#gradient.addNode(level, index, answer.gradient.map((value) => (value / answer.groupCount) * 2 ** level), ',
      },
      {
        file: training,
        find: 'divideByCount(gradient, groups);',
        replace: 'divideByCount(gradient, shardsOfStep(plan, place.stepInEpoch));',
      },
    ],
  },
  edit(
    'the optimiser corrects its second moment with the wrong power',
    optimizer,
    'this.#beta2Power *= this.#spec.beta2;',
    'this.#beta2Power *= this.#spec.beta1;',
  ),
  edit(
    'new weights are not published after a step',
    training,
    'this.#counts = new ScalarTree(plan.virtualShards);\n    this.#publish();\n  }\n\n  digest',
    'this.#counts = new ScalarTree(plan.virtualShards);\n  }\n\n  digest',
  ),
  edit(
    'a worker computes with the weights it has, not with those it is told',
    worker,
    'this.#coordinator.weights(next.task.weightsName)',
    '(this.kept ??= this.#coordinator.weights(next.task.weightsName))',
  ),
  edit(
    'an answer under the lease of another worker counts',
    machine,
    'if (lease === undefined || lease.worker !== worker) {',
    'if (lease === undefined) {',
  ),
  edit(
    'a restarted worker keeps its id: no incarnation',
    worker,
    'workerId(`${this.name}.${++this.#incarnation}`)',
    'workerId(this.name)',
  ),
  edit(
    'a lease stays in force after its result: the same answer counts twice',
    machine,
    'releaseLease(state, lease);\n  const holder',
    'const holder',
  ),
  edit(
    'leases of a lost worker stay in force: its late results count',
    membership,
    'releaseLease(state, lease);\n    const round',
    'const round',
  ),
  edit(
    'tasks of a lost worker are forgotten',
    membership,
    'returned += returnTasks(round, lease);',
    'returned += round.taskCount - round.taskCount;',
  ),
  edit('a failed task is forgotten', machine, 'returnTasks(round, lease);\n  effects', 'effects'),
  edit(
    'one failure of a task ends the run',
    machine,
    'if (failures >= state.taskFailuresMax)',
    'if (failures >= 1)',
  ),
  edit('returned tasks are not sorted in', membership, 'round.waiting.sort((a, b) => a - b);', ''),
  edit('a leaving worker is given work', machine, 'worker.able = false;', ''),
  edit(
    'a worker is given one task more than it has slots',
    roster,
    'if (load >= worker.slots ||',
    'if (load > worker.slots ||',
  ),
  edit('blocks are not aligned', block, 'first % next === 0 && ', ''),
  edit('blocks take tasks in that do not wait', block, ' && waiting[next - 1] === first + next - 1', ''),
  edit(
    'a silent worker is never given up',
    membership,
    'if (silentMs <= state.heartbeatTimeoutMs) continue;',
    'if (silentMs <= state.heartbeatTimeoutMs || silentMs > 0) continue;',
  ),
  edit(
    'heartbeats are not noted',
    machine,
    'if (worker !== undefined) worker.lastHeardMs = state.clock.nowMs;',
    'if (worker === undefined) return;',
  ),
  edit(
    'a worker that was given up is not told',
    membership,
    "effects.push({ type: 'dismiss-worker', worker: worker.id, reason, mayReturn: true });",
    '',
  ),
  edit(
    'a leap of the own clock is taken for silence of the workers',
    fleetState,
    'Math.min(Math.max(0, passedMs), limits.heartbeatTimeoutMs / 4)',
    'passedMs',
  ),
  edit(
    'a round closes one task early',
    machine,
    'if (round.done.size === round.taskCount) {',
    'if (round.done.size >= round.taskCount - 1) {',
  ),
  edit(
    'an epoch has one step too many',
    plan,
    'stepInEpoch === stepsPerEpoch(plan) && plan',
    'stepInEpoch > stepsPerEpoch(plan) && plan',
  ),
  edit('a step is skipped', plan, 'stepInEpoch += 1;', 'stepInEpoch += 2;'),
  edit('the run ends an epoch early', plan, 'epoch >= plan.epochs', 'epoch >= Math.max(1, plan.epochs - 1)'),
];
