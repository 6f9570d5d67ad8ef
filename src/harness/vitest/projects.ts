import { join } from 'node:path';
import type { TestProjectInlineConfiguration } from 'vitest/config';
import { projectRoot } from '../../base/paths.ts';
import { currentPlan } from '../plan.ts';

/** One vitest project for each kernel of the plan; none outside a run of kernspec. Kernels × spec files share the workers. */
export const kernelProjects = (): TestProjectInlineConfiguration[] => {
  const plan = currentPlan();
  return (plan?.kernels ?? []).map(({ kernel }) => ({
    extends: true,
    test: {
      name: kernel.id,
      include: [...(plan?.specFiles ?? [])],
      env: { KERNSPEC_KERNEL: kernel.id },
      pool: 'forks',
      isolate: false,
      setupFiles: [join(projectRoot, 'src/harness/vitest/setup.ts')],
      testTimeout: 0,
      hookTimeout: 0,
      retry: 0,
    },
  }));
};
