/** One member of an archive. Paths are relative, without a leading slash; `.` is the root directory itself. */
export type CpioEntry =
  | { readonly type: 'directory'; readonly path: string; readonly mode: number }
  | { readonly type: 'file'; readonly path: string; readonly mode: number; readonly content: Uint8Array }
  | { readonly type: 'symlink'; readonly path: string; readonly target: string }
  | {
      readonly type: 'device';
      readonly path: string;
      readonly mode: number;
      readonly major: number;
      readonly minor: number;
    };

const formats = { directory: 0o040000, file: 0o100000, symlink: 0o120000, device: 0o020000 } as const;

const padTo = (alignment: number, length: number): Buffer =>
  Buffer.alloc((alignment - (length % alignment)) % alignment);

interface Header {
  readonly inode: number;
  readonly mode: number;
  readonly links: number;
  readonly size: number;
  readonly major: number;
  readonly minor: number;
}

/** The 110 bytes of a "newc" header, the path, and padding to 4. (Documentation/driver-api/early-userspace/buffer-format.rst) */
const header = (path: string, { inode, mode, links, size, major, minor }: Header): Buffer => {
  const name = Buffer.from(`${path}\0`);
  const fields = [inode, mode, 0, 0, links, 0, size, 0, 0, major, minor, name.length, 0];
  const text = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  const head = Buffer.concat([Buffer.from(text), name]);
  return Buffer.concat([head, padTo(4, head.length)]);
};

const contentOf = (entry: CpioEntry): Uint8Array => {
  if (entry.type === 'file') return entry.content;
  return entry.type === 'symlink' ? Buffer.from(entry.target) : new Uint8Array(0);
};

/**
 * A cpio archive in the "newc" format that the kernel unpacks as (part of) an initramfs. The same entries give the same
 * bytes: sorted by path, owner root, time 0, inodes counted. Its length is a multiple of 512, so that archives can be
 * put one behind the other. Device nodes need no root.
 */
export const cpioArchive = (entries: readonly CpioEntry[]): Buffer => {
  const sorted = entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const parts: Buffer[] = [];
  sorted.forEach((entry, index) => {
    const content = contentOf(entry);
    const device = entry.type === 'device' ? entry : { major: 0, minor: 0 };
    const permissions = entry.type === 'symlink' ? 0o777 : entry.mode;
    parts.push(
      header(entry.path, {
        inode: index + 1,
        mode: formats[entry.type] | permissions,
        links: entry.type === 'directory' ? 2 : 1,
        size: content.length,
        major: device.major,
        minor: device.minor,
      }),
      Buffer.from(content.buffer, content.byteOffset, content.length),
      padTo(4, content.length),
    );
  });
  parts.push(header('TRAILER!!!', { inode: 0, mode: 0, links: 1, size: 0, major: 0, minor: 0 }));
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([...parts, padTo(512, length)]);
};
