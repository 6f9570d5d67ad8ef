import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { kernelProjects } from './src/harness/vitest/projects.ts';

const unit: TestProjectInlineConfiguration = {
  extends: true,
  test: { name: 'unit', include: ['{src,vm,guest,specs,kernel-configs}/**/*.test.ts'], testTimeout: 20_000 },
};

export default defineConfig({ test: { projects: [unit, ...kernelProjects()] } });
