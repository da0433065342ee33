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

const results = 'libs/run/src/results.ts';
const holding = 'libs/run/src/holding.ts';
const quarantine = 'libs/run/src/quarantine.ts';
const placement = 'libs/run/src/placement.ts';
const membership = 'libs/run/src/membership.ts';
const plan = 'libs/run/src/plan.ts';
const block = 'libs/run/src/block.ts';
const tree = 'libs/params/src/canonical-tree.ts';
const reduction = 'libs/params/src/reduction.ts';
const optimizer = 'libs/params/src/optimizer.ts';
const fleetState = 'libs/run/src/fleet-state.ts';
const roster = 'libs/run/src/roster.ts';
const driver = 'tests/simulation/coordinator.ts';
const disk = 'tests/simulation/disk.ts';
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
  edit(
    'the memory of a sum is let go while it is still needed',
    reduction,
    'if (right.owned && right.values !== sum.values) release(right.values);',
    'if (right.owned) release(sum.values);',
  ),
  {
    bug: 'mean of means: blocks are averaged, then their averages',
    edits: [
      {
        file: training,
        find: 'values: gradient.slice()',
        replace: 'values: gradient.map((value) => (value / groupCount) * 2 ** block.level)',
      },
      {
        file: training,
        find: 'divideByCount(gradient, groups);',
        replace: 'divideByCount(gradient, Math.ceil(groups / microBatchSize(this.plan)));',
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
    'this.voidRound();\n    this.#publish();\n  }',
    'this.voidRound();\n  }',
  ),
  edit(
    'a worker computes with the weights it has, not with those it is told',
    worker,
    'this.#coordinator.weights(task.weightsName)',
    '(this.kept ??= this.#coordinator.weights(task.weightsName))',
  ),
  edit(
    'an answer under the lease of another worker counts',
    results,
    'if (lease === undefined || lease.worker !== id) {',
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
    results,
    'releaseLease(state, lease);\n  worker.tasksDone',
    'worker.tasksDone',
  ),
  edit(
    'leases of a lost worker stay in force: its late results count',
    quarantine,
    'releaseLease(state, lease);\n    const round',
    'const round',
  ),
  edit(
    'tasks of a lost worker are forgotten',
    quarantine,
    'returned += returnIfIdle(round, lease);\n    const holding = round.holdings.get(keyOf(lease.block));\n    if (holding !== undefined && lease.superseded === null) reconsider(state, round, holding);',
    '',
  ),
  edit(
    'a failed task is forgotten',
    results,
    'returnIfIdle(round, lease);\n  const holding = round.holdings.get(keyOf(lease.block));\n  if (holding !== undefined) reconsider(state, round, holding);',
    '',
  ),
  edit(
    'one failure of a task ends the run',
    results,
    'if (failures >= state.limits.taskFailuresMax)',
    'if (failures >= 1)',
  ),
  edit('returned tasks are not sorted in', holding, 'round.waiting.sort((a, b) => a - b);', ''),
  edit('a leaving worker is given work', quarantine, 'worker.able = !worker.draining && ', 'worker.able = '),
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
    'if (silentMs > heartbeatTimeoutMs) {',
    'if (silentMs < 0) {',
  ),
  edit(
    'heartbeats are not noted',
    membership,
    'worker.lastHeardMs = state.clock.nowMs;\n  if (!worker.silent) return;',
    'if (!worker.silent) return;',
  ),
  edit(
    'a worker that was given up is not told',
    membership,
    "effects.push({ type: 'dismiss-worker', worker: worker.id, reason, mayReturn });",
    '',
  ),
  edit(
    'a leap of the own clock is taken for silence of the workers',
    fleetState,
    'Math.min(Math.max(0, passedMs), limits.suspectMs / 2)',
    'passedMs',
  ),
  edit(
    'a round closes one task early',
    results,
    'if (round.done.size < round.taskCount) return;',
    'if (round.done.size < round.taskCount - 1) return;',
  ),
  edit(
    'the second result of a block that was given out twice counts as well',
    results,
    'if (lease !== undefined) lease.superseded = { digest, by: worker };',
    '',
  ),
  edit(
    'a block that is late is given to the worker that has it',
    placement,
    'isOfClass(run, candidate) && !involved.has(candidate.id) && isComparable',
    'isOfClass(run, candidate) && isComparable',
  ),
  edit(
    'audit ignored: one result is enough where two must agree',
    results,
    'if (agreeing.size >= 2 || (!disputed && holding.wanted === 1)) {',
    'if (agreeing.size >= 1) {',
  ),
  edit(
    'of two that disagree the later is believed',
    results,
    'if (agreeing.size >= 2 || (!disputed',
    'if (agreeing.size >= 2 || disputed || (!disputed',
  ),
  edit(
    'a worker confirms its own result',
    placement,
    'may(candidate) && !voices.has(candidate.id));',
    'may(candidate));',
  ),
  edit(
    'a paused run is given out',
    placement,
    "if (run.phase !== 'running' || run.round === null) continue;\n    if (run.round.waiting",
    "if ((run.phase !== 'running' && run.phase !== 'paused') || run.round === null) continue;\n    if (run.round.waiting",
  ),
  edit(
    'a journal record is dropped now and then',
    disk,
    'this.journal[number] = record;',
    'if (number % 7 !== 3) this.journal[number] = record;',
  ),
  edit(
    'sent before written: a step is told of while its record is on the way to the disk',
    driver,
    'this.#training.closeRound(place);\n',
    'this.#training.closeRound(place);\n      this.#roundsTold = Math.max(this.#roundsTold, this.#invariants.firstRound + round + 1);\n',
  ),
  edit(
    'a disk that fails is taken for one that has written',
    driver,
    'if (!written) {',
    'if (written === undefined) {',
  ),
  edit(
    'off by one: a restart leaves a step out',
    training,
    'this.#position = position;\n    this.#weights.set',
    'this.#position = positionAfter(this.plan, position, false);\n    this.#weights.set',
  ),
  edit(
    'a restart forgets the moments of the optimiser',
    training,
    'this.#optimizer.importState(optimizer);',
    '',
  ),
  edit(
    'a checkpoint holds the weights that the next steps change',
    training,
    'weights: this.#weights.slice(),',
    'weights: this.#weights,',
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
