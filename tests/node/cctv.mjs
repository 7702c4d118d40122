// Prints the official age test vectors (npm cctv-age) as one JSON list, so that Python can read them:
// [{name, expect, payload, identities, fileKey, armored, passphrase, zlib, file}], `file` in base64,
// still compressed where `zlib` is true (a few are 16 MiB of nearly nothing).
import * as vectors from "cctv-age";

const out = [];
for (const [name, bytes] of Object.entries(vectors.default ?? vectors)) {
  const raw = Buffer.from(bytes);
  const end = raw.indexOf("\n\n");
  const fields = raw
    .subarray(0, end)
    .toString()
    .split("\n")
    .map((line) => line.split(": "));
  const all = (key) => fields.filter(([name]) => name === key).map(([, value]) => value);
  out.push({
    name,
    expect: all("expect")[0],
    payload: all("payload")[0] ?? null,
    identities: all("identity"),
    fileKey: all("file key")[0] ?? null,
    armored: all("armored").length > 0,
    passphrase: all("passphrase").length > 0,
    zlib: all("compressed")[0] === "zlib",
    file: raw.subarray(end + 2).toString("base64"),
  });
}
process.stdout.write(JSON.stringify(out));
