import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { HostError } from '../base/errors.ts';
import { isMinimalKernel, parseMinimalKernel } from '../kernels/minimal-kernel.ts';
import { buildKernel } from './kernel-build.ts';

describe('a minimal kernel', () => {
  test('is named by its series', () => {
    expect(parseMinimalKernel('min:6.12')).toEqual({ series: '6.12', debug: false });
    expect(parseMinimalKernel('min:newest+debug')).toEqual({ series: 'newest', debug: true });
    expect(['min:6.12', '6.12', './min'].map(isMinimalKernel)).toEqual([true, false, false]);
  });

  test.each(['min:', 'min:6', 'min:6.12.1', 'min:6.12+fast'])('%s names none', (selector) => {
    expect(() => parseMinimalKernel(selector)).toThrow(`"${selector}" names no minimal kernel.`);
  });

  test('is not built without the tools: one command gets them', async () => {
    const nothing = await mkdtemp(join(tmpdir(), 'kernspec-no-tools-'));
    const { PATH } = process.env;
    try {
      process.env['PATH'] = nothing;
      const error = await buildKernel('min:6.12').catch((reason: unknown) => reason);
      expect(String(error)).toContain('this computer lacks make, gcc, flex, bison, bc, xz-utils');
      expect((error as HostError).hint).toMatch(/apt-get install .*make gcc flex bison bc xz-utils/);
    } finally {
      process.env['PATH'] = PATH;
      await rm(nothing, { recursive: true });
    }
  });
});
