// Prints a mail that nodemailer has written and signed. Arguments: domain, selector, file with the private key.
import { readFile } from "node:fs/promises";
import nodemailer from "nodemailer";

const [domainName, keySelector, keyFile] = process.argv.slice(2);
const transport = nodemailer.createTransport({
  streamTransport: true, buffer: true, newline: "windows",
  dkim: { domainName, keySelector, privateKey: await readFile(keyFile, "utf8") },
});
const { message } = await transport.sendMail({
  from: `"Zoë, Müller" <hello@${domainName}>`,
  to: "user@judged.test",
  subject: "Grüße =?utf-8?q?x?= 👋",
  text: ".\n..\nFrom here\n trailing \n日本語",
  html: `<p>${"x".repeat(2000)}</p>`,
});
process.stdout.write(message);
