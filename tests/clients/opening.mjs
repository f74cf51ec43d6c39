// What $open answered, opened and proven with node:crypto alone: HPKE (RFC 9180) base mode, single shot,
// DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM; then the hub's Ed25519 signature, and the digest that it promises.
// Shares no line with hub/gateway/opening.py: a reader of docs/agency.md writes it so.
import {
  createDecipheriv, createHmac, createPrivateKey, createPublicKey, diffieHellman, verify,
} from 'node:crypto';

const SUITE = 'DHKEM(X25519,HKDF-SHA256)/HKDF-SHA256/AES-256-GCM';
const KEM_ID = Buffer.concat([Buffer.from('KEM'), u16(0x0020)]);
const HPKE_ID = Buffer.concat([Buffer.from('HPKE'), u16(0x0020), u16(0x0001), u16(0x0002)]);
const EMPTY = Buffer.alloc(0);
const POINT_BYTES = 32, KEY_BYTES = 32, NONCE_BYTES = 12, TAG_BYTES = 16;

function u16(number) {
  return Buffer.from([number >> 8, number & 255]);
}

function hmac(key, ...parts) {
  return createHmac('sha256', key).update(Buffer.concat(parts)).digest();
}

function labeledExtract(suite, salt, label, ikm) {
  return hmac(salt.length ? salt : Buffer.alloc(32), Buffer.from('HPKE-v1'), suite, Buffer.from(label), ikm);
}

function labeledExpand(suite, prk, label, info, length) { // length <= 32: one block
  const labeled = Buffer.concat([u16(length), Buffer.from('HPKE-v1'), suite, Buffer.from(label), info]);
  return hmac(prk, labeled, Buffer.from([1])).subarray(0, length);
}

/** RFC 9180, 4.1: the secret that both sides share. */
function decap(enc, jwk) {
  const theirs = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: enc.toString('base64url') }, format: 'jwk' });
  const dh = diffieHellman({ privateKey: createPrivateKey({ key: jwk, format: 'jwk' }), publicKey: theirs });
  const prk = labeledExtract(KEM_ID, EMPTY, 'eae_prk', dh);
  return labeledExpand(KEM_ID, prk, 'shared_secret', Buffer.concat([enc, Buffer.from(jwk.x, 'base64url')]), 32);
}

/** RFC 9180, 5.1 and 6.1: the plaintext of enc || ciphertext || tag. */
function unseal(sealed, jwk, info) {
  const secret = decap(sealed.subarray(0, POINT_BYTES), jwk);
  const context = Buffer.concat([
    Buffer.from([0]), // base mode
    labeledExtract(HPKE_ID, EMPTY, 'psk_id_hash', EMPTY),
    labeledExtract(HPKE_ID, EMPTY, 'info_hash', info),
  ]);
  const prk = labeledExtract(HPKE_ID, secret, 'secret', EMPTY);
  const key = labeledExpand(HPKE_ID, prk, 'key', context, KEY_BYTES);
  const nonce = labeledExpand(HPKE_ID, prk, 'base_nonce', context, NONCE_BYTES);
  const opener = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  opener.setAuthTag(sealed.subarray(-TAG_BYTES));
  return Buffer.concat([opener.update(sealed.subarray(POINT_BYTES, -TAG_BYTES)), opener.final()]);
}

/** Settled S43: each part as UTF-8 behind its length in four bytes. */
function infoOf(...parts) {
  return Buffer.concat(parts.flatMap((part) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(part));
    return [length, Buffer.from(part)];
  }));
}

/** Keys sorted, no spaces, UTF-8. */
function canonical(value) {
  return Buffer.from(JSON.stringify(value, (_, each) => {
    if (each === null || typeof each !== 'object' || Array.isArray(each)) return each;
    return Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)));
  }));
}

/** The hub's key, of its line `name+id+base64(01 || key)`. */
function hubKey(line) {
  const raw = Buffer.from(line.slice(line.indexOf('+', line.indexOf('+') + 1) + 1), 'base64').subarray(1);
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }, format: 'jwk' });
}

/**
 * The Bundle of what $open answered.
 * @throws it does not open, or a proof does not hold; nothing of it may be used.
 */
export function opened(answer, envelope, { agency, keyid, jwk, hub }) {
  const said = Object.fromEntries(answer.parameter.map((part) => [part.name, part.valueString ?? part.valueBase64Binary]));
  if (said.suite !== SUITE || said.keyid !== keyid || said.envelope !== envelope) throw new Error('closed to another key');
  const inside = JSON.parse(unseal(Buffer.from(said.sealed, 'base64'), jwk, infoOf(envelope, agency, keyid)));
  const { signature, ...rest } = inside;
  const signed = Buffer.concat([Buffer.from('interop-hub opened v1\n'), canonical({ envelope, recipient: agency, ...rest })]);
  if (!verify(null, signed, hubKey(hub), Buffer.from(signature, 'base64'))) throw new Error('not signed by the hub');
  const digest = createHmac('sha256', Buffer.from(rest.salt, 'hex')).update(canonical(rest.bundle)).digest('hex');
  if (rest.salt && JSON.parse(rest.promise.split('\n')[1]).digest !== digest) throw new Error('a promise of another content');
  return rest.bundle;
}
