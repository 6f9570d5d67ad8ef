import { describe, expect, test } from 'vitest';
import { inspectBootImage, releaseInBanner } from './boot-image.ts';
import { isNewerSeries } from './version.ts';
import { isOwnKernel, parseOwnKernel, versionInRelease } from './own-kernel.ts';

/** The beginning of a bzImage: what boot.rst says of the setup header. */
const bzImage = ({ flags = 0x7f, release = '6.12.1-mine' } = {}): Buffer => {
  const image = Buffer.alloc(0x4000);
  image.write('HdrS', 0x202, 'latin1');
  image.writeUInt16LE(0x20f, 0x206);
  image.writeUInt16LE(0x3000, 0x20e);
  image.writeUInt16LE(flags, 0x236);
  image.write(`${release} (me@here) #1 SMP\0`, 0x3200, 'latin1');
  return image;
};

const elf = (machine: number, type = 2): Buffer => {
  const image = Buffer.alloc(64);
  image.write('\x7fELF', 0, 'latin1');
  image.writeUInt16LE(type, 16);
  image.writeUInt16LE(machine, 18);
  return image;
};

describe('inspectBootImage', () => {
  test('a bzImage says its release', () => {
    expect(inspectBootImage(bzImage(), 'k')).toEqual({ format: 'bzImage', release: '6.12.1-mine' });
  });

  test('a vmlinux does not', () => {
    expect(inspectBootImage(elf(62), 'k')).toEqual({ format: 'vmlinux' });
    expect(releaseInBanner('\0Linux version 6.12.1-mine (me@here) (gcc 12) #1\n')).toBe('6.12.1-mine');
    expect(releaseInBanner('Linux version %s')).toBeUndefined();
  });

  test.each([
    ['a text', Buffer.from('#!/bin/sh\n'), 'k is not a kernel image.'],
    ['an empty file', Buffer.alloc(0), 'k is not a kernel image.'],
    ['a kernel for another architecture', elf(183), 'k is a kernel for arm64.'],
    ['an arm64 Image', Buffer.from(`${'\0'.repeat(0x38)}ARMd`), 'k is a kernel for arm64.'],
    ['a 32-bit bzImage', bzImage({ flags: 0 }), 'k is a kernel for 32-bit x86.'],
    ['a program', elf(62, 3), 'k is an ELF file, but no vmlinux.'],
  ])('%s is refused', (_, head, sentence) => {
    expect(() => inspectBootImage(head, 'k')).toThrow(
      expect.objectContaining({ name: 'UsageError', message: sentence }),
    );
  });
});

test('a selector with a slash, or called like an image, names a file', () => {
  expect(['./k', '/boot/vmlinuz-6.1', 'bzImage', 'bzImage,modules=m', 'vmlinux'].filter(isOwnKernel)).toHaveLength(5);
  expect(['6.12', 'default', '>=6.12', 'min:6.12', '5.10..6.12'].filter(isOwnKernel)).toEqual([]);
});

test('modules are named behind the image', () => {
  expect(parseOwnKernel('./bzImage')).toEqual({ image: './bzImage' });
  expect(parseOwnKernel('./bzImage,modules=/lib/modules/6.1')).toEqual({
    image: './bzImage',
    modules: '/lib/modules/6.1',
  });
  expect(() => parseOwnKernel('./bzImage,module=x')).toThrow('says more than where a kernel and its modules are.');
});

test('the version in a release is what ranges compare with', () => {
  expect(['6.12.117+deb13-cloud-amd64', '6.13.0-rc1+', '6.13-rc1', '7.4.2'].map(versionInRelease)).toEqual([
    '6.12.117',
    '6.13.0',
    '6.13.0',
    '7.4.2',
  ]);
});

test('a series that nobody knows yet is newer than the newest one', () => {
  expect(isNewerSeries('7.10', '7.3')).toBe(true);
  expect(isNewerSeries('7.3', '7.3')).toBe(false);
  expect(isNewerSeries('6.13', '7.3')).toBe(false);
});
