/** All that a spec imports. Free of vitest, so that claims can be listed without running it. */
export { byKernel } from '../claims/expectation.ts';
export { commit, kernelSource, man } from '../claims/claim.ts';
export { actor, command, inCgroup, node, shell, tini } from './fixture.ts';
export { spec } from './spec.ts';
export { tells } from './transcript-spec.ts';
export type { RunningFixture } from './running-fixture.ts';
export { exitOf, signalResult, signalsTakenBy, signalsTo } from '../evidence/kernel-trace.ts';
export type { KernelEvent } from '../evidence/kernel-trace.ts';
