import { generateKeyPairSync } from 'node:crypto';

/** The keys of one machine: made for it, never written to disk. */
export interface LinkKeys {
  /** Our private key, RSA in PEM. (PKCS #1) */
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

/** An ed25519 key pair as the bare 32 bytes of each half. */
const createPair = () => {
  const { d = '', x = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const seed = Buffer.from(d, 'base64url');
  const point = Buffer.from(x, 'base64url');
  return { secret: Buffer.concat([seed, point]), point };
};

const type = wireString('ssh-ed25519');

/** An ssh multiple precision integer: a positive number has a leading zero where its first bit is set (RFC 4251 §5). */
const wireNumber = (base64url: string | undefined): Buffer => {
  const bytes = Buffer.from(base64url ?? '', 'base64url');
  return wireString((bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes);
};

/**
 * Our key is RSA: to check a signature with a small exponent takes the emulated CPU a fraction of what ed25519 would. The
 * guest's is ed25519, since its private half has to fit into the kernel's command line.
 */
const createClientPair = () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { e, n } = publicKey.export({ format: 'jwk' });
  return {
    secret: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    blob: Buffer.concat([wireString('ssh-rsa'), wireNumber(e), wireNumber(n)]).toString('base64'),
  };
};

/** A fresh key pair for each side. */
export const createLinkKeys = (): LinkKeys => {
  const client = createClientPair();
  const host = createPair();
  return {
    clientPrivate: client.secret,
    clientPublic: client.blob,
    hostPrivate: Buffer.concat([type, wireString(host.secret)]).toString('base64'),
    hostPublic: Buffer.concat([type, wireString(host.point)]).toString('base64'),
  };
};
