import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NothingSelectedError } from '../base/errors.ts';
import { projectRoot } from '../base/paths.ts';
import { fails, holds, seen, untested, verdictOf } from './check.ts';
import { allChecks, selectChecks } from './checks.ts';
import { KnownInits, targetOf } from './known.ts';
import { expand, expandText, takesCommand } from './target.ts';

describe('the checks', () => {
  it('are 69: 32 MUST, 19 SHOULD, 5 MAY, 13 traits', () => {
    const count = (level: string): number => allChecks.filter((check) => check.level === level).length;
    expect(allChecks).toHaveLength(69);
    expect([count('MUST'), count('SHOULD'), count('MAY'), count('trait')]).toEqual([32, 19, 5, 13]);
  });

  it('have ids of their own, a sentence, and a source', () => {
    expect(new Set(allChecks.map(({ id }) => id)).size).toBe(69);
    for (const { id, statement, sources } of allChecks) {
      expect(id).toMatch(/^(START|ENV|SIG|STOP|EXIT|REAP|TTY|NP1|ROB|COST)(-[A-Z0-9]+)*$/);
      expect(statement).toMatch(/\.$/);
      expect(sources.length).toBeGreaterThan(0);
    }
  });

  it('of each duty can be asked of a program that does nothing, or of our reference', () => {
    const duties = allChecks.filter(({ duty }) => duty !== undefined).map(({ id }) => id);
    expect(duties).toEqual([
      'SIG-TERM',
      'STOP-EXIT',
      'STOP-DFL',
      'STOP-BARE',
      'STOP-GRACEFUL',
      'REAP-ONE',
      'REAP-EXEC',
    ]);
  });

  it('mean a pass, a fail, a remark or a reason by level', () => {
    expect(verdictOf('MUST', holds('x'))).toBe('pass');
    expect(verdictOf('MUST', fails('x'))).toBe('fail');
    expect(verdictOf('SHOULD', fails('x'))).toBe('non-strict');
    expect(verdictOf('MAY', fails('x'))).toBe('info');
    expect(verdictOf('trait', seen('x'))).toBe('info');
    expect(verdictOf('MUST', untested('x'))).toBe('untested');
  });
});

describe('a selection of checks', () => {
  it('is all, one, an area, or the core', () => {
    expect(selectChecks([])).toHaveLength(69);
    expect(selectChecks(['SIG-TERM']).map(({ id }) => id)).toEqual(['SIG-TERM', 'SIG-TERM-IN']);
    expect(selectChecks(['tty']).map(({ id }) => id)).toEqual(['TTY-INT', 'TTY-JOBS']);
    expect(selectChecks(['core'])).toHaveLength(20);
  });

  it('names what is near a wrong id', () => {
    expect(() => selectChecks(['SIG-TERN'])).toThrow(NothingSelectedError);
    expect(() => selectChecks(['SIG-TERN'])).toThrow('There is no check "SIG-TERN".');
  });
});

describe('a target', () => {
  it('gets its command as words, or as a shell wants it', () => {
    const command = ['/run/app', 'a b', "it's"];
    expect(expand(['tini', '--', '{cmd}'], command, '/d')).toEqual(['tini', '--', '/run/app', 'a b', "it's"]);
    expect(expand(['sh', '-c', '{cmd}; exit'], command, '/d')).toEqual(['sh', '-c', `/run/app 'a b' 'it'\\''s'; exit`]);
    expect(expandText('exec {cmd} > {dir}/log', ['/x'], '/d')).toBe('exec /x > /d/log');
  });

  it('takes a command in its command line or in a file', () => {
    expect(takesCommand({ argv: ['sleep', '1'] })).toBe(false);
    expect(takesCommand({ argv: ['sh', '-c', '{cmd}'] })).toBe(true);
    expect(takesCommand({ argv: ['s6-svscan', '{dir}'], files: { run: 'exec {cmd}' } })).toBe(true);
  });
});

describe('the catalogue of inits', () => {
  const known = KnownInits.parse(JSON.parse(readFileSync(join(projectRoot, 'guest/inits/known.json'), 'utf8')));

  it('has names of their own, and a command for all that run one', () => {
    expect(new Set(known.map(({ name }) => name)).size).toBe(known.length);
    for (const init of known)
      expect([init.name, takesCommand(targetOf(init))]).toEqual([init.name, init.role !== 'bare']);
  });

  it('becomes targets', () => {
    const tini = known.find(({ name }) => name === 'tini');
    expect(tini === undefined ? undefined : targetOf(tini)).toEqual({
      name: 'tini',
      argv: ['tini', '--', '{cmd}'],
      role: 'wrapper',
      stopSignal: 'TERM',
      endsOn: ['TERM', 'INT', 'QUIT', 'HUP', 'USR1', 'USR2', 'PWR'],
      variants: {
        remap: ['tini', '-e', '143', '--', '{cmd}'],
        parentDeath: ['tini', '-s', '-p', 'SIGTERM', '--', '{cmd}'],
      },
    });
  });
});
