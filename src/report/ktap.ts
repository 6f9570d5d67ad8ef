import type { Claim } from '../claims/claim.ts';
import type { RecordedResult, RunRecord } from './record.ts';

const line = ({ claim, verdict, reason }: RecordedResult, number: number): string => {
  const why = (reason ?? '').split('\n')[0]?.replaceAll('#', '') ?? '';
  switch (verdict) {
    case 'holds':
      return `ok ${number} ${claim}`;
    case 'violated':
      return `not ok ${number} ${claim}`;
    case 'inapplicable':
      return `ok ${number} ${claim} # SKIP ${why}`.trimEnd();
    case 'inconclusive':
      return `not ok ${number} ${claim} # ERROR ${why}`.trimEnd();
  }
};

/** The record as KTAP, version 1: a test for each kernel, a subtest for each claim. (Documentation/dev-tools/ktap.rst) */
export const toKtap = ({ kernels, results }: RunRecord, claims: readonly Pick<Claim, 'id' | 'statement'>[]): string => {
  const statements = new Map(claims.map(({ id, statement }) => [id, statement]));
  const tests = kernels.flatMap(({ id, release }, index) => {
    const own = results.filter(({ kernel }) => kernel === id);
    const passed = own.every(({ verdict }) => verdict === 'holds' || verdict === 'inapplicable');
    const subtests = own.flatMap((result, at) => [
      ...(result.verdict === 'violated' ? [`# ${statements.get(result.claim) ?? ''}`] : []),
      line(result, at + 1),
    ]);
    return [
      ...['KTAP version 1', `1..${own.length}`, ...subtests].map((text) => `  ${text}`),
      `${passed ? 'ok' : 'not ok'} ${index + 1} ${release}`,
    ];
  });
  return `${['KTAP version 1', `1..${kernels.length}`, ...tests].join('\n')}\n`;
};
