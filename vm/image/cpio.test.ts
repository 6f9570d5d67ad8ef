import { describe, expect, test } from 'vitest';
import { cpioArchive } from './cpio.ts';

const archive = cpioArchive([
  { type: 'file', path: 'init', mode: 0o755, content: Buffer.from('hello') },
  { type: 'directory', path: '.', mode: 0o755 },
  { type: 'device', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
  { type: 'symlink', path: 'bin', target: 'usr/bin' },
]);

describe('cpioArchive', () => {
  test('begins with the root directory: inode 1, mode 40755, two links, a name of two bytes', () => {
    expect(archive.subarray(0, 112).toString()).toBe(
      '070701' +
        '00000001' +
        '000041ed' +
        '00000000'.repeat(2) +
        '00000002' +
        '00000000'.repeat(5) +
        '00000000' +
        '00000002' +
        '00000000' +
        '.\0',
    );
  });

  test('writes members sorted by path, each header and content on a multiple of four', () => {
    const names = [...archive.toString('latin1').matchAll(/070701[0-9a-f]{104}([^\0]+)\0/g)];
    expect(names.map(([, name]) => name)).toEqual(['.', 'bin', 'dev/console', 'init', 'TRAILER!!!']);
    expect(names.map(({ index }) => index % 4)).toEqual([0, 0, 0, 0, 0]);
  });

  test('gives a device node its numbers and a symlink its target', () => {
    const text = archive.toString('latin1');
    const node = text.slice(text.indexOf('dev/console') - 110, text.indexOf('dev/console'));
    expect(node.slice(14, 22)).toBe('00002180');
    expect([node.slice(78, 86), node.slice(86, 94)]).toEqual(['00000005', '00000001']);
    expect(text).toContain('bin\0\0\0usr/bin');
  });

  test('is a multiple of 512 long, and the same for the same members in any order', () => {
    expect(archive.length % 512).toBe(0);
    const two = [
      { type: 'directory', path: 'b', mode: 0o755 },
      { type: 'directory', path: 'a', mode: 0o755 },
    ] as const;
    expect(cpioArchive(two).equals(cpioArchive(two.toReversed()))).toBe(true);
  });
});
