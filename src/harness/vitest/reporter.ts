import type { Reporter, TestCase, TestModule, TestRunEndReason } from 'vitest/node';
import { messageOf } from '../../base/errors.ts';
import type { SpecOutcome } from './spec-test.ts';

/** What the main process is told while a run goes on. */
export interface RunListener {
  /** A claim has been judged. */
  onOutcome(outcome: SpecOutcome): void;
  /** Something broke outside any claim: a worker died, a spec file could not be loaded. */
  onTrouble(trouble: { readonly kernel: string; readonly claim?: string; readonly message: string }): void;
}

const claimOf = ({ name }: TestCase): string => name.split(' ')[0] ?? name;

/** An error of vitest's own says little; its cause says more. */
export const sayings = (errors: readonly unknown[]): readonly string[] =>
  errors.map((error) =>
    error instanceof Error && error.cause !== undefined
      ? `${error.message} ${messageOf(error.cause)}.`
      : messageOf(error),
  );

/** Passes on what the workers report, as it comes. */
export const runReporter = (listener: RunListener): Reporter => ({
  onTestCaseResult(testCase: TestCase) {
    const { outcome } = testCase.meta();
    if (outcome !== undefined) {
      listener.onOutcome(outcome);
      return;
    }
    const result = testCase.result();
    const message = result.errors?.map((error) => error.message).join('; ') ?? 'it was not run';
    if (result.state === 'failed')
      listener.onTrouble({ kernel: testCase.project.name, claim: claimOf(testCase), message });
  },
  onTestModuleEnd(testModule: TestModule) {
    for (const { message } of testModule.errors())
      listener.onTrouble({ kernel: testModule.project.name, message: `${testModule.relativeModuleId}: ${message}` });
  },
  onTestRunEnd(testModules: readonly TestModule[], unhandledErrors: readonly unknown[], reason: TestRunEndReason) {
    if (reason === 'interrupted') return;
    // Their worker has died; vitest lets them pend.
    const message = ['It did not come to its end.', ...sayings(unhandledErrors)].join(' ');
    for (const testModule of testModules)
      for (const testCase of testModule.children.allTests())
        if (testCase.result().state === 'pending')
          listener.onTrouble({ kernel: testCase.project.name, claim: claimOf(testCase), message });
  },
});
