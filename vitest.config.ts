import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { kernelProjects } from './src/harness/vitest/projects.ts';

/** Tests that boot machines; the others are fast and need none. */
const withMachines = '**/*.machine.test.ts';

const unit: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: 'unit',
    include: ['{src,vm,guest,specs,kernel-configs}/**/*.test.ts'],
    exclude: [withMachines],
    testTimeout: 20_000,
  },
};

const machine: TestProjectInlineConfiguration = {
  extends: true,
  test: { name: 'machine', include: [withMachines], testTimeout: 120_000, hookTimeout: 600_000 },
};

export default defineConfig({ test: { projects: [unit, machine, ...kernelProjects()] } });
