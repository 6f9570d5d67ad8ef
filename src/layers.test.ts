import { ESLint, type Linter } from 'eslint';
import { expect, test } from 'vitest';
import { projectRoot } from './base/paths.ts';

/** What the import rule of eslint.config.js says to one import in a file of ours. */
const complaints = async (file: string, specifier: string): Promise<readonly string[]> => {
  const { rules } = (await new ESLint({ cwd: projectRoot }).calculateConfigForFile(file)) as {
    readonly rules: Record<string, Linter.RuleEntry>;
  };
  const rule = rules['no-restricted-imports'] ?? 'off';
  const alone = new ESLint({
    cwd: projectRoot,
    overrideConfigFile: true,
    overrideConfig: { files: ['**/*.ts'], rules: { 'no-restricted-imports': rule } },
  });
  const [result] = await alone.lintText(`import '${specifier}';`, { filePath: file });
  return result?.messages.map(({ message }) => message) ?? [];
};

test.each([
  ['src/base/lock.ts', '../claims/claim.ts', 'Imports go downwards'],
  ['src/claims/claim.ts', '../harness/spec.ts', 'Imports go downwards'],
  ['src/claims/claim.ts', '../../vm/machine.ts', 'Imports go downwards'],
  ['src/harness/guest.ts', '../provision/kernels.ts', 'Imports go downwards'],
  ['vm/machine.ts', '../src/harness/guest.ts', 'Imports go downwards'],
  ['vm/machine.ts', 'execa', 'Use src/base/process.ts'],
  ['src/cli/main.ts', 'ssh2', 'Use vm/link/ssh.ts'],
  ['specs/signal/x.spec.ts', '../../src/harness/guest.ts', 'A spec imports src/harness/index.ts alone'],
  ['specs/signal/x.spec.ts', 'vitest', 'Use src/harness/spec.ts'],
])('%s may not import %s', async (file, specifier, sentence) => {
  expect((await complaints(file, specifier)).join()).toContain(sentence);
});

test.each([
  ['src/harness/guest.ts', '../../vm/machine.ts'],
  ['vm/machine.ts', '../src/base/lock.ts'],
  ['src/base/process.ts', 'execa'],
  ['src/cli/prepare.ts', '../provision/kernels.ts'],
  ['specs/signal/x.spec.ts', '../../src/harness/index.ts'],
])('%s may import %s', async (file, specifier) => {
  expect(await complaints(file, specifier)).toEqual([]);
});
