// verify.js BUNDLE.json KEYID=PUBLIC.pem ...: what Sigstore's own library says of a bundle, offline. Exit 0 when it holds.
"use strict";
const { readFileSync } = require("node:fs");
const { createPublicKey } = require("node:crypto");
const { bundleFromJSON } = require("@sigstore/bundle");
const { Verifier, toSignedEntity, toTrustMaterial } = require("@sigstore/verify");

const [path, ...given] = process.argv.slice(2);
const keys = {};
for (const entry of given) {
  const [keyid, pem] = entry.split("=");
  keys[keyid] = { rawBytes: createPublicKey(readFileSync(pem)).export({ type: "spki", format: "der" }) };
}
const nobody = { tlogs: [], ctlogs: [], timestampAuthorities: [], certificateAuthorities: [] };
try {
  const bundle = bundleFromJSON(JSON.parse(readFileSync(path)));
  const trust = toTrustMaterial(nobody, keys);
  const none = { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 };
  new Verifier(trust, none).verify(toSignedEntity(bundle));
  process.stdout.write(bundle.content.dsseEnvelope.payload);
} catch (error) {
  process.stderr.write(`${error.code || error.name}: ${error.message}\n`);
  process.exit(1);
}
