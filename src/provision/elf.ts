/** What the kernel and ld.so(8) read of a 64-bit little-endian ELF file. See elf(5). */
export interface Elf {
  /** Whether it can be executed or loaded: `ET_EXEC` or `ET_DYN`, no object file and no core. */
  readonly isLoadable: boolean;
  /** Who is to load it: `PT_INTERP`. Absent in a static program and in a library. */
  readonly interpreter?: string;
  /** `DT_NEEDED`, in order. */
  readonly needed: readonly string[];
  /** `DT_SONAME`: under this name nobody searches for it once it is loaded. */
  readonly soname?: string;
  /** `DT_RPATH` and `DT_RUNPATH`, split at colons, `$ORIGIN` not yet replaced. */
  readonly rpath: readonly string[];
  readonly runpath: readonly string[];
}

/** The file begins as an ELF file, but what it says of itself lies outside of it. */
export class DamagedElfError extends Error {}

const machines: Readonly<Partial<Record<number, string>>> = {
  2: 'sparc',
  3: 'i386',
  8: 'mips',
  20: 'powerpc',
  21: 'powerpc64',
  22: 's390',
  40: 'arm',
  43: 'sparc64',
  62: 'x86_64',
  183: 'aarch64',
  243: 'riscv',
  258: 'loongarch',
};

const magic = Buffer.from('\x7fELF');

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

export const isElf = (bytes: Uint8Array): boolean => bufferOf(bytes).subarray(0, 4).equals(magic);

/** Runs a reader whose accesses Node checks: beyond the end, it throws a RangeError. */
const checked = <T>(read: () => T): T => {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof RangeError) throw new DamagedElfError('it is cut off', { cause });
    throw cause;
  }
};

/**
 * The architecture that an ELF file is for: its `e_machine` and `EI_CLASS`, as in `x86_64`, `aarch64`, `i386, 32-bit`.
 *
 * @throws DamagedElfError
 */
export const elfArchitecture = (bytes: Uint8Array): string =>
  checked(() => {
    const file = bufferOf(bytes);
    const isBig = file.readUInt8(5) === 2;
    const machine = isBig ? file.readUInt16BE(18) : file.readUInt16LE(18);
    const name = machines[machine] ?? `machine ${machine}`;
    return [name, ...(file.readUInt8(4) === 1 ? ['32-bit'] : []), ...(isBig ? ['big-endian'] : [])].join(', ');
  });

const headerTypes = { load: 1, dynamic: 2, interpreter: 3 };
const tags = { null: 0, needed: 1, strings: 5, stringsSize: 10, soname: 14, rpath: 15, runpath: 29 };

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

const segmentsOf = (file: Buffer): readonly Segment[] => {
  const start = Number(file.readBigUInt64LE(32));
  const size = file.readUInt16LE(54);
  return Array.from({ length: file.readUInt16LE(56) }, (_, index) => {
    const at = start + index * size;
    return {
      type: file.readUInt32LE(at),
      offset: Number(file.readBigUInt64LE(at + 8)),
      address: Number(file.readBigUInt64LE(at + 16)),
      size: Number(file.readBigUInt64LE(at + 32)),
    };
  });
};

const stringAt = (file: Buffer, offset: number, end: number): string => {
  const terminator = file.indexOf(0, offset);
  if (offset >= file.length || terminator === -1 || terminator >= end)
    throw new DamagedElfError('a name in it never ends');
  return file.toString('utf8', offset, terminator);
};

/** The entries of `PT_DYNAMIC` up to `DT_NULL`. */
const dynamicOf = (
  file: Buffer,
  { offset, size }: Segment,
): readonly { readonly tag: number; readonly value: number }[] => {
  const entries: { tag: number; value: number }[] = [];
  for (let at = offset; at + 16 <= offset + size; at += 16) {
    const tag = Number(file.readBigInt64LE(at));
    if (tag === tags.null) break;
    entries.push({ tag, value: Number(file.readBigUInt64LE(at + 8)) });
  }
  return entries;
};

/**
 * Reads an ELF file for x86-64, for which {@link elfArchitecture} has said `x86_64`. Nothing is executed.
 *
 * @throws DamagedElfError
 */
export const readElf = (bytes: Uint8Array): Elf =>
  checked(() => {
    const file = bufferOf(bytes);
    const type = file.readUInt16LE(16);
    const segments = segmentsOf(file);
    const interpreter = segments.find((segment) => segment.type === headerTypes.interpreter);
    const dynamic = segments.find((segment) => segment.type === headerTypes.dynamic);
    const entries = dynamic === undefined ? [] : dynamicOf(file, dynamic);

    const valueOf = (tag: number): number | undefined => entries.find((entry) => entry.tag === tag)?.value;
    const address = valueOf(tags.strings) ?? 0;
    const segment = segments.find(
      (load) => load.type === headerTypes.load && address >= load.address && address < load.address + load.size,
    );
    const strings = segment === undefined ? undefined : address - segment.address + segment.offset;
    const names = (tag: number): readonly string[] =>
      entries
        .filter((entry) => entry.tag === tag)
        .map(({ value }) => {
          if (strings === undefined) throw new DamagedElfError('its string table is not in the file');
          return stringAt(file, strings + value, strings + (valueOf(tags.stringsSize) ?? 0));
        });
    const paths = (tag: number): readonly string[] =>
      names(tag).flatMap((list) => list.split(':').filter((path) => path !== ''));

    const [soname] = names(tags.soname);
    return {
      isLoadable: type === 2 || type === 3,
      ...(interpreter !== undefined && {
        interpreter: stringAt(file, interpreter.offset, interpreter.offset + interpreter.size),
      }),
      needed: names(tags.needed),
      ...(soname !== undefined && { soname }),
      rpath: paths(tags.rpath),
      runpath: paths(tags.runpath),
    };
  });
