import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { kernelProjects } from './src/harness/vitest/projects.ts';

/** Tests that boot machines; the others are fast and need none. */
const withMachines = '**/*.machine.test.ts';

/** Tests that break things and take their time. */
const withFaults = '**/*.fault.test.ts';

const unit: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: 'unit',
    include: ['{src,vm,guest,specs,kernel-configs}/**/*.test.ts'],
    exclude: [withMachines, withFaults],
    testTimeout: 20_000,
  },
};

const machine: TestProjectInlineConfiguration = {
  extends: true,
  test: { name: 'machine', include: [withMachines], testTimeout: 120_000, hookTimeout: 600_000 },
};

const faults: TestProjectInlineConfiguration = {
  extends: true,
  // One by one: they count on the machines they break.
  test: { name: 'faults', include: [withFaults], fileParallelism: false, testTimeout: 300_000, hookTimeout: 600_000 },
};

export default defineConfig({ test: { projects: [unit, machine, faults, ...kernelProjects()] } });
