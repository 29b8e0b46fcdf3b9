// Prints a line of JSON for each file named on standard input: what nodemailer's parser reads in it.
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import libmime from "libmime";
import { simpleParser } from "mailparser";

const value = (line) => line.slice(line.indexOf(":") + 1).replace(/\r?\n(?=[ \t])/g, "").replace(/^ /, "");
const one = (field) => field && { name: field.value[0].name, address: field.value[0].address, count: field.value.length };
for await (const path of createInterface({ input: process.stdin })) {
  const mail = await simpleParser(await readFile(path), { skipTextToHtml: true, skipHtmlToText: true });
  console.log(JSON.stringify({
    path,
    from: one(mail.from), to: one(mail.to), replyTo: one(mail.replyTo) || null,
    subject: mail.subject || "", text: mail.text ?? null, html: mail.html || null,
    lines: mail.headerLines.map((header) => header.key),
    // It leaves headers that it does not know undecoded; what decodes the subject for it decodes these too.
    values: Object.fromEntries(mail.headerLines.map(({ key, line }) => [key, libmime.decodeWords(value(line))])),
  }));
}
