import { UsageError } from '../base/errors.ts';

/** A kernel image, as far as its first bytes tell. */
export interface BootImage {
  readonly format: 'bzImage' | 'vmlinux';
  /** What uname -r will say; a vmlinux does not tell it at its beginning. */
  readonly release?: string;
}

/** How many bytes of a file {@link inspectBootImage} wants to see. */
export const inspectedBytes = 2 ** 17;

/** e_machine of other architectures that Linux runs on. (elf.h) */
const machines: Readonly<Record<number, string>> = {
  3: '32-bit x86',
  20: '32-bit PowerPC',
  21: '64-bit PowerPC',
  22: 's390',
  40: '32-bit Arm',
  183: 'arm64',
  243: 'RISC-V',
  258: 'LoongArch',
};

const x86Machine = 62;

/** The setup header of a bzImage. (Documentation/arch/x86/boot.rst) */
const header = { magic: 0x202, protocol: 0x206, version: 0x20e, flags: 0x236, signature: 'HdrS', has64Bit: 1 } as const;

/**
 * What kind of kernel a file holds.
 *
 * @param head the first {@link inspectedBytes} of the file
 * @throws UsageError when it is no x86-64 kernel that QEMU can boot
 */
export const inspectBootImage = (head: Buffer, path: string): BootImage => {
  const refuse = (what: string, hint: string): UsageError => new UsageError(`${path} is ${what}.`, { hint });
  const other = (architecture: string): UsageError =>
    refuse(`a kernel for ${architecture}`, 'kernspec boots x86-64 kernels.');
  const has = (offset: number, text: string): boolean => head.toString('latin1', offset, offset + text.length) === text;
  if (has(header.magic, header.signature) && head.length > header.flags + 2) {
    if (head.readUInt16LE(header.protocol) < 0x20c || (head.readUInt16LE(header.flags) & header.has64Bit) === 0)
      throw other('32-bit x86');
    const release = /^\S+/.exec(head.toString('latin1', head.readUInt16LE(header.version) + 0x200))?.[0].split('\0')[0];
    return { format: 'bzImage', ...(release !== undefined && { release }) };
  }
  if (has(0, '\x7fELF')) {
    const machine = head.readUInt16LE(18);
    if (machine !== x86Machine) throw other(machines[machine] ?? `ELF machine ${machine}`);
    // ET_EXEC; a program or a library of the workstation is ET_DYN, or has an interpreter.
    if (head.readUInt16LE(16) !== 2) throw refuse('an ELF file, but no vmlinux', 'Name a bzImage or a vmlinux.');
    return { format: 'vmlinux' };
  }
  if (has(0x38, 'ARMd')) throw other('arm64');
  if (has(0x38, 'RSC\x05')) throw other('RISC-V');
  throw refuse(
    'not a kernel image',
    'Name a bzImage (arch/x86/boot/bzImage of a kernel tree) or an uncompressed vmlinux with a PVH entry.',
  );
};

/** The release in the banner of an uncompressed kernel: `Linux version 6.12.1-x (who@where) …`. (init/version-timestamp.c) */
export const releaseInBanner = (text: string): string | undefined => /Linux version (\d\S*) \(/.exec(text)?.[1];
