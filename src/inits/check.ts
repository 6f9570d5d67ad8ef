import type { Bench } from './bench.ts';

/** How much a check weighs: must a conforming init do this, should it, may it, or is it a choice. (RFC 2119) */
export type Level = 'MUST' | 'SHOULD' | 'MAY' | 'trait';

/**
 * What a program is to the container: it runs one command, it keeps services running, or it is the application itself; the
 * last may have a reaper within itself from a library, and runs our command for every number from 0 to 199 then.
 */
export const roles = ['wrapper', 'supervisor', 'bare', 'library'] as const;
export type Role = (typeof roles)[number];

/** The three duties of PID 1: pass on TERM, end on a TERM from outside, reap orphans. */
export type Duty = 'D1' | 'D2' | 'D3';

/** What a check has found. `holds` is left out where there is nothing to hold: a trait, a number. */
export type Finding =
  | { readonly holds?: boolean; readonly actual: string }
  /** It could not be made, and says nothing. */
  | { readonly untested: string };

/** One requirement of a program that runs as PID 1, and the way to find out. */
export interface Check {
  /** `SIG-TERM`: stable for ever. */
  readonly id: string;
  readonly level: Level;
  readonly duty?: Duty;
  /** Of whom it can be asked. */
  readonly roles: readonly Role[];
  /** One sentence. */
  readonly statement: string;
  /** What is looked for. */
  readonly expected: string;
  /** Where it comes from: man pages, kernel functions, issue threads. */
  readonly sources: readonly string[];
  /** What our broken init does wrong so that it must fail the check: a requirement that nobody fails says nothing. (guest/inits/broken.c, library.c) */
  readonly brokenBy?: string;
  /** Nothing else may run in the machine meanwhile: it measures time or does much at once. */
  readonly alone?: true;
  /** It waits for time to pass more than for the machine: it may do so beside those that keep the machine busy. */
  readonly patient?: true;
  readonly run: (bench: Bench) => Promise<Finding>;
}

export const holds = (actual: string): Finding => ({ holds: true, actual });
export const fails = (actual: string): Finding => ({ holds: false, actual });
export const judged = (ok: boolean, actual: string): Finding => ({ holds: ok, actual });
export const seen = (actual: string): Finding => ({ actual });
export const untested = (reason: string): Finding => ({ untested: reason });

/** `pass`, `fail` (a MUST), `non-strict` (a SHOULD), `info` (a trait or a MAY), `untested` (with its reason, never a pass). */
export const initVerdicts = ['pass', 'fail', 'non-strict', 'info', 'untested'] as const;
export type InitVerdict = (typeof initVerdicts)[number];

/** What a finding means for a check of this level. */
export const verdictOf = (level: Level, finding: Finding): InitVerdict => {
  if ('untested' in finding) return 'untested';
  if (level === 'MAY' || level === 'trait') return 'info';
  if (finding.holds === true) return 'pass';
  return level === 'MUST' ? 'fail' : 'non-strict';
};
