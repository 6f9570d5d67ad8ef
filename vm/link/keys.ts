import { generateKeyPairSync } from 'node:crypto';
import { createRequire } from 'node:module';
import type ssh2Types from 'ssh2';

// ssh2 is CommonJS and hides `utils` from the static analysis of named imports.
const { utils } = createRequire(import.meta.url)('ssh2') as typeof ssh2Types;

/** The keys of one machine: made for it, never written to disk. */
export interface LinkKeys {
  /** Our private key, in OpenSSH's format. */
  readonly clientPrivate: string;
  /** Our public key: the ssh wire blob, base64, for the guest's authorized_keys. */
  readonly clientPublic: string;
  /** The guest's private host key in dropbear's file format, base64. */
  readonly hostPrivate: string;
  /** The guest's public host key: the ssh wire blob, base64, to know that it is our guest that answers. */
  readonly hostPublic: string;
}

/** An ssh wire string: length as 32 bits big-endian, then the bytes (RFC 4251 §5). */
const wireString = (bytes: Uint8Array | string): Buffer => {
  const content = Buffer.from(bytes);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
};

/** Two fresh ed25519 key pairs. */
export const createLinkKeys = (): LinkKeys => {
  const client = utils.generateKeyPairSync('ed25519');
  const { d, x } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const seed = Buffer.from(d ?? '', 'base64url');
  const point = Buffer.from(x ?? '', 'base64url');
  const type = wireString('ssh-ed25519');
  return {
    clientPrivate: client.private,
    clientPublic: client.public.split(' ')[1] ?? '',
    hostPrivate: Buffer.concat([type, wireString(Buffer.concat([seed, point]))]).toString('base64'),
    hostPublic: Buffer.concat([type, wireString(point)]).toString('base64'),
  };
};
