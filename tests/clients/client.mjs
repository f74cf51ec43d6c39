// fhir-kit-client as one agency's software. Reads a line of JSON for each thing to do, and answers with one:
// {"verb": "read", "kind": "Task", "id": "…"} -> {"ok": …} or {"status": 404, "outcome": {…}}.
// The first line is who it is: base, id, agency, keys, and what time it is (the hub's clock stands).
import { createPrivateKey, randomUUID, sign } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Client } from 'fhir-kit-client';
import { opened } from './opening.mjs';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const me = JSON.parse((await lines.next()).value);
const client = new Client({ baseUrl: me.base });
let tokenUrl;

/** private_key_jwt: the library leaves it to its user. */
function proof(audience) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { iss: me.id, sub: me.id, aud: audience, exp: me.now + 240, jti: randomUUID() };
  const signing = `${part({ alg: 'ES384', kid: me.signing.kid, typ: 'JWT' })}.${part(claims)}`;
  const key = createPrivateKey({ key: me.signing, format: 'jwk' });
  return `${signing}.${sign('sha384', Buffer.from(signing), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

function named(envelope) {
  return { resourceType: 'Parameters', parameter: [{ name: 'envelope', valueString: envelope }] };
}

const VERBS = {
  /** It asks for three documents at once and takes the first that answers well. */
  async discover() {
    const statement = await client.capabilityStatement();
    if (statement.fhirVersion !== '4.0.1') throw new Error('another version of FHIR');
    tokenUrl = (await client.smartAuthMetadata()).tokenUrl.href;
    return tokenUrl;
  },

  async authorise() {
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      scope: me.scope,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: proof(tokenUrl),
    });
    const answer = await (await fetch(tokenUrl, { method: 'POST', body: form })).json();
    client.bearerToken = answer.access_token;
    return answer.scope;
  },

  process: ({ bundle }) => client.operation({ name: 'process-message', input: bundle }),

  deliveries: () => client.operation({ name: 'deliveries', method: 'GET' }),

  async open({ envelope }) {
    const answer = await client.operation({ name: 'open', input: named(envelope) });
    return opened(answer, envelope, { agency: me.agency, keyid: me.opening.kid, jwk: me.opening, hub: me.hub });
  },

  acknowledge: ({ envelope }) => client.operation({ name: 'acknowledge', input: named(envelope) }),

  read: ({ kind, id }) => client.read({ resourceType: kind, id }),

  put({ task, version }) {
    const options = version ? { headers: { 'If-Match': `W/"${version}"` } } : {};
    return client.update({ resourceType: 'Task', id: task.id, body: task, options });
  },

  async search({ kind, params }) {
    const found = [];
    let page = await client.search({ resourceType: kind, searchParams: params });
    for (; page; page = await client.nextPage({ bundle: page })) found.push(...(page.entry ?? []).map((each) => each.resource));
    return found;
  },
};

for await (const line of lines) {
  const { verb, ...rest } = JSON.parse(line);
  let answer;
  try {
    answer = { ok: await VERBS[verb](rest) };
  } catch (error) {
    answer = error.response ? { status: error.response.status, outcome: error.response.data } : { error: String(error.stack) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
