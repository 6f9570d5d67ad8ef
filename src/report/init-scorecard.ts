import { styleText } from 'node:util';
import { allChecks, sections } from '../inits/checks.ts';
import { initVerdicts, type Duty, type InitVerdict } from '../inits/check.ts';
import { printableLine } from './printable.ts';
import { counts, type InitRecord, type InitResult, type TargetRecord } from './init-record.ts';

type Format = Parameters<typeof styleText>[0];

const marks: Readonly<Record<InitVerdict, { readonly mark: string; readonly format: Format }>> = {
  pass: { mark: '✓', format: 'green' },
  fail: { mark: '✗', format: 'red' },
  'non-strict': { mark: '!', format: 'yellow' },
  info: { mark: '·', format: 'cyan' },
  untested: { mark: '–', format: 'gray' },
};

const duties: Readonly<Record<Duty, string>> = {
  D1: 'stop reaches the command',
  D2: 'stop ends PID 1',
  D3: 'orphans are reaped',
};

/** The worst verdict of the checks that make up a duty; untested when none was made. */
export const dutyVerdicts = (results: readonly InitResult[]): Readonly<Record<Duty, InitVerdict>> => {
  const of = (duty: Duty): InitVerdict => {
    const ids = new Set(allChecks.filter((check) => check.duty === duty).map(({ id }) => id));
    const verdicts = results.filter(({ check }) => ids.has(check)).map(({ verdict }) => verdict);
    if (verdicts.includes('fail')) return 'fail';
    return verdicts.includes('pass') ? 'pass' : 'untested';
  };
  return { D1: of('D1'), D2: of('D2'), D3: of('D3') };
};

export const countOf = (results: readonly InitResult[], verdict: InitVerdict): number =>
  results.filter((result) => result.verdict === verdict).length;

/** A scorecard for each target: the three duties, the checks by section, and what failed once more. */
export const scorecards = (record: InitRecord, { color }: { readonly color: boolean }): string => {
  const paint = (format: Format, text: string): string =>
    color ? styleText(format, text, { validateStream: false }) : text;
  const mark = (verdict: InitVerdict): string => paint(marks[verdict].format, marks[verdict].mark);
  const detail = (result: InitResult): readonly string[] => {
    const check = allChecks.find(({ id }) => id === result.check);
    return [
      `      -> ${check?.statement ?? ''}`,
      `         Expected: ${printableLine(result.expected)}`,
      `           Actual: ${printableLine(result.actual)}`,
    ];
  };
  const line = (result: InitResult): readonly string[] => {
    const told =
      result.verdict === 'untested'
        ? (result.reason ?? '')
        : result.verdict === 'pass' || result.verdict === 'info'
          ? result.actual
          : '';
    const head = `    ${mark(result.verdict)} ${result.check.padEnd(16)} ${paint('gray', result.level.padEnd(6))} ${printableLine(told)}`;
    const bad = result.verdict === 'fail' || result.verdict === 'non-strict';
    return bad ? [head.trimEnd(), ...detail(result)] : [head.trimEnd()];
  };
  const card = (target: TargetRecord): string => {
    const kernel = record.kernels.find(({ id }) => id === target.kernel);
    const verdicts = dutyVerdicts(target.results);
    const headline = (Object.keys(duties) as Duty[])
      .map((duty) => `${mark(verdicts[duty])} ${duty} ${duties[duty]}`)
      .join('   ');
    const pending = target.results.find(({ check }) => check === 'START-PENDING');
    const listed = sections.flatMap(({ title, checks }) => {
      const results = checks.flatMap(({ id }) => target.results.filter(({ check }) => check === id));
      return results.length === 0 ? [] : [`  ${paint('bold', title)}`, ...results.flatMap(line)];
    });
    const failed = target.results.filter((result) => counts(result, record.strict));
    return [
      paint('bold', `${printableLine(target.name)} on Linux ${kernel?.release ?? target.kernel}`),
      `  ${printableLine(target.argv.join(' '))}`,
      '',
      `  ${headline}`,
      ...(pending?.verdict === 'non-strict' ? [`  ${mark('non-strict')} START-PENDING: ${pending.actual}`] : []),
      '',
      ...listed,
      ...(failed.length === 0
        ? []
        : [
            '',
            '  Failures',
            ...failed.map(({ check, reproduce }) => `    ${check.padEnd(16)} ${printableLine(reproduce)}`),
          ]),
      '',
      `  ${target.results.length} checks: ${initVerdicts.map((verdict) => `${countOf(target.results, verdict)} ${verdict}`).join(', ')}`,
    ].join('\n');
  };
  return record.targets.map(card).join('\n\n');
};

/** Targets × checks, for many targets. */
export const initTable = (record: InitRecord, { color }: { readonly color: boolean }): string => {
  const paint = (format: Format, text: string): string =>
    color ? styleText(format, text, { validateStream: false }) : text;
  const width = Math.max(...record.targets.map(({ name }) => name.length), 4);
  const rows = record.targets.map((target) => {
    const verdicts = dutyVerdicts(target.results);
    const cells = (['D1', 'D2', 'D3'] as const).map((duty) =>
      paint(marks[verdicts[duty]].format, marks[verdicts[duty]].mark),
    );
    const bad = target.results.filter(({ verdict }) => verdict === 'fail').map(({ check }) => check);
    const soft = countOf(target.results, 'non-strict');
    return `${printableLine(target.name).padEnd(width)}  ${target.kernel.padEnd(18)} ${cells.join('  ')}   ${String(countOf(target.results, 'pass')).padStart(2)} pass  ${soft} non-strict  ${bad.length === 0 ? '' : `fails ${bad.join(' ')}`}`.trimEnd();
  });
  return [`${'init'.padEnd(width)}  ${'kernel'.padEnd(18)} D1 D2 D3`, ...rows].join('\n');
};
