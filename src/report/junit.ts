import type { Claim } from '../claims/claim.ts';
import type { RecordedResult, RunRecord } from './record.ts';

/** Text for XML 1.0: what its grammar forbids becomes U+FFFD, what it gives a meaning is escaped. (XML 1.0 §2.2, §2.4) */
export const xmlText = (text: string): string =>
  text
    .replaceAll(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');

const outcome = ({ verdict, reason = '', reproduce }: RecordedResult): string => {
  const [first = ''] = reason.split('\n');
  const body = xmlText(`${reason}\n${reproduce}`);
  if (verdict === 'violated') return `<failure message="${xmlText(first)}">${body}</failure>`;
  if (verdict === 'inconclusive') return `<error message="${xmlText(first)}">${body}</error>`;
  return verdict === 'inapplicable' ? `<skipped message="${xmlText(first)}"/>` : '';
};

/** The record as JUnit XML: a test suite for each kernel. */
export const toJunit = (
  { kernels, results }: RunRecord,
  claims: readonly Pick<Claim, 'id' | 'statement'>[],
): string => {
  const statements = new Map(claims.map(({ id, statement }) => [id, statement]));
  const suites = kernels.map(({ id, release }) => {
    const own = results.filter(({ kernel }) => kernel === id);
    const count = (verdict: RecordedResult['verdict']): number =>
      own.filter((result) => result.verdict === verdict).length;
    const cases = own.map((result) => {
      const name = xmlText(`${result.claim}: ${statements.get(result.claim) ?? ''}`);
      return `    <testcase classname="${xmlText(release)}" name="${name}" time="${(result.ms / 1000).toFixed(3)}">${outcome(result)}</testcase>`;
    });
    const counts = `tests="${own.length}" failures="${count('violated')}" errors="${count('inconclusive')}" skipped="${count('inapplicable')}"`;
    return [`  <testsuite name="${xmlText(release)}" ${counts}>`, ...cases, '  </testsuite>'].join('\n');
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="kernspec">\n${suites.join('\n')}\n</testsuites>\n`;
};
