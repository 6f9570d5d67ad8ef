import type { Reporter, TestCase, TestModule } from 'vitest/node';
import type { SpecOutcome } from './spec-test.ts';

/** What the main process is told while a run goes on. */
export interface RunListener {
  /** A claim has been judged. */
  onOutcome(outcome: SpecOutcome): void;
  /** Something broke outside any claim: a worker died, a spec file could not be loaded. */
  onTrouble(trouble: { readonly kernel: string; readonly claim?: string; readonly message: string }): void;
}

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
    const claim = testCase.name.split(' ')[0] ?? testCase.name;
    if (result.state === 'failed') listener.onTrouble({ kernel: testCase.project.name, claim, message });
  },
  onTestModuleEnd(testModule: TestModule) {
    for (const { message } of testModule.errors())
      listener.onTrouble({ kernel: testModule.project.name, message: `${testModule.relativeModuleId}: ${message}` });
  },
});
