// Lets Python ask npm age-encryption (typage, by the author of age): a JSON list of jobs on standard
// input, a JSON list of answers on standard output; bytes are base64.
//   {"do": "identity"}                          -> a new hybrid identity
//   {"do": "recipient", identity}               -> its recipient
//   {"do": "open", identity, file}              -> the plaintext, or null when it refuses
//   {"do": "seal", recipients, plain}           -> an age file
import { readFileSync } from "node:fs";
import * as age from "age-encryption";

const base64 = (bytes) => Buffer.from(bytes).toString("base64");
const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"));

const jobs = {
  identity: () => age.generateHybridIdentity(),
  recipient: ({ identity }) => age.identityToRecipient(identity),
  async open({ identity, file }) {
    const reader = new age.Decrypter();
    reader.addIdentity(identity);
    try {
      return base64(await reader.decrypt(bytes(file)));
    } catch {
      return null;
    }
  },
  async seal({ recipients, plain }) {
    const writer = new age.Encrypter();
    for (const recipient of recipients) writer.addRecipient(recipient);
    return base64(await writer.encrypt(bytes(plain)));
  },
};

const answers = [];
for (const job of JSON.parse(readFileSync(0, "utf8"))) answers.push(await jobs[job.do](job));
process.stdout.write(JSON.stringify(answers));
