// Prints a line of JSON for each file named on standard input: what nodemailer's parser reads in it.
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { simpleParser } from "mailparser";

const one = (field) => field && { name: field.value[0].name, address: field.value[0].address, count: field.value.length };
for await (const path of createInterface({ input: process.stdin })) {
  const mail = await simpleParser(await readFile(path), { skipTextToHtml: true, skipHtmlToText: true });
  console.log(JSON.stringify({
    path,
    from: one(mail.from), to: one(mail.to), replyTo: one(mail.replyTo) || null,
    subject: mail.subject || "", text: mail.text ?? null, html: mail.html || null,
    lines: mail.headerLines.map((header) => header.key),
    custom: Object.fromEntries(mail.headerLines.map(({ key }) => [key, mail.headers.get(key)]).filter(([, value]) => typeof value === "string")),
  }));
}
