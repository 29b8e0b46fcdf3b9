// Prints a line of JSON for each file named on standard input: what mailauth says of its signatures, SPF and DMARC.
// Arguments: the client's address, its EHLO name, the envelope sender.
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { authenticate } from "mailauth";

const [ip, helo, sender] = process.argv.slice(2);
for await (const path of createInterface({ input: process.stdin })) {
  const { dkim, spf, dmarc } = await authenticate(await readFile(path), {
    ip, helo, sender, mta: "judge.test", trustReceived: false, disableArc: true, disableBimi: true,
  });
  const signatures = dkim.results
    .filter((one) => one.signingDomain)
    .map((one) => [one.algo, one.status.result]);
  console.log(JSON.stringify({ path, signatures, spf: spf && spf.status.result, dmarc: dmarc && dmarc.status.result }));
}
